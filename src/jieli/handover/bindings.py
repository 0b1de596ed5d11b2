"""The person's own bank and tickets may hang on a company number: he gets a list and time before it is cut."""

from collections.abc import Collection, Sequence
from uuid import UUID

from jieli.assets import operations as assets
from jieli.assets import queries as asset_queries
from jieli.assets.watching import resting
from jieli.handover import cards
from jieli.handover.errors import NotInCase
from jieli.handover.models import Case
from jieli.handover.models.things import Binding, NumberLeave
from jieli.handover.reading import locked
from jieli.handover.things_errors import NumberBound
from jieli.handover.things_types import NUMBER_RESTS, BindingRef, NewBinding, NumberState, ServiceKind
from jieli.handover.types import LineClass
from jieli.kernel.ids import new_id
from jieli.ledger.operations import book


def give_list(*, case: UUID, number: UUID, paper: UUID | None = None, by: str, at: int) -> None:
    """The person gets 解绑清单 for a number; his seven days begin. Given again, nothing begins anew."""
    with book(at=at) as b:
        row = locked(case)
        cards.in_case(row, number, LineClass.NUMBER)
        if _leave(row, number) is not None:
            raise NumberBound("解绑清单已经发给本人。", remedy="请等待本人申报。")
        made = NumberLeave(
            id=new_id(at), case=row, number_id=number, given_at=at, paper=paper, complete_at=None, cut_at=None
        )
        b.entry("handover.give_binding_list", by=by, facts=_facts(case, number)).insert(made)


def declare_bindings(
    *, case: UUID, number: UUID, bindings: Sequence[NewBinding], complete: bool, by: str, at: int
) -> list[UUID]:
    """The person says what of his own hangs on the number; `complete`: that is all, and none is all too.

    Those named before are left alone. NumberBound while no list was given.
    """
    with book(at=at) as b:
        leave = _given(locked(case), number)
        known = set(Binding.objects.filter(leave=leave).values_list("kind", "name"))
        wanted = dict.fromkeys((x.kind.value, x.name.strip()) for x in bindings)
        rows = [
            Binding(id=new_id(at), leave=leave, kind=kind, name=name, declared_at=at, unbound_at=None)
            for kind, name in wanted
            if (kind, name) not in known
        ]
        # Naming something new after all means that the list was not whole.
        leave.complete_at = at if complete else (None if rows else leave.complete_at)
        entry = b.entry("handover.declare_bindings", by=by, facts=_facts(case, number) | {"new": len(rows)})
        entry.insert(*rows)
        entry.revise(leave)
    return [row.id for row in rows]


def unbind(*, case: UUID, binding: UUID, unbound_at: int, by: str, at: int) -> None:
    """The person says that one of them no longer hangs on the number. handover.not_in_case for another's."""
    if unbound_at > at:
        raise NumberBound("解绑时刻晚于现在。", remedy="请核对时间。")
    with book(at=at) as b:
        locked(case)
        row = Binding.objects.select_for_update().filter(id=binding, leave__case_id=case).first()
        if row is None:
            raise NotInCase("没有这一项绑定。", remedy="请刷新后重新选择。")
        row.unbound_at = unbound_at
        b.entry("handover.unbind", by=by, facts={"case": str(case)}).revise(row)


def cut_number(*, case: UUID, number: UUID, paper: UUID | None = None, by: str, at: int) -> int:
    """The number goes back and is cut; returns until when it rests before it may be issued again.

    NumberBound (handover.number_bound) while no list was given, and within seven days of it unless the person
    called the list whole and everything on it is unbound.
    """
    with book(at=at) as b:
        row = locked(case)
        leave = _given(row, number)
        state = states(case, [number])[number]
        if leave.cut_at is not None:
            raise NumberBound("该号码已经停用。", remedy="请刷新页面查看。")
        if not state.all_unbound and (state.cut_from is None or at < state.cut_from):
            raise NumberBound(
                "号码上可能还绑着本人的银行卡、支付或购票等服务，现在不能停用。",
                remedy="请等本人全部解绑，或自发出清单起满七日。",
            )
        until = at + NUMBER_RESTS
        leave.cut_at = at
        span = asset_queries.holder_at(number, at)
        if span is None or span.staff_id == row.staff_id:
            assets.take_back(asset_id=number, begins_at=at, paper=paper, by=by, at=at)
        assets.rest_number(number_id=number, until=until, by=by, at=at)
        b.entry("handover.cut_number", by=by, facts=_facts(case, number)).revise(leave)
    return until


def states(case: UUID, numbers: Collection[UUID]) -> dict[UUID, NumberState]:
    """How far each number is on its way; those without a list too. Three queries."""
    leaves = {row.number_id: row for row in NumberLeave.objects.filter(case_id=case, number_id__in=numbers)}
    bound: dict[UUID, list[BindingRef]] = {key: [] for key in numbers}
    for r in Binding.objects.filter(leave__in=list(leaves.values())).select_related("leave").order_by("id"):
        key = r.leave.number_id
        bound[key].append(BindingRef(r.id, key, ServiceKind(r.kind), r.name, r.declared_at, r.unbound_at))
    rests = resting(numbers)
    return {key: _state(key, leaves.get(key), bound[key], rests.get(key)) for key in numbers}


def _state(
    number: UUID, leave: NumberLeave | None, bound: Sequence[BindingRef], rests: int | None
) -> NumberState:
    if leave is None:
        return NumberState(number, None, False, tuple(bound), None, rests)
    return NumberState(
        number, leave.given_at, leave.complete_at is not None, tuple(bound), leave.cut_at, rests
    )


def _leave(row: Case, number: UUID) -> NumberLeave | None:
    return NumberLeave.objects.select_for_update().filter(case=row, number_id=number).first()


def _given(row: Case, number: UUID) -> NumberLeave:
    leave = _leave(row, number)
    if leave is None:
        raise NumberBound("还没有把解绑清单发给本人。", remedy="请先发出解绑清单，给本人七日。")
    return leave


def _facts(case: UUID, number: UUID) -> dict[str, str | int]:
    return {"case": str(case), "number": str(number)}
