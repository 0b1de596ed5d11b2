"""A data directory: made whole or not at all, and the settings it always runs with."""

import shutil
import subprocess

from .binaries import Binaries, environment, find, identity_of, major_of, reachable
from .errors import PostgresError
from .identity import PORT, Layout, caller_name, make_socket_dir
from .locks import sync_directory, write_whole
from .sizing import disk_of, memory_of, sized

SUPERUSER = "postgres"


def settle(layout: Layout, *, durable: bool) -> Binaries:
    """Make everything that a start needs; called with the supervisor's lock held. Returns the programs.

    Errors: those of `binaries`, and `postgres.data_missing`, `postgres.initdb_failed`.
    """
    binaries = reachable(find(layout.data), layout)
    if major_of(layout.data) is None:
        if layout.made.exists():
            raise PostgresError(
                "postgres.data_missing",
                f"The data directory {layout.data} is gone; restore it from the backup, "
                f"or remove {layout.base} and {layout.secrets} to begin with an empty server.",
            )
        _initdb(layout, binaries, durable=durable)
    if not layout.made.exists():
        write_whole(layout.made, str(binaries.major))
    make_socket_dir(layout)
    _write_access(layout)
    return binaries


def command(layout: Layout, binaries: Binaries, *, durable: bool) -> list[str]:
    """The command line of postgres: settings given here cannot be undone in the data directory."""
    settings = {
        "listen_addresses": "",
        "port": str(PORT),
        "unix_socket_directories": '"' + str(layout.socket_dir).replace('"', '""') + '"',
        "unix_socket_permissions": "0700",
        "hba_file": str(layout.base / "pg_hba.conf"),
        "ident_file": str(layout.base / "pg_ident.conf"),
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Content must never reach the log: an ERROR's text, its DETAIL ("Key (…)=(…) exists") and the
        # statement hold it. LOG ranks above ERROR here, so what the server says of itself is kept.
        "log_min_messages": "log",
        "log_error_verbosity": "terse",
        "log_min_error_statement": "panic",
        "log_statement": "none",
        "log_min_duration_statement": "-1",
        "log_parameter_max_length": "0",
        "log_parameter_max_length_on_error": "0",
        "logging_collector": "off",
        "log_destination": "stderr",
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
    }
    if not durable:
        # Test suites only: a crash of the machine may damage everything. Commits stay synchronous, so that
        # a killed server still loses nothing that was committed.
        settings |= {"fsync": "off", "full_page_writes": "off"}
    else:
        settings |= sized(memory_of(), disk_of(layout.base))
    line = [str(binaries.postgres), "-D", str(layout.data)]
    for name, value in settings.items():
        line += ["-c", f"{name}={value}"]
    return line


def _initdb(layout: Layout, binaries: Binaries, *, durable: bool) -> None:
    # Made under another name and renamed when complete: a crash in between leaves `data.part`,
    # which the next start removes, and never a half-made `data`.
    part = layout.base / "data.part"
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(mode=0o700)
    if layout.account is not None:
        shutil.chown(part, layout.account.uid, layout.account.gid)
    line = [str(binaries.initdb), "-D", str(part), "-U", SUPERUSER, "-E", "UTF8", "--locale=C.UTF-8"]
    line += ["--data-checksums", "--auth-local=peer", "--auth-host=reject", "--no-instructions"]
    line += [] if durable else ["--no-sync"]
    # Its words go to our log, which is where the remedy points.
    made = subprocess.run(
        line,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=environment(),
        **identity_of(layout.account),  # type: ignore[call-overload]
    )
    if made.returncode != 0:
        raise PostgresError(
            "postgres.initdb_failed",
            f"The data directory {layout.data} could not be made; the reason is at the end of {layout.log}.",
        )
    part.rename(layout.data)
    sync_directory(layout.base)


def _write_access(layout: Layout) -> None:
    """Who may come in: the caller's own account as superuser by the kernel's word, all others by password.

    The files lie outside the data directory, and under root they are root's: the server's account cannot
    change them.
    """
    caller = caller_name().replace('"', '""')
    rules = [
        f"local all {SUPERUSER} peer map=house",
        f"local replication {SUPERUSER} peer map=house",
        "local replication all reject",
        "local all all scram-sha-256",
    ]
    write_whole(layout.base / "pg_hba.conf", "\n".join(rules) + "\n", mode=0o644)
    write_whole(layout.base / "pg_ident.conf", f'house "{caller}" {SUPERUSER}\n', mode=0o644)
