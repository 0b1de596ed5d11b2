"""Who may come in: deny by default, passkeys that hold, roles that end, links that work once."""

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.access import attempts, operations, passkeys, policy, queries
from jieli.access.errors import (
    AdministratorExists,
    BadPeriod,
    Forbidden,
    LastPasskey,
    LinkUnusable,
    NameTaken,
    OwnGrant,
    PasskeyRefused,
    SignInFailed,
    TooManyAttempts,
)
from jieli.access.models import Attempt, SignedLink
from jieli.access.passkeys import Site
from jieli.access.types import GrantRef, LinkPurpose, NewPasskey, Permission, Person, Role
from jieli.kernel.ids import new_id
from jieli.kernel.times import DAY, MINUTE
from jieli.ledger import checks, fsck
from jieli.ledger import queries as ledger
from tests.conftest import NOW
from tests.fakes.authenticator import PRESENT, Authenticator

SITE = Site("localhost", "http://localhost:8000")
BY = "system:test"
ENTITY, UNIT, OTHER = (new_id(NOW) for _ in range(3))

roles = st.sampled_from([*[r.value for r in Role], "超级管理员", ""])
moments = st.integers(NOW - 10, NOW + 10)


def grant(role: str, begins: int = NOW, ends: int | None = None, **where: UUID) -> GrantRef:
    return GrantRef(new_id(NOW), role, where.get("entity"), where.get("unit"), begins, ends, None)


def holder(*grants: GrantRef) -> Person:
    return Person(new_id(NOW), "li.min", "李敏", None, grants)


def admit(name: str = "li.min") -> UUID:
    return operations.admit_person(sign_in=name, name="李敏", by=BY, at=NOW)


def enrol(person: UUID, key: Authenticator | None = None, at: int = NOW) -> Authenticator:
    key = key or Authenticator("localhost", "http://localhost:8000")
    options, state = passkeys.begin_registration(SITE, person=person, name="李敏", known=[])
    new = passkeys.finish_registration(SITE, state, key.create(options))
    operations.register_passkey(person=person, passkey=new, label="工作手机", by=f"person:{person}", at=at)
    return key


def sign_in(key: Authenticator) -> UUID:
    options, state = passkeys.begin_sign_in(SITE)
    return operations.present_passkey(site=SITE, state=state, answer=key.get(options)).person


# ── policy ──


@given(st.lists(st.tuples(roles, moments, moments)), moments, st.sampled_from(Permission))
def test_a_permission_needs_a_grant_in_force_whose_role_is_in_the_table(
    given_: list[tuple[str, int, int]], at: int, permission: Permission
) -> None:
    person = holder(*[grant(role, begins, ends) for role, begins, ends in given_])
    expected = any(
        begins <= at < ends and permission in policy.PERMITS.get(role, frozenset())
        for role, begins, ends in given_
    )
    assert policy.may(person, permission, at=at) == expected
    assert (permission in policy.permissions(person, at=at)) == expected


def test_every_role_has_its_row_and_no_unknown_role_permits_anything() -> None:
    assert set(policy.PERMITS) == {role.value for role in Role}
    assert policy.permissions(holder(grant("超级管理员")), at=NOW) == frozenset()
    assert policy.permissions(holder(), at=NOW) == frozenset()
    with pytest.raises(Forbidden):
        policy.check_may(holder(), Permission.SEE_LEDGER, at=NOW)


def test_none_of_the_three_administrators_sees_accounts_or_content() -> None:
    three = holder(*[grant(r.value) for r in (Role.SYSTEM, Role.SECURITY, Role.AUDIT)])
    assert not policy.permissions(three, at=NOW) & {Permission.SEE_ACCOUNTS, Permission.READ}


def test_a_grant_for_one_unit_or_entity_reaches_no_further() -> None:
    person = holder(grant("人事", entity=ENTITY), grant("销售主管", unit=UNIT))
    see = Permission.SEE_ACCOUNTS
    assert policy.may(person, see, at=NOW, entity=ENTITY)
    assert policy.may(person, see, at=NOW, entity=OTHER, unit=UNIT)
    assert not policy.may(person, see, at=NOW, entity=OTHER, unit=OTHER)
    assert not policy.may(holder(grant("销售主管", entity=ENTITY, unit=UNIT)), see, at=NOW, entity=ENTITY)
    assert not policy.reach(person, see, at=NOW).everything


