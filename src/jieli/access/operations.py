"""Letting persons in: admitting them, their roles, passkeys, the first administrator's password, signed links."""

import secrets
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import connections
from django.db.models import F, Q

from jieli.access import passkeys, policy, queries
from jieli.access.errors import (
    AdministratorExists,
    BadPeriod,
    LastPasskey,
    LinkUnusable,
    NameTaken,
    NoSuchPerson,
    PasskeyRefused,
    sign_in_failed,
)
from jieli.access.models import Credential, Grant, SignedLink, User
from jieli.access.passkeys import Site, State
from jieli.access.types import (
    FirstPassword,
    LinkPurpose,
    LinkRef,
    NewPasskey,
    Person,
    Presented,
    Role,
    SignedWith,
)
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, HOUR
from jieli.ledger.operations import book

#: Roles of the first administrator: enough to let others in and to give them theirs, and no more.
FIRST_ROLES = (Role.SYSTEM, Role.SECURITY)
#: A link that signs somebody in is used soon or not at all.
SIGN_IN_LINK_LIFE = DAY


def admit_person(*, sign_in: str, name: str, staff: UUID | None = None, by: str, at: int) -> UUID:
    """A new person, without any role. NameTaken (access.name_taken) when the name or the staff record is his."""
    with book(at=at) as b:
        _alone()
        taken = Q(sign_in=sign_in) if staff is None else Q(sign_in=sign_in) | Q(staff=staff)
        if not sign_in.strip() or User.objects.filter(taken).exists():
            raise NameTaken(
                "这个登录名不能用，或该员工已有登录身份。", remedy="请换一个登录名，或查找已有的人。"
            )
        person = User(id=new_id(at), sign_in=sign_in, name=name, staff=staff, password=make_password(None))
        b.entry("access.admit_person", by=by).insert(person)
    return person.id


def grant_role(
    *,
    person: UUID,
    role: Role,
    begins_at: int,
    ends_at: int | None = None,
    entity: UUID | None = None,
    unit: UUID | None = None,
    paper: UUID | None = None,
    by: str,
    at: int,
) -> UUID:
    """Give a role. OwnGrant (access.own_grant) to oneself, BadPeriod (access.bad_period) for an empty period."""
    policy.check_grant(by=by, to=person, begins_at=begins_at, ends_at=ends_at)
    grant = Grant(
        id=new_id(at), user_id=person, role=role.value, entity_id=entity, unit_id=unit,
        begins_at=begins_at, ends_at=ends_at, paper=paper,
    )  # fmt: skip
    with book(at=at) as b:
        b.entry("access.grant_role", by=by, facts={"person": str(person), "role": role.value}).insert(grant)
    return grant.id


def end_grants(*, person: UUID, by: str, at: int) -> int:
    """End every role of a person at `at`, and every session. His own door stays. Returns how many roles ended.

    Crash before the commit: roles and sessions stand. After it: both are over at the next request.
    """
    with book(at=at) as b:
        user = _locked(person)
        standing = Grant.objects.select_for_update().filter(user_id=person)
        # One that never began keeps an empty period; it is over already.
        open_ = Q(ends_at__isnull=True) | (Q(ends_at__gt=at) & ~Q(ends_at=F("begins_at")))
        ending = list(standing.filter(open_).order_by("id"))
        for grant in ending:
            grant.ends_at = max(at, grant.begins_at)
        user.session_epoch += 1
        entry = b.entry("access.end_grants", by=by, facts={"person": str(person), "ended": len(ending)})
        entry.revise(user, *ending)
    return len(ending)


def end_sessions(*, person: UUID, by: str, at: int) -> None:
    """End every session of a person."""
    with book(at=at) as b:
        user = _locked(person)
        user.session_epoch += 1
        b.entry("access.end_sessions", by=by, facts={"person": str(person)}).revise(user)


def register_passkey(*, person: UUID, passkey: NewPasskey, label: str, by: str, at: int) -> UUID:
    """Keep a verified passkey. The first one ends the first administrator's password, and sessions opened by it."""
    with book(at=at) as b:
        user = _locked(person)
        if Credential.objects.filter(credential_id=passkey.credential_id).exists():
            raise PasskeyRefused("这把通行密钥已经登记过。", remedy="请换一台设备，或直接用它登录。")
        credential = Credential(
            id=new_id(at), user=user, credential_id=passkey.credential_id, data=passkey.data,
            label=label.strip() or "通行密钥", registered_at=at, sign_count=passkey.sign_count,
        )  # fmt: skip
        user.password = make_password(None)
        entry = b.entry("access.register_passkey", by=by, facts={"person": str(person)})
        entry.insert(credential)
        entry.revise(user)
    return credential.id


