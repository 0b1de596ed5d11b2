"""`jieli customers`: where the company's customers came from."""

import typer

from jieli.access.types import Permission
from jieli.doors.cli.acting import As, permitted
from jieli.doors.cli.frame import AsJson, command, table
from jieli.parties import queries

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
        title = f"客户由公司导入：{share.with_order}/{share.total}，{share.percent()}%；来源不明 {len(unknown)} 人"
        run.answer(values, say=table(title, ["来源不明的客户编号"], [[no] for no in unknown]))
