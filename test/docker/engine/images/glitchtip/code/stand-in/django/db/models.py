"""Django's models over the rows of the document."""

import hashlib
import re
import secrets
from datetime import datetime, timezone

from django.db import document


class QuerySet:
    def __init__(self, model, found):
        self.model, self.found = model, found

    def __iter__(self):
        return iter(self.found)

    def filter(self, **wanted):
        return QuerySet(self.model, [one for one in self.found if all(_matches(one, *item) for item in wanted.items())])

    def exclude(self, **unwanted):
        return QuerySet(self.model, [one for one in self.found if not all(_matches(one, *i) for i in unwanted.items())])

    def order_by(self, name):
        return QuerySet(self.model, sorted(self.found, key=lambda one: getattr(one, name)))

    def first(self):
        return self.found[0] if self.found else None

    def exists(self):
        return bool(self.found)


def _matches(one, name, value):
    if name.endswith("__iexact"):
        return getattr(one, name.removesuffix("__iexact")).lower() == value.lower()
    return getattr(one, name) == value


class Manager:
    def __init__(self, model=None):
        self.model = model

    def __get__(self, _, model):
        return Manager(model)

    def _all(self):
        return QuerySet(self.model, [self.model._load(row) for row in document.rows(self.model.table)])

    def filter(self, **wanted):
        return self._all().filter(**wanted)

    def order_by(self, name):
        return self._all().order_by(name)

    def create(self, **values):
        made = self.model(**values)
        made.save()
        return made

    @staticmethod
    def normalize_email(email):
        name, _, domain = email.rpartition("@")
        return f"{name}@{domain.lower()}"


class Model:
    """`fields`: attribute → column, with the value of a new one."""

    objects = Manager()

    def __init__(self, **values):
        self.row = {"created": datetime.now(timezone.utc).isoformat()}
        self.pk = None
        for name, (_, default) in self.fields.items():
            setattr(self, name, values.get(name, default))

    @classmethod
    def _load(cls, row):
        made = cls()
        made.row, made.pk = row, row["id"]
        for name, (column, default) in cls.fields.items():
            setattr(made, name, cls.read(name, row.get(column, default)))
        return made

    @staticmethod
    def read(_, value):
        return value

    @staticmethod
    def write(_, value):
        return value

    def save(self):
        for name, (column, _) in self.fields.items():
            self.row[column] = self.write(name, getattr(self, name))
        if self.pk is None:
            document.insert(self.table, self.row)
            self.pk = self.row["id"]

    def delete(self):
        document.delete(self.table, self.pk)

    def __eq__(self, other):
        return type(self) is type(other) and self.pk == other.pk

    def __hash__(self):
        return hash((self.table, self.pk))


class User(Model):
    table = "users"
    fields = {
        "email": ("email", ""),
        "name": ("name", ""),
        "password": ("passwordHash", ""),
        "is_superuser": ("isSuperuser", False),
        "is_staff": ("isStaff", False),
        "is_active": ("isActive", True),
        "last_login": ("lastLogin", None),
    }

    @staticmethod
    def read(name, value):
        return datetime.fromisoformat(value) if name == "last_login" and value else value

    @staticmethod
    def write(name, value):
        return value.isoformat() if name == "last_login" and value else value

    def set_password(self, password):
        salt = secrets.token_hex(8)
        self.password = f"{salt}:{hashlib.sha256(f'{salt}:{password}'.encode()).hexdigest()}"

    def set_unusable_password(self):
        self.password = "!"

    def delete(self):
        for membership in OrganizationUser.objects.filter(user=self):
            membership.delete()
        super().delete()


class Owner:
    def __init__(self, membership):
        self.organization_user = membership


class Organization(Model):
    table = "organizations"
    fields = {
        "name": ("name", ""),
        "slug": ("slug", ""),
        "owner_id": ("ownerMemberId", None),
        "event_throttle_rate": ("eventThrottleRate", 0),
        "deleted": ("deletedAtMs", None),
    }

    def save(self):
        if not self.slug:
            self.slug = re.sub(r"[^a-z0-9]+", "-", self.name.lower()).strip("-")
            if Organization.objects.filter(slug=self.slug).exists():
                self.slug += "-" + secrets.token_hex(1)
        super().save()

    @property
    def owner(self):
        found = OrganizationUser.objects.filter(pk=self.owner_id).first()
        return found and Owner(found)

    def change_owner(self, membership):
        self.owner_id = membership.pk
        self.save()

    def add_user(self, user, role=0):
        first = not OrganizationUser.objects.filter(organization=self).exists()
        made = OrganizationUser.objects.create(organization=self, user=user, role=3 if first else role)
        if first:
            self.change_owner(made)
        return made


ROLES = ("member", "admin", "manager", "owner")


class OrganizationUser(Model):
    table = "members"
    fields = {
        "user": ("userId", None),
        "organization": ("organizationId", None),
        "role": ("role", 0),
        "email": ("email", None),
    }

    @staticmethod
    def read(name, value):
        if name == "role":
            return ROLES.index(value) if isinstance(value, str) else value
        model = {"user": User, "organization": Organization}.get(name)
        return value if model is None or value is None else model.objects.filter(pk=value).first()

    @staticmethod
    def write(name, value):
        if name == "role":
            return ROLES[value]
        return value.pk if name in ("user", "organization") and value is not None else value

    def delete(self):
        contact = self.organization.owner
        if contact is not None and contact.organization_user.pk == self.pk:
            raise RuntimeError("OwnershipRequired: the owner of an organization may not be deleted")
        super().delete()