@given(st.integers(0, 9), st.integers(0, 9))
def test_a_passkeys_counter_moves_on_or_is_none_at_all(stored: int, shown: int) -> None:
    assert policy.count_accepted(stored, shown) == (shown > stored or stored == shown == 0)


# ── persons and roles ──


def test_a_person_is_admitted_once_and_has_no_role(db: None) -> None:
    person = admit()
    found = queries.person(person)
    assert found is not None
    assert (found.name, found.grants, found.actor) == ("李敏", (), f"person:{person}")
    with pytest.raises(NameTaken):
        admit()
    with pytest.raises(NameTaken):
        admit("  ")
    assert queries.person(new_id(NOW)) is None
    assert queries.person_by_sign_in("nobody") is None


def test_leaving_ends_roles_and_sessions_but_not_the_person(db: None) -> None:
    person = admit()
    key = enrol(person)
    for role, begins in ((Role.COMPLIANCE, NOW), (Role.LEGAL, NOW + DAY)):
        operations.grant_role(person=person, role=role, begins_at=begins, by=BY, at=NOW)
    before = queries.user(person).get_session_auth_hash()
    assert operations.end_grants(person=person, by=BY, at=NOW + 5) == 2
    assert queries.user(person).get_session_auth_hash() != before
    found = queries.person(person)
    assert found is not None
    assert [policy.permissions(found, at=NOW + t) for t in (5, DAY, 2 * DAY)] == [frozenset()] * 3
    assert policy.may(found, Permission.READ, at=NOW + 4)  # what was permitted then stays answerable
    assert sign_in(key) == person
    assert operations.end_grants(person=person, by=BY, at=NOW + 6) == 0


def test_nobody_gives_himself_a_role_nor_an_empty_one(db: None) -> None:
    person = admit()
    with pytest.raises(OwnGrant):
        operations.grant_role(person=person, role=Role.LEGAL, begins_at=NOW, by=f"person:{person}", at=NOW)
    with pytest.raises(BadPeriod):
        operations.grant_role(person=person, role=Role.LEGAL, begins_at=NOW, ends_at=NOW, by=BY, at=NOW)
    assert queries.person(person).grants == ()  # type: ignore[union-attr]


def test_the_book_agrees_with_every_row_of_the_room(db: None) -> None:
    person = admit()
    enrol(person)
    sign_in(enrol(person))
    operations.grant_role(person=person, role=Role.LEGAL, begins_at=NOW, by=BY, at=NOW)
    token = operations.make_link(
        sign_in="li.min", purpose=LinkPurpose.ENROL, expires_at=NOW + DAY, by=BY, at=NOW
    )
    operations.use_link(token=token, by=BY, at=NOW)
    operations.end_sessions(person=person, by=BY, at=NOW)
    operations.end_grants(person=person, by=BY, at=NOW + 1)
    assert {f.code for f in fsck.run(checks.checks({})).findings} == set()


# ── passkeys ──


def test_a_passkey_signs_its_owner_in_again_and_again(db: None) -> None:
    person, other = admit(), admit("zhou.hang")
    key, second = enrol(person), enrol(other)
    assert [sign_in(key), sign_in(second), sign_in(key)] == [person, other, person]


def test_a_copied_passkey_is_refused_when_its_counter_goes_back(db: None) -> None:
    key = enrol(admit())
    sign_in(key)
    key.count -= 1
    with pytest.raises(SignInFailed):
        sign_in(key)


def test_a_passkey_nobody_registered_is_refused_without_saying_so(db: None) -> None:
    with pytest.raises(SignInFailed) as stranger:
        sign_in(Authenticator("localhost", "http://localhost:8000"))
    key = enrol(person := admit())
    enrol(person, at=NOW + 1)
    operations.end_passkey(person=person, passkey=queries.passkeys(person)[0].id, by=BY, at=NOW)
    with pytest.raises(SignInFailed) as ended:
        sign_in(key)
    assert str(stranger.value) == str(ended.value)