def end_passkey(*, person: UUID, passkey: UUID, by: str, at: int) -> None:
    """Take a passkey out of use, with every session of its owner. LastPasskey when it is the only one."""
    with book(at=at) as b:
        user = _locked(person)
        standing = list(Credential.objects.select_for_update().filter(user=user, ended_at__isnull=True))
        ending = next((c for c in standing if c.id == passkey), None)
        if ending is None:
            raise PasskeyRefused("没有这把通行密钥。", remedy="请刷新页面查看现有的通行密钥。")
        if len(standing) == 1:
            raise LastPasskey("这是您唯一的通行密钥，停用后将无法登录。", remedy="请先登记另一把。")
        ending.ended_at = at
        user.session_epoch += 1
        b.entry("access.end_passkey", by=by, facts={"person": str(person)}).revise(user, ending)


def present_passkey(*, site: Site, state: State, answer: Mapping[str, Any]) -> Presented:
    """Whose passkey answered, once the answer is verified and its counter moved on.

    SignInFailed for a passkey nobody has and for a counter that went back (a copied key). The counter is a free
    column and needs no entry; two answers with one counter: the database lets one of them pass.
    """
    found = Credential.objects.filter(credential_id=passkeys.shown_id(answer), ended_at__isnull=True)
    row = found.values_list("id", "user_id", "data").first()
    if row is None:
        raise sign_in_failed()
    count = passkeys.finish_sign_in(site, state, answer, data=bytes(row[2]))
    if not _moved_on(row[0], count):
        raise sign_in_failed()
    return Presented(row[0], row[1], count)


def sign_with_passkey(
    *, person: UUID, site: Site, state: State, answer: Mapping[str, Any], digest: bytes
) -> SignedWith:
    """A person's signature over a digest by one of his passkeys in use, verified, its counter moved on.

    PasskeyRefused (access.passkey_refused) for an answer that does not hold, for somebody else's passkey, and for
    a counter that went back. It writes no entry: the paper's signature row is the record (papers.sign).
    """
    signed = passkeys.finish_signing(
        site, state, answer, digest=digest, credentials=queries.passkey_keys(person)
    )
    if not _moved_on(signed.passkey, signed.sign_count):
        raise PasskeyRefused("这把通行密钥的计数倒退，可能被复制。", remedy="请停用它，另行登记一把。")
    return signed


def _moved_on(passkey: UUID, count: int) -> bool:
    """Whether the counter could follow the stored one, in the database itself; and then it did."""
    follows = Q(sign_count__lt=count) if count else Q(sign_count=0)
    return bool(Credential.objects.filter(follows, id=passkey).update(sign_count=count))


def first_administrator(*, sign_in: str, name: str, by: str, at: int) -> FirstPassword:
    """Make the first administrator, or give him a new password while he has no passkey yet.

    AdministratorExists (access.administrator_exists) once any administrator has a passkey. The password is 120
    random bits, is returned here only, and is kept as Django's hash.
    """
    password = "-".join(secrets.token_hex(3) for _ in range(5))
    hashed = make_password(password)
    with book(at=at) as b:
        _alone()
        administrators = Grant.objects.filter(role=Role.SYSTEM.value).values("user_id")
        if Credential.objects.filter(user_id__in=administrators).exists():
            raise AdministratorExists(
                "系统管理员已登记通行密钥，首任密码不再签发。", remedy="请由现任管理员办理。"
            )
        found = User.objects.filter(sign_in=sign_in, id__in=administrators).first()
        entry = b.entry("access.first_administrator", by=by)
        if found is not None:
            found.password = hashed
            entry.revise(found)
            return FirstPassword(found.id, password, renewed=True)
        if (
            User.objects.filter(sign_in=sign_in).exists()
            or Grant.objects.filter(user_id__in=administrators).exists()
        ):
            raise NameTaken("首任管理员已经建立，登录名不同。", remedy="请用当初的登录名重新签发密码。")
        user = User(id=new_id(at), sign_in=sign_in, name=name, password=hashed)
        grants = [Grant(id=new_id(at), user=user, role=r.value, begins_at=at) for r in FIRST_ROLES]
        entry.insert(user, *grants)
    return FirstPassword(user.id, password, renewed=False)


