"""Who somebody is on the platform: accounts of the register, by whoever held them."""

from collections.abc import Collection
from uuid import UUID

from jieli.assets import queries as assets
from jieli.parties import queries as parties

PLATFORM = "wecom"


def of_staff(staff: Collection[UUID], *, at: int) -> dict[UUID, str]:
    """Each one's userid: of the account he holds at an instant, or held last before it. Without one he is absent."""
    wanted = set(staff)
    accounts = {ref.id: handle for handle, ref in sorted(assets.accounts(PLATFORM).items())}
    best: dict[UUID, tuple[int, int, str]] = {}
    for account, spans in assets.holdings_of(accounts).items():
        for span in spans:
            if span.staff_id is None or span.staff_id not in wanted or span.from_ms > at:
                continue
            until = at + 1 if span.holds(at) else span.to_ms or 0
            found = (until, span.from_ms, accounts[account])
            best[span.staff_id] = max(best.get(span.staff_id, found), found)
    return {key: handle for key, (_, _, handle) in best.items()}


def of_customers(customers: Collection[UUID]) -> dict[UUID, str]:
    """Each customer's external id on the platform; who has none is absent."""
    found = {}
    for customer, names in parties.identities_of(customers).items():
        ids = [external for platform, external in names if platform == PLATFORM]
        if ids:
            found[customer] = ids[0]
    return found
