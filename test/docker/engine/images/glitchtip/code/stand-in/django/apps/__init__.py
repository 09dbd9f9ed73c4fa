from django.db.models import Organization, OrganizationUser, User

MODELS = {
    ("users", "User"): User,
    ("organizations_ext", "Organization"): Organization,
    ("organizations_ext", "OrganizationUser"): OrganizationUser,
}


class apps:
    @staticmethod
    def get_model(app, name):
        return MODELS[app, name]
