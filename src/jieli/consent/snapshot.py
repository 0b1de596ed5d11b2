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

import jieli.assets.queries as assets
import jieli.parties.queries as parties
from jieli.assets.types import AccountState, GroupKind
from jieli.consent import facts as f
from jieli.consent import recorded
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
    return set() if customers is None else customers | assets.states(platform).keys()


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
    states = assets.states(platform, wanted)
    accounts = account_facts(states)
    holders = {h.staff for a in accounts for h in a.holdings if h.staff is not None}
    identities = _identities(platform, wanted - states.keys())
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


#: Asked for each batch of an import, and planned each time: a plan kept for any numbers cannot know that little was
#: written since, and once the book has some hundred thousand parts it reads all of them.
_STANDS = (
    "SELECT index, time, (SELECT max(id) FROM ledger_log) = $1"
    " AND NOT EXISTS (SELECT 1 FROM ledger_part WHERE log = $1 AND entry >= $2"
    " AND row_table = ANY($3::text[])) AND ($4 OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE log = $1"
    " AND index >= $2 AND kind <> ALL($5::text[]))) FROM ledger_entry WHERE log = $1 ORDER BY index DESC LIMIT 1"
)


@cache
def _basis_tables() -> str:
    """The tables whose rows a basis may cite; which they are stands in the code."""
    return plain.array(model._meta.db_table for model in house_tables() if model.basis)


def current_head(read_at: ledger.Head, *, beside: Collection[str] | None = None) -> ledger.Head | None:
    """Where the book stands now, if nothing a gate rests on was written since one was read at this head; else None.

    Under `locks.read_bases()` that stays true until the transaction ends. Two index ranges: the parts written
    since, none of which may be a row of a basis; and the entries, none of which may be of another kind than those
    `beside`, where these are named: a destruction writes no row and yet takes facts away. The head, and which log is
    the live one, are read in the same statement, so that what is committed after it is looked at the next time.
    """
    log = read_at.log
    args = [log, read_at.size, _basis_tables(), beside is None, plain.array(beside or ())]
    last = next(iter(plain.rows(_STANDS, args)), None)
    if last is None:
        return read_at if ledger.live_log() == log else None
    index, time, unchanged = last
    return ledger.Head(log, index + 1, time) if unchanged else None


# -- when a revised row came to say what it says -----------------------------------------------------


def _recorded(table: str, ids: Collection[object]) -> dict[str, Recorded]:
    return recorded.versions(table, ids)[0]


def _standing_since(table: str, ids: Collection[object], *columns: str) -> dict[str, Recorded]:
    """When each row came to have the values it has in these columns.

    A register's row is revised for many reasons (a holding gets its end); only a change of these columns makes
    it another basis. Rows of one version, nearly all, are read without their bodies.
    """
    found, revised = recorded.versions(table, ids)
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


def account_facts(states: Mapping[str, tuple[UUID, AccountState]]) -> list[f.AccountFact]:
    """Accounts, named by their handles, with their holders and signatures."""
    if not states:
        return []
    ids = [key for key, _ in states.values()]
    holdings, signed = assets.holdings_of(ids), assets.acknowledgements(ids)
    accounts = _recorded("assets_account", ids)
    spans = _standing_since(
        "assets_holding", [h.id for hs in holdings.values() for h in hs], "staff_id", "during"
    )
    papers = _recorded("assets_acknowledgement", [s.id for ss in signed.values() for s in ss])
    return [
        f.AccountFact(
            ("assets_account", str(key)), key, handle,
            stock=state is AccountState.UNSIGNED_STOCK, closed=state is AccountState.CLOSED,
            time=accounts[str(key)].time,
            holdings=[
                f.HoldingFact(
                    ("assets_holding", str(h.id)), h.staff_id, h.from_ms, h.to_ms, spans[str(h.id)].time
                )
                for h in holdings[key] if str(h.id) in spans
            ],
            signed=[
                f.SignedFact(
                    ("assets_acknowledgement", str(s.id)), s.staff_id, s.signed_at, papers[str(s.id)].time
                )
                for s in signed[key] if str(s.id) in papers
            ],
        )
        for handle, (key, state) in states.items() if str(key) in accounts
    ]  # fmt: skip


