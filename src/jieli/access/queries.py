"""Reading persons, grants, passkeys and links. Everything returned is a value, but `user` for Django's session."""

from collections.abc import Collection
from hashlib import sha256
from uuid import UUID

from django.contrib.auth.hashers import is_password_usable

from jieli.access.models import Credential, Grant, SignedLink, User
from jieli.access.types import GrantRef, LinkPurpose, LinkRef, PasskeyRef, Person, Role

_GRANT = ("id", "role", "entity_id", "unit_id", "begins_at", "ends_at", "paper")


def person(user_id: UUID) -> Person | None:
    """A person with every grant, oldest first."""
    found = User.objects.filter(id=user_id).values_list("id", "sign_in", "name", "staff").first()
    if found is None:
        return None
    grants = Grant.objects.filter(user_id=user_id).order_by("begins_at", "id").values_list(*_GRANT)
    return Person(*found, tuple(GrantRef(*row) for row in grants))


def person_by_sign_in(sign_in: str) -> Person | None:
    """The person who signs in with this name."""
    found = User.objects.filter(sign_in=sign_in).values_list("id", flat=True).first()
    return person(found) if found is not None else None


def persons_of_staff(staff: UUID) -> list[UUID]:
    """The login identity of somebody on the staff; none where he never had one."""
    return list(User.objects.filter(staff=staff).values_list("id", flat=True))


def user(user_id: UUID) -> User:
    """The row itself, for Django's session machinery and nothing else."""
    return User.objects.get(id=user_id)


def names(ids: Collection[UUID]) -> dict[UUID, str]:
    """Display names of persons; an unknown id is absent."""
    return dict(User.objects.filter(id__in=ids).values_list("id", "name"))


def passkeys(user_id: UUID) -> list[PasskeyRef]:
    """A person's passkeys in use, oldest first."""
    found = Credential.objects.filter(user_id=user_id, ended_at__isnull=True).order_by("registered_at", "id")
    return [PasskeyRef(*row) for row in found.values_list("id", "label", "registered_at")]


def passkey_data(user_id: UUID) -> list[bytes]:
    """The attested data of a person's passkeys in use: what a browser must not register again."""
    found = Credential.objects.filter(user_id=user_id, ended_at__isnull=True).order_by("registered_at", "id")
    return [bytes(data) for data in found.values_list("data", flat=True)]


def passkey_keys(user_id: UUID) -> dict[UUID, bytes]:
    """A person's passkeys in use by id, oldest first: the attested data of each, for a signing."""
    found = Credential.objects.filter(user_id=user_id, ended_at__isnull=True).order_by("registered_at", "id")
    return {row: bytes(data) for row, data in found.values_list("id", "data")}


def first_password_open() -> bool:
    """Whether the first administrator's password door stands open; registering a passkey shuts it for good."""
    administrators = Grant.objects.filter(role=Role.SYSTEM.value, ends_at__isnull=True).values("user_id")
    hashes = User.objects.filter(id__in=administrators).values_list("password", flat=True)
    return any(hashed and is_password_usable(hashed) for hashed in hashes)


def usable_link(token: str, *, at: int) -> LinkRef | None:
    """The link behind a token, if it can still be used. Changes nothing."""
    digest = sha256(token.encode()).digest()
    found = SignedLink.objects.filter(digest=digest, used_at__isnull=True, expires_at__gt=at)
    row = found.values_list("id", "user_id", "purpose", "expires_at").first()
    return LinkRef(row[0], row[1], LinkPurpose(row[2]), row[3]) if row is not None else None