def present_password(*, sign_in: str, password: str) -> UUID:
    """The first administrator, by his one-time password. SignInFailed for everybody and everything else."""
    administrators = Grant.objects.filter(role=Role.SYSTEM.value, ends_at__isnull=True).values("user_id")
    user = User.objects.filter(sign_in=sign_in, id__in=administrators).first()
    if user is None:
        make_password(password)  # a name nobody has costs as much time as one that somebody has
        raise sign_in_failed()
    if not check_password(password, user.password) or Credential.objects.filter(user=user).exists():
        raise sign_in_failed()
    return user.id


def make_link(*, sign_in: str, purpose: LinkPurpose, expires_at: int, by: str, at: int) -> str:
    """A link's token for one person and one purpose: 32 random bytes, kept only as their digest."""
    if expires_at <= at:
        raise BadPeriod("链接的截止时刻不晚于现在。", remedy="请核对截止时间。")
    person = User.objects.filter(sign_in=sign_in).values_list("id", flat=True).first()
    if person is None:
        raise NoSuchPerson("没有这个登录名。", remedy="请先登记此人，再签发链接。")
    token = secrets.token_urlsafe(32)
    digest = sha256(token.encode()).digest()
    link = SignedLink(
        id=new_id(at), digest=digest, user_id=person, purpose=purpose.value, expires_at=expires_at
    )
    with book(at=at) as b:
        b.entry("access.make_link", by=by, facts={"purpose": purpose.value}).insert(link)
    return token


def make_sign_in_link(*, person: UUID, expires_at: int, by: str, at: int) -> str:
    """The token of a link that signs its person in to his own door, once: for a leaver without passkey (丙).

    BadPeriod (access.bad_period) beyond `SIGN_IN_LINK_LIFE` (24 hours). LinkUnusable for somebody with a role that
    permits anything: a link that travels by SMS must not open the console.
    """
    if expires_at - at > SIGN_IN_LINK_LIFE:
        hours = SIGN_IN_LINK_LIFE // HOUR
        raise BadPeriod(f"登录链接的有效期最长 {hours} 小时。", remedy="请缩短有效期。")
    found = queries.person(person)
    if found is None:
        raise NoSuchPerson("没有这个人。", remedy="请先登记此人，再签发链接。")
    _check_no_role(found, at=at)
    return make_link(sign_in=found.sign_in, purpose=LinkPurpose.SIGN_IN, expires_at=expires_at, by=by, at=at)


def sign_in_by_link(*, token: str, at: int) -> LinkRef:
    """Whom a sign-in link lets in to his own door, once. LinkUnusable for every other link.

    Also for whoever has been given a role since. The person himself acts: nobody else holds the token. The door
    keeps such a session to the portal, and what is confirmed in it is of grade 丙.
    """
    link = queries.usable_link(token, at=at)
    found = queries.person(link.person) if link is not None else None
    if link is None or found is None:
        raise _unusable()
    _check_no_role(found, at=at)
    return use_link(token=token, purpose=LinkPurpose.SIGN_IN, by=found.actor, at=at)


def use_link(*, token: str, purpose: LinkPurpose = LinkPurpose.ENROL, by: str, at: int) -> LinkRef:
    """Use a link, once. LinkUnusable (access.link_unusable) when it is unknown, used, over or for something else.

    A link made for another purpose stays as it is: only its own door uses it up.
    """
    with book(at=at) as b:
        digest = sha256(token.encode()).digest()
        link = SignedLink.objects.select_for_update().filter(digest=digest, purpose=purpose.value).first()
        if link is None or link.used_at is not None or link.expires_at <= at:
            raise _unusable()
        link.used_at = at
        b.entry("access.use_link", by=by, facts={"purpose": link.purpose}).revise(link)
    return LinkRef(link.id, link.user_id, LinkPurpose(link.purpose), link.expires_at)


def _unusable() -> LinkUnusable:
    return LinkUnusable("这个链接不能再用。", remedy="请向发链接给您的人索取新的链接。")


def _check_no_role(person: Person, *, at: int) -> None:
    if policy.permissions(person, at=at):
        raise LinkUnusable("此人持有管理角色，不能用链接登录。", remedy="请用通行密钥登录。")


def _locked(person: UUID) -> User:
    user = User.objects.select_for_update().filter(id=person).first()
    if user is None:
        raise NoSuchPerson("没有这个人。", remedy="请核对登录名。")
    return user


def _alone() -> None:
    """Only one new person at a time: names are checked before they are written."""
    with connections["default"].cursor() as cursor:
        cursor.execute("LOCK TABLE access_user IN SHARE ROW EXCLUSIVE MODE")
