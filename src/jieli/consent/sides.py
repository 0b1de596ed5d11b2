"""The two sides of a message: the account with its holder, and whoever else speaks or listens. Pure.

A `Bench` reads one set of facts in one manner, live or historical. Every side is a track over time, worked out once
for each stretch in which its answer cannot change; the gate joins two of them for a message.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from uuid import UUID

from jieli.consent.accounts import AccountSide, held
from jieli.consent.facts import (
    AccountFact,
    Facts,
    IdentityFact,
    PolicyFact,
    RowName,
    StaffFact,
    StepFact,
    Subject,
)
from jieli.consent.policy import documents_from, employed, notice_from
from jieli.consent.reasons import Reason
from jieli.consent.shifts import Duty, Roster, midnights
from jieli.consent.side import Side, against
from jieli.consent.timeline import SILENCE, Consent, Track, consent_over_time, holds_from
from jieli.consent.types import Means, Rules, Scope, Step, SubjectKind
from jieli.kernel.times import MINUTE, start_of_day

NO_RULES = Rules()


class Bench:
    """Tracks of sides, made when first asked for and kept."""

    def __init__(self, facts: Facts, *, historical: bool) -> None:
        self.facts, self.historical = facts, historical
        self._midnights = midnights(facts.since, facts.until)
        self._rosters: dict[UUID, Roster] = {}
        self._consents: dict[tuple[Subject, Subject | None, Means, str], dict[Scope, Track[Consent]]] = {}
        self._accounts: dict[tuple[str, Means, bool], Track[Side]] = {}
        self._people: dict[tuple[UUID, Means], Track[Side]] = {}
        self._customers: dict[tuple[str, Means, str], Track[Side]] = {}
        self._listening: dict[tuple[str, Means, str], Track[Side]] = {}
        self._placed: dict[str, bool] = {}
        self._usual: dict[str, dict[int, Duty]] = {}  # by post and instant
        policies = sorted(facts.policies, key=lambda p: p.order)
        self._policies = [(self._from(p.starts_at, p.time), p) for p in policies]
        self._late_withdrawal = bool(policies) and policies[-1].rules.late_withdrawal

    def move(self, facts: Facts) -> None:
        """Go on with what is known of the same people at other times; what no time limits stands."""
        self.facts = facts
        self._midnights = midnights(facts.since, facts.until)
        self._rosters.clear()
        self._accounts.clear()
        self._usual.clear()

    def _from(self, claimed: int, time: int) -> int:
        return holds_from(claimed, time, historical=self.historical)

    def _policy(self, ms: int) -> tuple[Rules, RowName | None]:
        """The rules in force: of the policies that hold at the instant, the one written last."""
        found: PolicyFact | None = None
        for begins, policy in self._policies:
            if begins <= ms:
                found = policy
        return (found.rules, found.row) if found else (NO_RULES, None)

    # -- one person -------------------------------------------------------------------------------

    def consents(
        self, subject: Subject, means: Means, place: str = "", also: Subject | None = None
    ) -> dict[Scope, Track[Consent]]:
        """What a person's statements come to, over time, for what is said at a place; no track where nothing was said.

        `also` is the name a platform has for the same person: its own statements count under that name only.
        """
        key = (subject, also, means, place)
        tracks = self._consents.get(key)
        if tracks is None:
            said: dict[Scope, list[StepFact]] = {}
            for s in (*self.facts.steps.get(subject, ()), *(self.facts.steps.get(also, ()) if also else ())):
                if s.means is means and (not s.towards or s.towards == place):
                    said.setdefault(s.scope, []).append(s)
            tracks = self._consents[key] = {
                scope: consent_over_time(
                    steps, historical=self.historical, late_withdrawal=self._late_withdrawal
                )
                for scope, steps in said.items()
            }
        return tracks

    def own(self, staff: UUID, means: Means) -> Track[Side]:
        """What must be true of a staff member at any hour: employed, in a recorded post, papers, notice, consent."""
        track = self._people.get((staff, means))
        if track is None:
            track = self._people[staff, means] = self._own(self.facts.staff[staff], means)
        return track

    def _own(self, person: StaffFact, means: Means) -> Track[Side]:
        facts = self.facts
        papers = documents_from(facts.documents.get(person.id, ()), historical=self.historical)
        papers_from = (
            max((begins for begins, _ in papers.values()), default=None) if len(papers) == 4 else None
        )
        told = notice_from(facts.served.get(person.id, ()), means, historical=self.historical)
        tracks = self.consents(person.id, means)
        capture = tracks.get(Scope.CAPTURE, SILENCE)

        def at(ms: int) -> Side:
            rules, policy = self._policy(ms)
            consent = capture.at(ms)
            reasons = employed(person.joined_on, person.left_on, ms)
            if person.post not in rules.posts:
                reasons.append(Reason.POST_NOT_RECORDED)
            if papers_from is None or ms < papers_from:
                reasons.append(Reason.DOCUMENTS_INCOMPLETE)
            if told is None or ms < told[0]:
                reasons.append(Reason.NOT_NOTIFIED)
            grant = grant_in(consent, rules)
            if grant is None:
                reasons.append(_why(consent, Reason.NOT_AGREED, Reason.WITHDRAWN))
            if consent.objection:
                reasons.append(Reason.OBJECTION_OPEN)
            if reasons:
                return against(*reasons)
            rows = [person.row, policy, *(row for _, row in papers.values()), told and told[1], grant]
            found = ((scope, track.at(ms)) for scope, track in tracks.items())
            scopes = frozenset(scope for scope, c in found if grant_in(c, rules) and not c.objection)
            return Side(rows=tuple(r for r in rows if r is not None), scopes=scopes, holder=person.id)

        changes = [start_of_day(person.joined_on), papers_from, told and told[0]]
        if person.left_on is not None:
            changes.append(start_of_day(person.left_on + timedelta(days=1)))
        return Track(
            [
                *(c for c in changes if c is not None),
                *(begins for begins, _ in self._policies),
                *(s for t in tracks.values() for s in t.starts),
            ],
            at,
        )

    def duty(self, staff: UUID, ms: int) -> Duty:
        """What stands against recording a staff member on the side of his time."""
        return self._duties(staff)(ms)

    def _duties(self, staff: UUID) -> Callable[[int], Duty]:
        """What stands against a staff member on the side of his time, at every instant that is asked for."""
        roster, post = self._roster(staff), self.facts.staff[staff].post

        def at(ms: int) -> Duty:
            rules, policy = self._policy(ms)
            return roster.duty(ms, rules.default_shifts.get(post), policy)

        if not roster.usual:
            return at
        # All of a post who have neither a shift nor leave of their own are at work at the same hours.
        usual = self._usual.setdefault(post, {})

        def as_usual(ms: int) -> Duty:
            found = usual.get(ms)
            if found is None:
                found = usual[ms] = at(ms)
            return found

        return as_usual

    def _roster(self, staff: UUID) -> Roster:
        found = self._rosters.get(staff)
        if found is None:
            facts = self.facts
            found = self._rosters[staff] = Roster(
                facts.shifts.get(staff, ()),
                facts.leave.get(staff, ()),
                facts.days,
                historical=self.historical,
            )
        return found

    def _duty_changes(self, person: StaffFact) -> Iterable[int]:
        yield from self._roster(person.id).changes
        yield from self._midnights
        for _, policy in self._policies:
            if (default := policy.rules.default_shifts.get(person.post)) is not None:
                for midnight in self._midnights:
                    yield midnight + default.begins * MINUTE
                    yield midnight + default.ends * MINUTE

    # -- an account and whoever holds it ----------------------------------------------------------

    def account(self, handle: str, means: Means, *, at_work: bool) -> Track[Side]:
        """An account with its holder. `at_work` False leaves the shift out: for one who speaks in a group."""
        key = (handle, means, at_work)
        track = self._accounts.get(key)
        if track is None:
            fact = self.facts.accounts.get(handle)
            track = self._accounts[key] = (
                Track((), lambda ms: against(Reason.ACCOUNT_UNKNOWN))
                if fact is None
                else self._account(fact, means, at_work)
            )
        return track

    def _account(self, fact: AccountFact, means: Means, at_work: bool) -> Track[Side]:
        changes = {fact.time if not self.historical else 0}
        holdings = []
        for h in fact.holdings:
            own = duty = None
            if h.staff is not None:
                own, duty = self.own(h.staff, means), self._duties(h.staff)
                changes.update(own.starts)
                changes.update(self._duty_changes(self.facts.staff[h.staff]))
            holdings.append(held(fact, h, own, duty, historical=self.historical))
            changes.update((holdings[-1].begins, h.ends or 0))
        changes.update(self._from(s.signed_at, s.time) for s in fact.signed)
        side = AccountSide(fact, holdings, at_work=at_work, historical=self.historical)
        return Track(changes, side)

    # -- a customer -------------------------------------------------------------------------------

    def customer(self, external_id: str, means: Means, place: str) -> Track[Side]:
        """A customer who speaks: his own explicit consent for what is said at a place."""
        place = self._place_for(external_id, place)
        key = (external_id, means, place)
        track = self._customers.get(key)
        if track is None:
            track = self._customers[key] = self._customer(self.facts.identities[external_id], means, place)
        return track

    def knows(self, external_id: str) -> int | None:
        """From when a platform's id is known to be a customer's; None: not at all."""
        fact = self.facts.identities.get(external_id)
        return None if fact is None else 0 if self.historical else fact.time

    def _place_for(self, external_id: str, place: str) -> str:
        """The place, or "" where the customer said nothing of any: then all places are one."""
        found = self._placed.get(external_id)
        if found is None:
            fact, steps = self.facts.identities[external_id], self.facts.steps
            said = (*steps.get(fact.customer, ()), *steps.get(external_id, ()))
            found = self._placed[external_id] = any(s.towards for s in said)
        return place if found else ""

    def _customer(self, fact: IdentityFact, means: Means, place: str) -> Track[Side]:
        tracks = self.consents(fact.customer, means, place, also=fact.external_id)
        capture = tracks.get(Scope.CAPTURE, SILENCE)
        told = notice_from(self.facts.served.get(fact.customer, ()), means, historical=self.historical)

        def at(ms: int) -> Side:
            rules, _ = self._policy(ms)
            consent, reasons = capture.at(ms), []
            grant = self._grant_of(fact, consent, rules)
            if grant is None and fact.minor:
                reasons.append(Reason.GUARDIAN_MISSING)
            elif grant is None:
                reasons.append(_why(consent, Reason.CUSTOMER_NOT_AGREED, Reason.CUSTOMER_WITHDRAWN))
            elif grant != consent.by_platform and grant != consent.default and (told is None or ms < told[0]):
                reasons.append(Reason.CUSTOMER_NOT_NOTIFIED)
            if consent.objection:
                reasons.append(Reason.CUSTOMER_OBJECTION_OPEN)
            if reasons:
                return against(*reasons)
            rows = (*fact.rows, told and told[1], grant)
            return Side(
                rows=tuple(r for r in rows if r is not None),
                scopes=frozenset(s for s, t in tracks.items() if self._agreed(fact, t.at(ms), rules)),
                speaker=(SubjectKind.CUSTOMER, fact.customer),
            )

        starts = [s for t in tracks.values() for s in t.starts]
        return Track([*starts, *(begins for begins, _ in self._policies), told[0] if told else 0], at)

    @staticmethod
    def _grant_of(fact: IdentityFact, consent: Consent, rules: Rules) -> RowName | None:
        """For a minor only his guardian's; the platform's own word needs no notice of ours, so it goes first."""
        return consent.guardian if fact.minor else consent.by_platform or grant_in(consent, rules)

    def _agreed(self, fact: IdentityFact, consent: Consent, rules: Rules) -> bool:
        return self._grant_of(fact, consent, rules) is not None and not consent.objection

    def listening(self, external_id: str, means: Means, place: str) -> Track[Side]:
        """A customer to whom is spoken one to one: silence stands against nothing, a no against all (R3.29)."""
        place = self._place_for(external_id, place)
        track = self._listening.get((external_id, means, place))
        if track is None:
            track = self._listening[external_id, means, place] = self._listens(external_id, means, place)
        return track

    def _listens(self, external_id: str, means: Means, place: str) -> Track[Side]:
        fact = self.facts.identities[external_id]
        speaking = self.customer(external_id, means, place)
        said = self.consents(fact.customer, means, place, also=external_id).get(Scope.CAPTURE, SILENCE)

        def at(ms: int) -> Side:
            reasons = speaking.at(ms).reasons
            if reasons:
                reasons -= _SILENCE if said.at(ms).ended is None else _UNTOLD
            return Side(reasons, rows=() if reasons else fact.rows)

        return Track(speaking.starts, at)


_UNTOLD = frozenset({Reason.CUSTOMER_NOT_NOTIFIED})
_SILENCE = _UNTOLD | {Reason.NOT_EXPLICIT, Reason.CUSTOMER_NOT_AGREED}


def grant_in(consent: Consent, rules: Rules) -> RowName | None:
    """The grant that counts under the rules, if one stands."""
    return consent.explicit or (consent.default if rules.default_agree else None)


def _why(consent: Consent, none: Reason, withdrawn: Reason) -> Reason:
    if consent.default is not None:
        return Reason.NOT_EXPLICIT
    return withdrawn if consent.ended is Step.WITHDRAW else none
