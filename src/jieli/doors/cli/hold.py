"""`jieli hold`: keeping what must stay: placed, found again, released."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from jieli.access.types import Permission
from jieli.archive import operations
from jieli.archive import queries as archive
from jieli.archive.types import HoldScope
from jieli.consent.types import SubjectKind
from jieli.doors.cli.acting import As, MatterNumber, Reason, matter_of, permitted
from jieli.doors.cli.frame import AsJson, command, out
from jieli.kernel.times import local
from jieli.wiring import holds
from jieli.wiring.holds import HoldTold
from jieli.wiring.subjects import somebody

hold_app = typer.Typer(no_args_is_help=True, help="保全：放置、列出、解除。")
#: What can be placed by hand; 时效 is a rule's, and asked for anyway it is refused with a sentence.
BY_HAND = "条目|会话|人|类别"


@hold_app.command("place")
def place(
    scope: Annotated[
        HoldScope,
        typer.Argument(metavar=BY_HAND, help="保全什么。时效由规则放置，不能用手放。", show_choices=False),
    ],
    target: Annotated[str, typer.Argument(help="条目或会话编号；人：工号或客户编号；类别：chat 或 call。")],
    reason: Reason,
    sign_in: As,
    kind: Annotated[
        SubjectKind | None, typer.Option("--kind", help="员工 或 客户；同一个编号两边都有时写明。")
    ] = None,
    matter: MatterNumber = None,
    as_json: AsJson = False,
) -> None:
    """放置保全：解除之前，任何途径都不能销毁。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.HOLD)
        named = str(somebody(target, kind).id) if scope is HoldScope.PERSON else target
        done = operations.hold(
            scope=scope, target=named, ground=reason, matter=matter_of(matter), by=by.actor, at=run.at()
        )
        [told] = holds.tell([done])
        values = {"hold": done.id, "scope": scope.value, "target": named, "what": told.what}
        said = f"已保全：{told.what}。保全编号 {done.id}"
        run.answer(values, say=lambda: out.print(said, markup=False, soft_wrap=True))


@hold_app.command("list")
def list_(
    sign_in: As,
    matter: MatterNumber = None,
    everything: Annotated[bool, typer.Option("--all", help="连同规则放置的时效保全和已经解除的。")] = False,
    as_json: AsJson = False,
) -> None:
    """列出保全：保的是什么、谁放的、为什么、哪个事项、到什么时候。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.HOLD)
        every = archive.holds(matter=matter_of(matter))
        placed, by_rule = holds.by_people(every)
        shown = holds.tell(every if everything else placed)
        values = {
            "in_force": len(placed) + by_rule,
            "by_rule": by_rule,
            "count": len(shown),
            "holds": [_values(one) for one in shown],
        }
        run.answer(values, say=lambda: _say(shown, len(placed) + by_rule, by_rule, everything=everything))


def _values(one: HoldTold) -> dict[str, Any]:
    hold = one.hold
    return {
        "hold": hold.id, "scope": hold.scope.value, "target": hold.target, "what": one.what,
        "number": one.who.number if one.who else None, "by": hold.by, "placed_by": one.placed_by,
        "reason": hold.ground, "matter": one.matter or None, "at": hold.at, "released_at": hold.released_at,
    }  # fmt: skip


def _say(shown: Sequence[HoldTold], standing: int, by_rule: int, *, everything: bool) -> None:
    """A block for each: an id alone takes half of a screen's width."""
    out.print(f"在保全中 {standing} 项，其中规则放置的时效保全 {by_rule} 项", markup=False)
    for one in shown:
        hold, matter = one.hold, f"，事项 {one.matter}" if one.matter else ""
        until = "在保全中" if hold.released_at is None else f"{local(hold.released_at):%Y-%m-%d} 已解除"
        out.print(f"{one.what}（{hold.scope.value}）：{hold.ground}", markup=False)
        out.print(f"  {one.placed_by} {local(hold.at):%Y-%m-%d} 放置{matter}，{until}", markup=False)
        out.print(f"  编号 {hold.id}", markup=False)
    if not everything and by_rule:
        out.print("时效保全和已经解除的，以 --all 列出。", markup=False)


@hold_app.command("release")
def release(
    hold: Annotated[UUID, typer.Argument(help="保全编号，见 jieli hold list。")],
    reason: Reason,
    sign_in: As,
    as_json: AsJson = False,
) -> None:
    """解除保全；解除本身不销毁任何东西。"""
    with command(as_json=as_json) as run:
        by = permitted(run, sign_in, Permission.HOLD)
        operations.release(hold=hold, reason=reason, by=by.actor, at=run.at())
        run.answer({"released": hold}, say=lambda: out.print(f"已解除保全 {hold}。", markup=False))
