"""Persons and what they may do. A person outlives every role."""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils.crypto import salted_hmac

from jieli.access.types import LinkPurpose, Role
from jieli.ledger.tables import Kind, Row, free, sealed
from jieli.parties.models import LegalEntity, Unit

_PROTECT = models.PROTECT


class UserManager(BaseUserManager["User"]):
    """Finds a person by the name he signs in with; persons are made by `access.operations` only."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(sign_in=username)


class User(AbstractBaseUser, Row):
    """A person with a door of his own. `staff` is the parties' id of his staff record, by value."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    sign_in = sealed(models.TextField(unique=True), personal=True)
    name = sealed(models.TextField(), personal=True)
    staff = sealed(models.UUIDField(null=True, unique=True))
    password = free(models.CharField(max_length=128), personal=True)
    last_login = free(models.DateTimeField(null=True))
    #: Raised to end every session of the person at once.
    session_epoch = free(models.IntegerField(default=0))

    USERNAME_FIELD = "sign_in"
    objects = UserManager()

    class Meta:
        db_table = "access_user"

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """What a session must carry to stay valid; Django asks for it at every request."""
        content = f"{self.password}\n{self.session_epoch}"
        return salted_hmac("jieli.access.session", content, secret=secret, algorithm="sha256").hexdigest()

    def get_session_auth_hash(self) -> str:
        return self._get_session_auth_hash()


class Credential(Row):
    """A passkey: WebAuthn's attested credential data, and a label by which its owner knows it."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    user = sealed(models.ForeignKey(User, on_delete=_PROTECT))
    credential_id = sealed(models.BinaryField(unique=True))
    data = sealed(models.BinaryField())
    label = sealed(models.TextField(), personal=True)
    registered_at = sealed(models.BigIntegerField())
    ended_at = sealed(models.BigIntegerField(null=True))
    sign_count = free(models.BigIntegerField())

    class Meta:
        db_table = "access_credential"
        constraints = [models.CheckConstraint(condition=Q(sign_count__gte=0), name="access_credential_count")]


class Grant(Row):
    """A role given to a person from when until when, for all or for one entity or unit, and on what paper."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    user = sealed(models.ForeignKey(User, on_delete=_PROTECT))
    role = sealed(models.TextField())
    entity = sealed(models.ForeignKey(LegalEntity, null=True, on_delete=_PROTECT))
    unit = sealed(models.ForeignKey(Unit, null=True, on_delete=_PROTECT))
    begins_at = sealed(models.BigIntegerField())
    ends_at = sealed(models.BigIntegerField(null=True))
    paper = sealed(models.UUIDField(null=True))

    class Meta:
        db_table = "access_grant"
        constraints = [
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="access_grant_role"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gte=F("begins_at")), name="access_grant_ends"
            ),
        ]


class SignedLink(Row):
    """A link for one person and one purpose. Only the digest of its 32 random bytes is kept."""

    table_kind = Kind.REVISE
    id = sealed(models.UUIDField(primary_key=True))
    digest = sealed(models.BinaryField(unique=True))
    user = sealed(models.ForeignKey(User, on_delete=_PROTECT))
    purpose = sealed(models.TextField())
    expires_at = sealed(models.BigIntegerField())
    used_at = sealed(models.BigIntegerField(null=True))

    class Meta:
        db_table = "access_signed_link"
        constraints = [
            models.CheckConstraint(
                condition=Q(purpose__in=[p.value for p in LinkPurpose]), name="access_signed_link_purpose"
            ),
        ]


class Attempt(Row):
    """An attempt to come in, under a keyed digest of the name or place: enough to count, nothing to read."""

    table_kind = Kind.FREE
    parted = False
    id = free(models.BigAutoField(primary_key=True))
    key = free(models.BinaryField())
    at = free(models.BigIntegerField())

    class Meta:
        db_table = "access_attempt"
        indexes = [models.Index(fields=["key", "at"], name="access_attempt_key")]
