"""Reading what the gate needs: a fixed number of queries, however many people and messages there are.

Called inside a book after `locks.read_bases()`, so that nothing it rests on can change before the batch is written.
A row that this very transaction wrote has no entry yet and is no basis: it is left out.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connections

import jieli.assets.queries as assets
import jieli.parties.queries as parties
from jieli.assets.types import AccountRef, AccountState, GroupKind
from jieli.consent import facts as f
from jieli.consent.models import (
    CalendarDay,
    Document,
    Leave,
    Policy,
    Shift,
)
from jieli.consent.policy import read_rules
from jieli.consent.types import DayKind, DocumentKind, Means, Scope, ShiftKind, StatedBy, Step
from jieli.kernel.times import DAY, local_day
from jieli.ledger import plain
from jieli.ledger import queries as ledger
from jieli.ledger.tables import rows as house_tables
from jieli.ledger.types import Recorded
from seal import canonical


def head() -> ledger.Head:
    """Where the book stands; what is read after this under `locks.read_bases()` holds every basis written before."""
    return ledger.head(ledger.live_log())


def read(
    *, platform: str, people: Iterable[str], rooms: Iterable[str], since: int, until: int
) -> tuple[f.Facts, ledger.Head]:
    """Facts about these people of a platform and these rooms, and the head of the log at which they were read."""
    read_at = head()
    return _read(
        platform, set(people), set(rooms), since, until, days=_days(since, until), policies=policy_facts()
    ), read_at


def everybody(platform: str, *, at_most: int) -> set[str]:
    """The ids of all accounts and customers of a platform; nobody where the customers are more than `at_most`."""
    customers = parties.external_ids(platform, at_most=at_most)
    return set() if customers is None else customers | assets.accounts(platform).keys()


def more(facts: f.Facts, *, platform: str, people: Collection[str], rooms: Collection[str]) -> f.Facts:
    """These facts and those of more people and rooms for the same time, while `is_current` holds for what was read.

    What both name is the same in both, for every subject is read whole.
    """
    found = _read(
        platform, set(people), set(rooms), facts.since, facts.until, days=facts.days, policies=facts.policies
    )
    return replace(
        facts,
        accounts={**facts.accounts, **found.accounts},
        identities={**facts.identities, **found.identities},
        groups={**facts.groups, **found.groups},
        staff={**facts.staff, **found.staff},
        served={**facts.served, **found.served},
        steps={**facts.steps, **found.steps},
        documents={**facts.documents, **found.documents},
        shifts={**facts.shifts, **found.shifts},
        leave={**facts.leave, **found.leave},
    )


def at_other_times(facts: f.Facts, *, since: int, until: int) -> f.Facts:
    """These facts about the same people for another time, while `is_current` holds for what was read.

    Only shifts, leave and days are read by their time; of all else every row is there.
    """
    return replace(
        facts,
        since=since,
        until=until,
        days=_days(since, until),
        shifts=_shifts(facts.staff.keys(), since, until),
        leave=_leave(facts.staff.keys(), since, until),
    )


def _read(
    platform: str,
    wanted: set[str],
    rooms: set[str],
    since: int,
    until: int,
    *,
    days: Mapping[date, f.DayFact],
    policies: Sequence[f.PolicyFact],
) -> f.Facts:
    groups = assets.groups(platform, rooms) if rooms else {}
    group_facts = _groups(groups)
    wanted.update(m.external_id for g in group_facts.values() for m in g.members)
    refs = assets.accounts(platform, wanted)
    accounts = account_facts(refs.values())
    holders = {h.staff for a in accounts for h in a.holdings if h.staff is not None}
    identities = _identities(platform, wanted - refs.keys())
    customers = {i.customer for i in identities.values()}
    return f.Facts(
        since=since,
        until=until,
        accounts={a.handle: a for a in accounts},
        identities=identities,
        groups=group_facts,
        served=served_facts(holders | customers),
        steps=step_facts(holders | customers, platform=platform, external_ids=identities.keys()),
        days=days,
        policies=policies,
        **_of_staff(holders, since, until),
    )


def staff_facts(staff: Collection[UUID], *, since: int, until: int) -> dict[str, Any]:
    """What is needed of staff apart from notices and consents: register, papers, hours, calendar, policies."""
    return _of_staff(staff, since, until) | {"days": _days(since, until), "policies": policy_facts()}


def _of_staff(staff: Collection[UUID], since: int, until: int) -> dict[str, Any]:
    if not staff:
        return {"staff": {}, "documents": {}, "shifts": {}, "leave": {}}
    people = parties.staff(staff)
    return {
        "staff": {
            p.id: f.StaffFact(("parties_staff", str(p.id)), p.id, p.post, p.joined_on, p.left_on)
            for p in people.values()
        },
        "documents": _documents(staff),
        "shifts": _shifts(staff, since, until),
        "leave": _leave(staff, since, until),
    }


def is_current(read_at: ledger.Head, *, beside: Collection[str] | None = None) -> bool:
    """Whether nothing a gate rests on was written since a gate was read at this head; see `current_head`."""
    return current_head(read_at, beside=beside) is not None


def current_head(read_at: ledger.Head, *, beside: Collection[str] | None = None) -> ledger.Head | None:
    """Where the book stands now, if nothing a gate rests on was written since one was read at this head; else None.

    Under `locks.read_bases()` that stays true until the transaction ends. Two index ranges: the parts written
    since, none of which may be a row of a basis; and the entries, none of which may be of another kind than those
    `beside`, where these are named: a destruction writes no row and yet takes facts away. The head is read in the
    same statement, so that what is committed after it is looked at the next time.
    """
    log = ledger.live_log()
    if log != read_at.log:
        return None
    tables = [model._meta.db_table for model in house_tables() if model.basis]
    query = (
        "SELECT index, time, NOT EXISTS (SELECT 1 FROM ledger_part WHERE log = %s AND entry >= %s"
        " AND row_table = ANY(%s)) AND (%s OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE log = %s"
        " AND index >= %s AND kind <> ALL(%s))) FROM ledger_entry WHERE log = %s ORDER BY index DESC LIMIT 1"
    )
    args: list[Any] = [log, read_at.size, tables, beside is None, log, read_at.size, list(beside or ()), log]
    with connections["default"].cursor() as cursor:
        cursor.execute(query, args)
        last = cursor.fetchone()
    if last is None:
        return read_at
    index, time, unchanged = last
    return ledger.Head(log, index + 1, time) if unchanged else None


# -- when a revised row came to say what it says -----------------------------------------------------


def _recorded(table: str, ids: Collection[object]) -> dict[str, Recorded]:
    return ledger.first_recorded(table, ids) if ids else {}


def _standing_since(table: str, ids: Collection[UUID], *columns: str) -> dict[str, Recorded]:
    """When each row came to have the values it has in these columns.

    A register's row is revised for many reasons (a holding gets its end); only a change of these columns makes
    it another basis. Rows of one version, nearly all, are read without their bodies.
    """
    if not ids:
        return {}
    found = ledger.first_recorded(table, ids)
    with connections["default"].cursor() as cursor:
        cursor.execute(
            "SELECT row_id FROM ledger_part WHERE row_table = %s AND row_id = ANY(%s::text[])"
            " GROUP BY row_id HAVING count(*) > 1",
            [table, plain.array(ids)],
        )
        revised = [row for (row,) in cursor.fetchall()]
    if not revised:
        return found
    versions = ledger.parts([(table, row) for row in revised])
    times = ledger.entries({p.entry for parts in versions.values() for p in parts})
    for (_, row), parts in versions.items():
        said = [(p, _values(p.body, columns)) for p in parts]
        for part, values in reversed(said):
            if values != said[-1][1]:
                break
            found[row] = Recorded(part.entry, part.n, times[part.entry].time)
    return found


def _values(body: bytes, columns: Iterable[str]) -> list[Any]:
    row: Any = canonical.decode(body)
    values = [row["row"].get(c) for c in columns]
    return [v.get("from") if isinstance(v, dict) else v for v in values]


# -- registers ---------------------------------------------------------------------------------------


def account_facts(refs: Iterable[AccountRef]) -> list[f.AccountFact]:
    """Accounts with their holders and signatures."""
    refs = list(refs)
    if not refs:
        return []
    ids = [ref.id for ref in refs]
    holdings, signed = assets.holdings_of(ids), assets.acknowledgements(ids)
    accounts = ledger.first_recorded("assets_account", ids)
    spans = _standing_since(
        "assets_holding", [h.id for hs in holdings.values() for h in hs], "staff_id", "during"
    )
    papers = _recorded("assets_acknowledgement", [s.id for ss in signed.values() for s in ss])
    return [
        f.AccountFact(
            ("assets_account", str(ref.id)), ref.id, ref.handle,
            stock=ref.state is AccountState.UNSIGNED_STOCK, closed=ref.state is AccountState.CLOSED,
            time=accounts[str(ref.id)].time,
            holdings=[
                f.HoldingFact(
                    ("assets_holding", str(h.id)), h.staff_id, h.from_ms, h.to_ms, spans[str(h.id)].time
                )
                for h in holdings[ref.id] if str(h.id) in spans
            ],
            signed=[
                f.SignedFact(
                    ("assets_acknowledgement", str(s.id)), s.staff_id, s.signed_at, papers[str(s.id)].time
                )
                for s in signed[ref.id] if str(s.id) in papers
            ],
        )
        for ref in refs if str(ref.id) in accounts
    ]  # fmt: skip


def _identities(platform: str, external_ids: Collection[str]) -> dict[str, f.IdentityFact]:
    if not external_ids:
        return {}
    rows = parties.identity_rows(platform, external_ids)
    since = _standing_since("parties_customer_identity", [row for row, _, _ in rows.values()], "customer_id")
    return {
        who: f.IdentityFact(
            (("parties_customer_identity", str(row)), ("parties_customer", str(customer))),
            who,
            customer,
            minor,
            since[str(row)].time,
        )
        for who, (row, customer, minor) in rows.items()
        if str(row) in since
    }


def _groups(refs: Mapping[str, Any]) -> dict[str, f.GroupFact]:
    if not refs:
        return {}
    ids = [m.id for ref in refs.values() for m in ref.members]
    since = ledger.first_recorded("assets_group_member", ids)
    return {
        room: f.GroupFact(
            ("assets_group", str(ref.id)),
            room,
            ref.kind is GroupKind.INTERNAL,
            [
                f.MemberFact(
                    ("assets_group_member", str(m.id)),
                    m.external_id,
                    m.from_ms,
                    m.to_ms,
                    since[str(m.id)].time,
                )
                for m in ref.members
                if str(m.id) in since
            ],
        )
        for room, ref in refs.items()
    }


# -- what stands in this room ------------------------------------------------------------------------


#: Past the ORM: an import asks these for some thousand people, and an IN of its own for each costs as much again.
_SERVED = """
SELECT s.id, s.subject, s.claimed_at, n.means, n.scopes FROM consent_served s
JOIN consent_notice n ON n.id = s.notice_id WHERE s.subject = ANY($1::uuid[])
"""
_SAID = """
SELECT id, subject, external_id, means, scope, step, claimed_at, stated_by, explicit, guardian, towards
FROM consent_step WHERE subject = ANY($1::uuid[]) OR (platform = $2::text AND external_id = ANY($3::text[]))
"""
_MEANS, _SCOPES, _STEPS = (
    {m.value: m for m in Means},
    {s.value: s for s in Scope},
    {s.value: s for s in Step},
)


def served_facts(subjects: Collection[UUID]) -> dict[UUID, list[f.ServedFact]]:
    """Which notices reached whom."""
    rows = plain.rows(_SERVED, [plain.array(subjects)]) if subjects else []
    recorded = _recorded("consent_served", [r[0] for r in rows])
    # All who were told by one notice were told of the same.
    all_means = cache(lambda words: frozenset(map(Means, words)))
    all_scopes = cache(lambda words: frozenset(map(Scope, words)))
    found: dict[UUID, list[f.ServedFact]] = defaultdict(list)
    for id_, subject, claimed, means, scopes in rows:
        if (mark := recorded.get(key := str(id_))) is not None:
            found[subject].append(
                f.ServedFact(
                    ("consent_served", key), all_means(tuple(means)), all_scopes(tuple(scopes)), claimed, mark.time
                )
            )  # fmt: skip
    return found


def step_facts(
    subjects: Collection[UUID], *, platform: str, external_ids: Collection[str]
) -> dict[f.Subject, list[f.StepFact]]:
    """What people said, and what the platform says they said."""
    rows = plain.rows(_SAID, [plain.array(subjects), platform, list(external_ids)])
    recorded = _recorded("consent_step", [r[0] for r in rows])
    found: dict[f.Subject, list[f.StepFact]] = defaultdict(list)
    for id_, subject, external, means, scope, step, claimed, by, explicit, guardian, towards in rows:
        if (mark := recorded.get(key := str(id_))) is not None:
            found[subject or external].append(
                f.StepFact(
                    ("consent_step", key), _MEANS[means], _SCOPES[scope], _STEPS[step], claimed,
                    by == StatedBy.PLATFORM.value, explicit, guardian, towards, (mark.entry, mark.n), mark.time,
                )
            )  # fmt: skip
    return found


def _documents(staff: Collection[UUID]) -> dict[UUID, list[f.DocumentFact]]:
    rows = list(
        Document.objects.filter(staff_id__in=staff).values_list("id", "staff_id", "kind", "signed_on")
    )
    recorded = _recorded("consent_document", [r[0] for r in rows])
    found: dict[UUID, list[f.DocumentFact]] = defaultdict(list)
    for key, who, kind, signed_on in rows:
        if (mark := recorded.get(str(key))) is not None:
            name = ("consent_document", str(key))
            found[who].append(f.DocumentFact(name, DocumentKind(kind), signed_on, mark.time))
    return found


def _over(model: type[Shift] | type[Leave], staff: Collection[UUID], since: int, until: int) -> Any:
    """Spans that share an instant with the days in question."""
    rows = model.objects.filter(staff_id__in=staff, begins__lt=until + DAY, ends__gt=since - DAY)
    return list(rows.values_list("id", "staff_id", "begins", "ends", "kind"))


def _shifts(staff: Collection[UUID], since: int, until: int) -> dict[UUID, list[f.ShiftFact]]:
    rows = _over(Shift, staff, since, until)
    recorded = _recorded("consent_shift", [r[0] for r in rows])
    found: dict[UUID, list[f.ShiftFact]] = defaultdict(list)
    for key, who, begins, ends, kind in rows:
        if (m := recorded.get(str(key))) is not None:
            name = ("consent_shift", str(key))
            found[who].append(f.ShiftFact(name, begins, ends, ShiftKind(kind), (m.entry, m.n), m.time))
    return found


def _leave(staff: Collection[UUID], since: int, until: int) -> dict[UUID, list[f.LeaveFact]]:
    rows = _over(Leave, staff, since, until)
    recorded = _recorded("consent_leave", [r[0] for r in rows])
    found: dict[UUID, list[f.LeaveFact]] = defaultdict(list)
    for key, who, begins, ends, kind in rows:
        if (m := recorded.get(str(key))) is not None:
            found[who].append(
                f.LeaveFact(("consent_leave", str(key)), begins, ends, kind, (m.entry, m.n), m.time)
            )
    return found


def _days(since: int, until: int) -> dict[date, f.DayFact]:
    rows = list(
        CalendarDay.objects.filter(day__gte=local_day(since), day__lte=local_day(until))
        .order_by("day", "-revision")
        .distinct("day")
        .values_list("id", "day", "kind")
    )
    recorded = _recorded("consent_calendar_day", [r[0] for r in rows])
    return {
        day: f.DayFact(("consent_calendar_day", str(key)), DayKind(kind))
        for key, day, kind in rows
        if str(key) in recorded
    }


def policy_facts() -> list[f.PolicyFact]:
    """Every policy there was."""
    rows = list(Policy.objects.values_list("id", "starts_at", "rules"))
    recorded = _recorded("consent_policy", [r[0] for r in rows])
    return [
        f.PolicyFact(("consent_policy", str(key)), starts_at, read_rules(rules), (m.entry, m.n), m.time)
        for key, starts_at, rules in rows
        if (m := recorded.get(str(key))) is not None
    ]