@pytest.mark.parametrize(
    "change",
    [{"origin": "http://localhost:8001"}, {"host": "evil.example"}, {"flags": PRESENT}, {"flags": 0}],
    ids=["another origin", "another site", "not verified", "nobody present"],
)
def test_an_answer_from_elsewhere_or_without_verification_is_refused(
    db: None, change: dict[str, Any]
) -> None:
    person = admit()
    key = enrol(person)
    vars(key).update(change)
    with pytest.raises(PasskeyRefused):
        sign_in(key)
    with pytest.raises(PasskeyRefused):
        enrol(admit("zhou.hang"), key)


def test_an_answer_to_another_question_is_refused(db: None) -> None:
    key = enrol(admit())
    options, _ = passkeys.begin_sign_in(SITE)
    _, later = passkeys.begin_sign_in(SITE)
    with pytest.raises(PasskeyRefused):
        operations.present_passkey(site=SITE, state=later, answer=key.get(options))


@pytest.mark.parametrize("answer", [{}, {"id": 1}, {"rawId": "AA", "response": {}}, {"response": []}])
def test_rubbish_instead_of_an_answer_is_only_refused(db: None, answer: dict[str, Any]) -> None:
    _, state = passkeys.begin_sign_in(SITE)
    with pytest.raises(PasskeyRefused):
        operations.present_passkey(site=SITE, state=state, answer=answer)
    with pytest.raises(PasskeyRefused):
        passkeys.finish_registration(SITE, state, answer)


def test_what_a_session_keeps_of_a_ceremony_is_json(db: None) -> None:
    options, state = passkeys.begin_sign_in(SITE)
    assert json.loads(json.dumps(state)) == state
    assert "allowCredentials" not in options["publicKey"]


def test_the_last_passkey_cannot_be_ended_and_one_passkey_has_one_owner(db: None) -> None:
    person, other = admit(), admit("zhou.hang")
    key = enrol(person)
    with pytest.raises(PasskeyRefused):
        enrol(other, key)
    with pytest.raises(LastPasskey):
        operations.end_passkey(person=person, passkey=queries.passkeys(person)[0].id, by=BY, at=NOW)
    enrol(other)
    with pytest.raises(PasskeyRefused):
        operations.end_passkey(person=person, passkey=queries.passkeys(other)[0].id, by=BY, at=NOW)


# ── the first administrator ──


def test_the_first_password_works_until_a_passkey_is_registered(db: None) -> None:
    made = operations.first_administrator(sign_in="admin", name="管理员", by=BY, at=NOW)
    assert re.fullmatch(r"([0-9a-f]{6}-){4}[0-9a-f]{6}", made.password)
    assert queries.first_password_open()
    assert operations.present_password(sign_in="admin", password=made.password) == made.person
    before = queries.user(made.person).get_session_auth_hash()
    enrol(made.person)
    assert queries.user(made.person).get_session_auth_hash() != before
    assert not queries.first_password_open()
    with pytest.raises(SignInFailed):
        operations.present_password(sign_in="admin", password=made.password)
    with pytest.raises(AdministratorExists):
        operations.first_administrator(sign_in="admin", name="管理员", by=BY, at=NOW)


def test_a_lost_first_password_is_replaced_and_the_old_one_is_over(db: None) -> None:
    old = operations.first_administrator(sign_in="admin", name="管理员", by=BY, at=NOW)
    new = operations.first_administrator(sign_in="admin", name="管理员", by=BY, at=NOW)
    assert (old.renewed, new.renewed, old.person) == (False, True, new.person)
    with pytest.raises(SignInFailed):
        operations.present_password(sign_in="admin", password=old.password)
    with pytest.raises(NameTaken):
        operations.first_administrator(sign_in="another", name="管理员", by=BY, at=NOW)


