"""The command line, put together."""

import typer

from jieli.doors.cli import (
    access,
    approve,
    archive,
    asset,
    case,
    consent,
    customers,
    demo,
    dispute,
    evidence,
    export,
    hold,
    import_,
    keys,
    law,
    ledger,
    load,
    matter,
    media,
    plan,
    rebuild,
    reconcile,
    restore,
    retention,
    search,
    serve,
    witness,
    work,
)
from jieli.doors.cli.typed_wrongly import ChineseFirst

app = typer.Typer(
    cls=ChineseFirst,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="接力：工作账号、合法留痕、清楚交接。",
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("work")(work.work)
app.command("load")(load.load)
app.command("import")(import_.import_)
app.command("reconcile")(reconcile.reconcile)
app.command("search")(search.search)
app.command("read")(search.read)
app.add_typer(consent.app, name="consent")
app.add_typer(matter.app, name="matter")
app.add_typer(media.app, name="media")
app.add_typer(case.app, name="case")
app.add_typer(asset.app, name="asset")
app.add_typer(approve.app, name="approve")
app.add_typer(plan.app, name="plan")
app.add_typer(rebuild.app, name="rebuild")
app.add_typer(hold.hold_app, name="hold")
app.add_typer(archive.shred_app, name="shred")
app.add_typer(retention.retention_app, name="retention")
app.add_typer(evidence.app, name="evidence")
app.add_typer(export.app, name="export")
app.add_typer(dispute.app, name="dispute")
app.add_typer(access.app, name="access")
app.add_typer(customers.app, name="customers")
app.command("law")(law.law)
app.add_typer(keys.app, name="keys")
app.add_typer(ledger.app, name="ledger")
app.add_typer(witness.app, name="witness")
app.add_typer(witness.authority_app, name="stamp")
app.command("backup")(restore.backup)
app.command("restore")(restore.restore)
app.command("fsck")(ledger.fsck)
app.command("check")(ledger.check)
