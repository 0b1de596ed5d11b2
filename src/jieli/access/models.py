"""Persons and what they may do. A person outlives every role."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from jieli.ledger.tables import Kind, Row, free, sealed


class UserManager(BaseUserManager["User"]):
    """Finds a person by the name he signs in with; persons are made by `access.operations` only."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(sign_in=username)


class User(AbstractBaseUser, Row):
    """A person with a door of his own."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    sign_in = sealed(models.TextField(unique=True), personal=True)
    name = sealed(models.TextField(), personal=True)
    staff = sealed(models.UUIDField(null=True, unique=True))
    password = free(models.CharField(max_length=128), personal=True)
    last_login = free(models.DateTimeField(null=True))  # type: ignore[assignment]

    USERNAME_FIELD = "sign_in"
    objects = UserManager()

    class Meta:
        db_table = "access_user"
