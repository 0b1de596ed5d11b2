"""`jieli customers`: where the company's customers came from."""

import typer

from jieli.access.types import Permission
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, out
from jieli.parties import queries
from jieli.parties.types import OrderShare

app = typer.Typer(no_args_is_help=True, help="客户：来源。")


@app.command("sources")
def sources(sign_in: As, as_json: AsJson = False) -> None:
    """客户由公司导入的比例（有订单者），并列出来源不明的客户。"""
    with command(as_json=as_json) as run:
        permitted(run, sign_in, Permission.SEE_ACCOUNTS)
        number = {ref.id: no for no, ref in queries.customers_by_no().items()}
        share = queries.order_share(number)
        unknown = [number[key] for key in share.unknown]
        values = {
            "customers": share.total,
            "with_order": share.with_order,
            "percent": share.percent(),
            "unknown": unknown,
        }
        run.answer(values, say=lambda: _say(share, unknown))


def _say(share: OrderShare, unknown: list[str]) -> None:
    out.print(
        f"客户由公司导入（有订单）：{share.with_order}/{share.total}，{share.percent()}%；"
        f"来源不明 {len(unknown)} 人{'：' if unknown else ''}{'、'.join(unknown)}",
        markup=False,
        soft_wrap=True,
    )
