import re

from django.core.exceptions import ValidationError


def validate_email(value):
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise ValidationError("Enter a valid email address.")
