"""Questions about a dispute that are not one of its issues: certificate, label, clauses, rules, route, liability.

Reads only. Facts come screened: what rests on quarantined exhibits alone counts as disputed (R3.4).
"""

from dataclasses import dataclass
from datetime import date

from jieli.evidence import disputes_queries, facts_queries
from jieli.evidence.assessments import certificate, routes, whole
from jieli.evidence.assessments.liability import LiabilityMap
from jieli.evidence.assessments.routes import Route
from jieli.evidence.assessments.view import FactView, screen
from jieli.law.deadlines import Due
from jieli.law.verdicts import Fact, Precision, Verdict


def usable(number: str) -> list[Fact]:
    """The facts of a dispute as rules may take them; NoSuchDispute, matters.unknown."""
    given = facts_queries.stated(disputes_queries.dispute(number).id)
    return screen(given.facts, given.quarantined)[0]


def liability_map(number: str) -> LiabilityMap:
    """The four heads with their elements and overlaps, as the facts stand now (R0.44)."""
    given = facts_queries.stated(disputes_queries.dispute(number).id)
    return whole.assess(given.facts, given.losses, given.quarantined).liability


@dataclass(frozen=True, slots=True)
class CertificateStands:
    """Whether the certificate may wait, and its last day where one is known; `days_late` counts from then."""

    verdict: Verdict
    due: Due | None
    days_late: int


def certificate_of(facts: list[Fact], *, today: date) -> CertificateStands:
    """For 劳动 and 派遣 the last day is the day on which the relation ended, where that is known to the day (W11)."""
    view = FactView(facts)
    days = [f.event for f in view.evidenced("engagement.ended") if f.event is not None]
    exact = [d.last for d in days if d.precision is Precision.DAY]
    due = certificate.due(view.settled("engagement.kind"), exact[-1]) if exact else None
    verdict = certificate.assess(facts)
    issued = verdict.code == certificate.ISSUED
    return CertificateStands(verdict, due, 0 if due is None or issued else due.days_late(today))


def route_of(facts: list[Fact]) -> Route:
    """Where to bring it, by the kind of engagement that is evidenced (R0.3)."""
    return routes.advise(FactView(facts).settled("engagement.kind"))
