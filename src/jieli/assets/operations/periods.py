"""Loading holdings, users and members of groups in bulk, by whose they are and when they begin."""

from collections.abc import Iterable, Sequence
from typing import Any

from jieli.assets.judged import by_the_database
from jieli.assets.models import GroupMember, Holding, Use
from jieli.assets.policy import check_moment, check_period
from jieli.assets.spans import of_range, to_range
from jieli.assets.types import NewHolding, NewMember, NewUse
from jieli.kernel.ids import new_id
from jieli.ledger.tables import Row
from jieli.parties import queries as parties
from jieli.parties.registers import Changes, put
from jieli.parties.types import Outcome


def load_holdings(rows: Sequence[NewHolding], *, by: str, at: int) -> Outcome:
    """Holdings by asset and beginning (P6): a known one with another end or holder is a correction.

    The state of accounts is not touched: this states what was, it hands nothing over. One entry, all or none:
    assets.holder_overlap if the database finds a second holder, whoever put it there.
    """
    wanted: list[_Wanted] = []
    for r in rows:
        rest: dict[str, Any] = {"holder_kind": r.holder_kind.value, "staff_id": r.staff_id}
        # A sheet knows no papers: the one that a hand-over left on this holding stays.
        wanted.append(((r.asset_id,), r, {**rest, "paper": r.paper} if r.paper else rest))
    return _load(Holding, ["asset_id"], wanted, "assets.load_holdings", by, at)


def load_uses(rows: Sequence[NewUse], *, by: str, at: int) -> Outcome:
    """Users beside the holder, by asset, person and beginning. assets.period_overlap as above."""
    wanted: list[_Wanted] = [((r.asset_id, r.staff_id), r, {}) for r in rows]
    return _load(Use, ["asset_id", "staff_id"], wanted, "assets.load_uses", by, at)


def load_members(rows: Sequence[NewMember], *, by: str, at: int) -> Outcome:
    """Members of groups, by group, platform id and beginning. assets.period_overlap as above.

    Of an erased customer nothing is loaded (ADR 26).
    """
    erased = parties.erased_customers({r.customer_id for r in rows if r.customer_id is not None})
    rows = [r for r in rows if r.customer_id not in erased]
    wanted = [
        ((r.group_id, r.external_id), r, {"account_id": r.account_id, "customer_id": r.customer_id})
        for r in rows
    ]
    return _load(GroupMember, ["group_id", "external_id"], wanted, "assets.load_members", by, at)


_Wanted = tuple[tuple[Any, ...], NewHolding | NewUse | NewMember, dict[str, Any]]


def _load(
    model: type[Row], scope: Sequence[str], wanted: Sequence[_Wanted], kind: str, by: str, at: int
) -> Outcome:
    for _, row, _ in wanted:
        check_moment(row.begins_at, at=at)
        check_period(row.begins_at, row.ends_at)
    with by_the_database():
        return put(lambda: _compare(model, scope, wanted, at), kind=kind, by=by, at=at)


def _compare(model: type[Row], scope: Sequence[str], wanted: Sequence[_Wanted], at: int) -> Changes:
    present = standing(model, scope, {key[0] for key, _, _ in wanted})
    new: list[Row] = []
    changed: list[Row] = []
    for key, row, rest in wanted:
        values = {**rest, "during": to_range(row.begins_at, row.ends_at)}
        known = present.get((*key, row.begins_at))
        if known is None:
            new.append(model(pk=new_id(at), **dict(zip(scope, key, strict=True)), **values))  # type: ignore[misc]
        elif any(getattr(known, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(known, name, value)
            changed.append(known)
    return Changes(new, changed, len(wanted) - len(new) - len(changed))


def standing(model: type[Row], scope: Sequence[str], owners: Iterable[Any]) -> dict[tuple[Any, ...], Row]:
    """The periods kept for these assets or groups, by scope and beginning; one query."""
    rows = model._base_manager.filter(**{f"{scope[0]}__in": list(owners)})
    return {(*(getattr(r, name) for name in scope), of_range(r.during)[0]): r for r in rows}  # type: ignore[attr-defined]
