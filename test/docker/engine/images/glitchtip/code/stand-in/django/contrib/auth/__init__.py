from django.db.models import User


def get_user_model():
    return User