def _identities(platform: str, external_ids: Collection[str]) -> dict[str, f.IdentityFact]:
    if not external_ids:
        return {}
    rows = [
        (who, str(row), customer, minor)
        for who, (row, customer, minor) in parties.identity_rows(platform, external_ids).items()
    ]
    since = _standing_since("parties_customer_identity", [row for _, row, _, _ in rows], "customer_id")
    return {
        who: f.IdentityFact(
            (("parties_customer_identity", row), ("parties_customer", str(customer))),
            who,
            customer,
            minor,
            since[row].time,
        )
        for who, row, customer, minor in rows
        if row in since
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


_SERVED = recorded.of(
    "consent_served",
    "r.subject::text, r.claimed_at, w.means, w.scopes",
    "consent_served r JOIN consent_notice w ON w.id = r.notice_id",
    "r.subject = ANY($1::uuid[])",
)
_SAID = recorded.of(
    "consent_step",
    "r.subject::text, r.external_id, r.means, r.scope, r.step, r.claimed_at, r.stated_by, r.explicit, r.guardian,"
    " r.towards",
    "consent_step r",
    "r.subject = ANY($1::uuid[]) OR (r.platform = $2::text AND r.external_id = ANY($3::text[]))",
)
_DOCUMENTS = recorded.of(
    "consent_document",
    "r.staff_id, r.kind, r.signed_on",
    "consent_document r",
    "r.staff_id = ANY($1::uuid[])",
)
#: Spans that share an instant with the days in question.
_SHIFTS, _LEAVE = (
    recorded.of(
        table,
        "r.staff_id, r.begins, r.ends, r.kind",
        f"{table} r",
        "r.staff_id = ANY($1::uuid[]) AND r.begins < $2 AND r.ends > $3",
    )
    for table in ("consent_shift", "consent_leave")
)
_DAYS = recorded.of(
    "consent_calendar_day",
    "r.day, r.kind",
    "(SELECT DISTINCT ON (day) id, day, kind FROM consent_calendar_day WHERE day BETWEEN $1 AND $2"
    " ORDER BY day, revision DESC) r",
    "TRUE",
)
_POLICIES = recorded.of("consent_policy", "r.starts_at, r.rules", "consent_policy r", "TRUE")
_MEANS, _SCOPES, _STEPS = (
    {m.value: m for m in Means},
    {s.value: s for s in Scope},
    {s.value: s for s in Step},
)


def served_facts(subjects: Collection[UUID]) -> dict[UUID, list[f.ServedFact]]:
    """Which notices reached whom."""
    names = {str(subject): subject for subject in subjects}
    rows = plain.rows(_SERVED, [plain.array(names)]) if subjects else []
    # All who were told by one notice were told of the same.
    all_means = cache(lambda words: frozenset(map(Means, words)))
    all_scopes = cache(lambda words: frozenset(map(Scope, words)))
    found: dict[str, list[f.ServedFact]] = defaultdict(list)
    for key, _, _, time, subject, claimed, means, scopes in rows:
        found[subject].append(
            f.ServedFact(
                ("consent_served", key), all_means(tuple(means)), all_scopes(tuple(scopes)), claimed, time
            )
        )  # fmt: skip
    return {names[subject]: served for subject, served in found.items()}


def step_facts(
    subjects: Collection[UUID], *, platform: str, external_ids: Collection[str]
) -> dict[f.Subject, list[f.StepFact]]:
    """What people said, and what the platform says they said."""
    names = {str(subject): subject for subject in subjects}
    rows = plain.rows(_SAID, [plain.array(names), platform, list(external_ids)])
    found: dict[tuple[str | None, str], list[f.StepFact]] = defaultdict(list)
    for (
        key,
        entry,
        n,
        time,
        subject,
        external,
        means,
        scope,
        step,
        claimed,
        by,
        explicit,
        guardian,
        towards,
    ) in rows:
        found[subject, "" if subject else external].append(
            f.StepFact(
                ("consent_step", key), _MEANS[means], _SCOPES[scope], _STEPS[step], claimed,
                by == StatedBy.PLATFORM.value, explicit, guardian, towards, (entry, n), time,
            )
        )  # fmt: skip
    return {
        external if subject is None else names.get(subject) or UUID(subject): said
        for (subject, external), said in found.items()
    }


def _documents(staff: Collection[UUID]) -> dict[UUID, list[f.DocumentFact]]:
    found: dict[UUID, list[f.DocumentFact]] = defaultdict(list)
    for key, _, _, time, who, kind, signed_on in plain.rows(_DOCUMENTS, [plain.array(staff)]):
        found[who].append(f.DocumentFact(("consent_document", key), DocumentKind(kind), signed_on, time))
    return found


def _shifts(staff: Collection[UUID], since: int, until: int) -> dict[UUID, list[f.ShiftFact]]:
    rows = plain.rows(_SHIFTS, [plain.array(staff), until + DAY, since - DAY])
    found: dict[UUID, list[f.ShiftFact]] = defaultdict(list)
    for key, entry, n, time, who, begins, ends, kind in rows:
        found[who].append(
            f.ShiftFact(("consent_shift", key), begins, ends, ShiftKind(kind), (entry, n), time)
        )
    return found


def _leave(staff: Collection[UUID], since: int, until: int) -> dict[UUID, list[f.LeaveFact]]:
    rows = plain.rows(_LEAVE, [plain.array(staff), until + DAY, since - DAY])
    found: dict[UUID, list[f.LeaveFact]] = defaultdict(list)
    for key, entry, n, time, who, begins, ends, kind in rows:
        found[who].append(f.LeaveFact(("consent_leave", key), begins, ends, kind, (entry, n), time))
    return found


def _days(since: int, until: int) -> dict[date, f.DayFact]:
    rows = plain.rows(_DAYS, [local_day(since), local_day(until)])
    return {day: f.DayFact(("consent_calendar_day", key), DayKind(kind)) for key, _, _, _, day, kind in rows}


def policy_facts() -> list[f.PolicyFact]:
    """Every policy there was."""
    return [
        f.PolicyFact(("consent_policy", key), starts_at, read_rules(rules), (entry, n), time)
        for key, entry, n, time, starts_at, rules in plain.rows(_POLICIES, [])
    ]