def test_a_password_opens_for_the_first_administrator_alone(
    db: None, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    made = operations.first_administrator(sign_in="admin", name="管理员", by=BY, at=NOW)
    admit()
    owner_sql("UPDATE access_user SET password = (SELECT password FROM access_user WHERE sign_in = 'admin')")
    with pytest.raises(SignInFailed) as plain:
        operations.present_password(sign_in="li.min", password=made.password)
    with pytest.raises(SignInFailed) as nobody:
        operations.present_password(sign_in="nobody", password=made.password)
    with pytest.raises(SignInFailed) as wrong:
        operations.present_password(sign_in="admin", password=made.password + "x")
    assert str(plain.value) == str(nobody.value) == str(wrong.value)


def test_the_password_itself_is_nowhere_in_the_book(
    db: None, owner_sql: Callable[..., list[tuple[Any, ...]]]
) -> None:
    made = operations.first_administrator(sign_in="admin", name="管理员", by=BY, at=NOW)
    found = owner_sql("SELECT convert_from(body, 'UTF8') FROM ledger_part")
    assert found
    assert all("password" not in body and made.password not in body for (body,) in found)
    assert set(ledger.history("access_user", made.person)[0].values or {}) == {"id", "name", "sign_in"}


# ── signed links ──


def link(expires_at: int = NOW + DAY) -> str:
    return operations.make_link(
        sign_in="li.min", purpose=LinkPurpose.ENROL, expires_at=expires_at, by=BY, at=NOW
    )


def test_a_link_works_once_for_its_person_and_its_token_is_kept_nowhere(db: None) -> None:
    person = admit()
    token = link()
    seen = queries.usable_link(token, at=NOW)
    assert seen is not None
    assert queries.usable_link(token, at=NOW) == seen  # looking changes nothing
    assert operations.use_link(token=token, by=BY, at=NOW + 1) == seen
    assert (seen.person, seen.purpose) == (person, LinkPurpose.ENROL)
    assert bytes(SignedLink.objects.get().digest).hex() != token
    assert queries.usable_link(token, at=NOW) is None
    with pytest.raises(LinkUnusable):
        operations.use_link(token=token, by=BY, at=NOW + 2)


def test_an_unknown_and_an_expired_link_are_the_same_answer(db: None) -> None:
    admit()
    token = link()
    with pytest.raises(LinkUnusable) as over:
        operations.use_link(token=token, by=BY, at=NOW + DAY)
    with pytest.raises(LinkUnusable) as unknown:
        operations.use_link(token="no such", by=BY, at=NOW)
    assert str(over.value) == str(unknown.value)
    assert queries.usable_link(token, at=NOW + DAY) is None
    with pytest.raises(BadPeriod):
        link(expires_at=NOW)


# ── attempts ──


def test_a_name_is_let_try_ten_times_and_again_after_a_quarter_of_an_hour(db: None) -> None:
    for n in range(policy.ATTEMPTS_PER_NAME):
        attempts.check_attempt(place="192.0.2.1", name="admin", at=NOW + n)
    with pytest.raises(TooManyAttempts):
        attempts.check_attempt(place="192.0.2.2", name="admin", at=NOW + 20)
    attempts.check_attempt(place="192.0.2.1", name="other", at=NOW + 20)
    attempts.check_attempt(place="192.0.2.1", name="admin", at=NOW + 16 * MINUTE)
    assert Attempt.objects.count() == 2  # the old ones are swept


def test_a_place_is_limited_across_names_and_success_clears_only_the_name(db: None) -> None:
    for n in range(policy.ATTEMPTS_PER_PLACE):
        attempts.check_attempt(place="192.0.2.1", name=f"name {n}", at=NOW)
    with pytest.raises(TooManyAttempts):
        attempts.check_attempt(place="192.0.2.1", name="fresh", at=NOW)
    attempts.forget_attempts(name="fresh")
    with pytest.raises(TooManyAttempts):
        attempts.check_attempt(place="192.0.2.1", at=NOW)


def test_the_counting_table_names_nobody(db: None) -> None:
    attempts.check_attempt(place="192.0.2.1", name="admin", at=NOW)
    keys = [bytes(k) for k in Attempt.objects.values_list("key", flat=True)]
    assert [len(k) for k in keys] == [16, 16]
    assert not any(b"admin" in k or b"192" in k for k in keys)


def test_a_registered_passkey_is_kept_with_its_label(db: None) -> None:
    person = admit()
    key = enrol(person)
    assert [p.label for p in queries.passkeys(person)] == ["工作手机"]
    [data] = queries.passkey_data(person)
    operations.register_passkey(
        person=person, passkey=NewPasskey(b"other", data, 0), label="  ", by=BY, at=NOW + 1
    )
    assert [p.label for p in queries.passkeys(person)] == ["工作手机", "通行密钥"]
    assert key.id in data
