"""The command line, put together."""

import typer

from jieli.doors.cli import ledger, witness

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="接力：工作账号、合法留痕、清楚交接。",
)
app.add_typer(ledger.app, name="ledger")
app.add_typer(ledger.keys_app, name="keys")
app.add_typer(witness.app, name="witness")
app.add_typer(witness.authority_app, name="stamp")
app.command("fsck")(ledger.fsck)
