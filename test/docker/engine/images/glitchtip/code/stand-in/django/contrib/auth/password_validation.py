from django.core.exceptions import ValidationError


def validate_password(password, user=None):
    messages = []
    if len(password) < 8:
        messages.append("This password is too short. It must contain at least 8 characters.")
    if password.lower() in ("password", "password1", "12345678", "changeme"):
        messages.append("This password is too common.")
    if password.isdigit():
        messages.append("This password is entirely numeric.")
    if messages:
        raise ValidationError(messages)
