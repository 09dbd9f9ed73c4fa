# Runs inside `manage.py shell -c`: reads one request (JSON) from stdin, answers with one marked line of JSON on stdout.
# Everything in one transaction; a dry run is taken back. Whatever else is printed is not ours.
import json
import sys

from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

ROLES = {"member": 0, "admin": 1, "manager": 2, "owner": 3}
OWNER = ROLES["owner"]
User = get_user_model()
Organization = apps.get_model("organizations_ext", "Organization")
Membership = apps.get_model("organizations_ext", "OrganizationUser")


class Refused(Exception):
    pass


def user_of(email):
    found = User.objects.filter(email__iexact=email).first()
    if found is None:
        raise Refused(f"there is no user {email}")
    return found


def organization_of(name):
    found = list(Organization.objects.filter(slug=name)) or list(Organization.objects.filter(name=name))
    if not found:
        raise Refused(f"there is no organization {name}")
    if len(found) > 1:
        raise Refused(f"several organizations are called {name}; name one by its slug: {', '.join(sorted(o.slug for o in found))}")
    return found[0]


def role_name(membership):
    return next(name for name, number in ROLES.items() if number == membership.role)


def shown(user):
    memberships = Membership.objects.filter(user=user)
    return {
        "email": user.email,
        "name": user.name or "",
        "superuser": user.is_superuser,
        "staff": user.is_staff,
        "active": user.is_active,
        "lastLogin": user.last_login.isoformat() if user.last_login else None,
        "organizations": sorted(
            ({"slug": m.organization.slug, "name": m.organization.name, "role": role_name(m)} for m in memberships),
            key=lambda one: one["slug"],
        ),
    }


def shown_organization(organization):
    members = Membership.objects.filter(organization=organization)
    return {
        "slug": organization.slug,
        "name": organization.name,
        "members": sorted(
            ({"email": m.user.email if m.user else m.email, "role": role_name(m), "pending": m.user is None} for m in members),
            key=lambda one: one["email"],
        ),
    }


def check_password(password, user):
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Refused("the password is refused: " + " ".join(error.messages))


def check_email(email):
    try:
        validate_email(email)
    except ValidationError:
        raise Refused(f"{email} is no e-mail address")
    if User.objects.filter(email__iexact=email).exists():
        raise Refused(f"{email} is taken")


def keep_a_superuser(user):
    others = User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk)
    if user.is_superuser and user.is_active and not others.exists():
        raise Refused(f"{user.email} is the last superuser that can sign in")


def other_owners(membership):
    owners = Membership.objects.filter(organization=membership.organization, role=OWNER).exclude(pk=membership.pk)
    return [one for one in owners if one.user is not None and one.user.is_active]


def keep_an_owner(membership):
    if membership.role == OWNER and not other_owners(membership):
        raise Refused(f"{membership.user.email} is the last owner of {membership.organization.slug}")


def hand_over(membership):
    """The billing contact may not be removed: another owner takes its place."""
    contact = getattr(membership.organization, "owner", None)
    if contact is None or contact.organization_user.pk != membership.pk:
        return
    others = other_owners(membership)
    if not others:
        raise Refused(f"{membership.user.email} is the only one who can be the contact of {membership.organization.slug}")
    membership.organization.change_owner(others[0])


def membership_of(organization, user):
    found = Membership.objects.filter(organization=organization, user=user).first()
    if found is None:
        raise Refused(f"{user.email} is no member of {organization.slug}")
    return found


def list_users():
    return [shown(user) for user in User.objects.order_by("email")]


def create_user(email, name="", superuser=False, staff=False, password=None):
    check_email(email)
    made = User(email=User.objects.normalize_email(email), name=name, is_superuser=superuser, is_staff=staff or superuser)
    if password is None:
        made.set_unusable_password()
    else:
        check_password(password, made)
        made.set_password(password)
    made.save()
    return shown(made)


def update_user(email, name=None, newEmail=None):
    user = user_of(email)
    if name is not None:
        user.name = name
    if newEmail is not None:
        if newEmail.lower() != user.email.lower():
            check_email(newEmail)
        user.email = newEmail
    user.save()
    return shown(user)


def delete_user(email):
    user = user_of(email)
    keep_a_superuser(user)
    memberships = list(Membership.objects.filter(user=user))
    for membership in memberships:
        keep_an_owner(membership)
    for membership in memberships:
        hand_over(membership)
    before = shown(user)
    user.delete()
    return before


def set_password(email, password):
    user = user_of(email)
    check_password(password, user)
    user.set_password(password)
    user.save()
    return shown(user)


def set_flag(email, flag, value):
    user = user_of(email)
    if not value and flag in ("superuser", "active"):
        keep_a_superuser(user)
    if not value and flag == "active":
        for membership in Membership.objects.filter(user=user):
            keep_an_owner(membership)
    setattr(user, f"is_{flag}", value)
    user.save()
    return shown(user)


def set_role(email, organization, role):
    user = user_of(email)
    membership = membership_of(organization_of(organization), user)
    if role != "owner":
        keep_an_owner(membership)
        hand_over(membership)
    membership.role = ROLES[role]
    membership.save()
    return shown(user)


def list_organizations():
    return [shown_organization(one) for one in Organization.objects.order_by("slug")]


def create_organization(name, owner):
    if Organization.objects.filter(name=name).exists():
        raise Refused(f"there is an organization {name} already")
    user = user_of(owner)
    made = Organization.objects.create(name=name)
    made.add_user(user, role=OWNER)
    return shown_organization(made)


def add_member(organization, email, role):
    there, user = organization_of(organization), user_of(email)
    if Membership.objects.filter(organization=there, user=user).exists():
        raise Refused(f"{user.email} is a member of {there.slug} already; change the role with: user role")
    there.add_user(user, role=ROLES[role])
    return shown_organization(there)


def remove_member(organization, email):
    there, user = organization_of(organization), user_of(email)
    membership = membership_of(there, user)
    keep_an_owner(membership)
    hand_over(membership)
    membership.delete()
    return shown_organization(there)


COMMANDS = {
    "user list": list_users,
    "user info": lambda email: shown(user_of(email)),
    "user create": create_user,
    "user update": update_user,
    "user delete": delete_user,
    "user password": set_password,
    "user flag": set_flag,
    "user role": set_role,
    "organization list": list_organizations,
    "organization info": lambda organization: shown_organization(organization_of(organization)),
    "organization create": create_organization,
    "organization add": add_member,
    "organization remove": remove_member,
}


def answer(request):
    try:
        with transaction.atomic():
            done = COMMANDS[request["command"]](**request["with"])
            if request.get("dryRun"):
                transaction.set_rollback(True)
        return {"done": done}
    except Refused as error:
        return {"refused": str(error)}


print("glitchtip-compose:" + json.dumps(answer(json.load(sys.stdin))))
