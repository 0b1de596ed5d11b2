"""Whose server it is: where everything lies, and as which account of the operating system it runs.

An ordinary user keeps everything under `<home>/postgres` and runs postgres as himself. For root, which
postgres refuses to serve, data, socket and a copy of the binaries lie in a place of their own outside
the clone (`/var/lib/jieli-<random>`), which the unprivileged account can reach while it cannot reach the
clone; `<home>/postgres/place` names it. What only the house may read (passwords) stays under `<home>`.
"""

import hashlib
import os
import pwd
import secrets
from dataclasses import dataclass
from pathlib import Path

from .errors import PostgresError
from .locks import locked, write_whole

PORT = 5432  # only the name of the socket file: no TCP port is opened
# sun_path holds 104 bytes on the smallest system; `.s.PGSQL.5432.lock` goes below it.
SOCKET_PATH_LIMIT = 100
ROOT_PARENTS = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108 -- random name, made 0711 by root
ACCOUNTS = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    """An unprivileged account that postgres runs as."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Layout:
    """Where one private server keeps its things. `account` is None when it runs as the calling user."""

    home: Path
    base: Path
    account: Account | None

    @property
    def secrets(self) -> Path:
        return self.home / "postgres"

    @property
    def data(self) -> Path:
        return self.base / "data"

    @property
    def log(self) -> Path:
        return self.base / "log"

    @property
    def supervisor_lock(self) -> Path:
        """Held by the living supervisor, and holding its process id."""
        return self.base / "supervisor.lock"

    @property
    def users_lock(self) -> Path:
        """Held shared by every process that uses the server."""
        return self.base / "users.lock"

    @property
    def failure(self) -> Path:
        """Why the last start failed: code and sentence, as JSON."""
        return self.base / "failure.json"

    @property
    def made(self) -> Path:
        """Says that a data directory was once completed here, so that a vanished one is not replaced."""
        return self.base / "made"

    @property
    def durability(self) -> Path:
        return self.base / "durability"

    @property
    def socket_dir(self) -> Path:
        """The socket's directory: beside the data, or a short name under /tmp where that path is too long.

        It is the same for every process and after every restart, so that an address stays good.
        """
        beside = self.base / "socket"
        if len(os.fsencode(beside / f".s.PGSQL.{PORT}.lock")) < SOCKET_PATH_LIMIT:
            return beside
        digest = hashlib.sha256(os.fsencode(self.base)).hexdigest()[:16]
        return Path(f"/tmp/jieli-{os.geteuid()}-{digest}")  # noqa: S108 -- ownership is checked when made


def prepare(home: Path) -> Layout:
    """The layout for `home`, its directories made on first use; safe for two processes at once.

    Errors: `postgres.other_account`, `postgres.copied_home`, `postgres.data_missing`, `postgres.no_account`.
    """
    home = home.resolve()
    inner = home / "postgres"
    try:
        inner.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(inner / "place.lock"):
            base = _root_base(inner) if os.geteuid() == 0 else inner
    except PermissionError as error:
        raise PostgresError(
            "postgres.other_account",
            f"{inner} belongs to another account; "
            "run jieli as the account that made it, or give it another directory.",
        ) from error
    return Layout(home=home, base=base, account=_account(base))


def existing(home: Path) -> Layout | None:
    """The layout for `home` if a private server was ever prepared there, else None; makes nothing."""
    return prepare(home) if (home.resolve() / "postgres" / "place.lock").exists() else None


def keep_durability(layout: Layout, *, durable: bool) -> None:
    """Fix at first use whether this server is durable, and refuse the other way ever after.

    A cluster that once ran without fsync may be silently damaged, and real data must never run without it.
    """
    asked = "durable" if durable else "throwaway"
    with locked(layout.base / "durability.lock"):
        if not layout.durability.exists():
            write_whole(layout.durability, asked)
        found = layout.durability.read_text(encoding="utf-8")
    if found != asked:
        raise PostgresError(
            "postgres.other_durability",
            f"The private PostgreSQL of {layout.home} was made {found} and is asked for as {asked}; "
            "use another home directory.",
        )


def make_socket_dir(layout: Layout) -> None:
    """Make the socket's directory, 0700 and owned by the server's account; refuse anybody else's."""
    path, owner = layout.socket_dir, layout.account.uid if layout.account else os.geteuid()
    path.mkdir(mode=0o700, exist_ok=True)
    if layout.account is not None:
        os.chown(path, layout.account.uid, layout.account.gid)
    found = path.lstat()
    # Under /tmp another user of this machine may have taken the name: a symlink or a foreign owner is no go.
    if path.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise PostgresError(
            "postgres.socket_dir_taken",
            f"{path} is not a private directory of the server's account; remove it and try again.",
        )


def _root_base(inner: Path) -> Path:
    if (inner / "data").exists():
        raise PostgresError(
            "postgres.other_account",
            f"{inner} holds the data of an ordinary user, and root would begin an empty server beside it; "
            "run jieli as that user, or give root another directory.",
        )
    note = inner / "place"
    if not note.exists():
        base = _new_base()
        # A crash between these two lines leaves an empty directory behind, and the next call makes another.
        write_whole(base / "belongs", str(inner))
        write_whole(note, str(base))
        return base
    base = Path(note.read_text(encoding="utf-8"))
    if not (base / "belongs").exists():
        raise PostgresError(
            "postgres.data_missing",
            f"The server's place {base} is gone; restore it from the backup, "
            f"or remove {inner} to begin with an empty server.",
        )
    _check_belongs(base, inner)
    return base


def _check_belongs(base: Path, inner: Path) -> None:
    other = Path((base / "belongs").read_text(encoding="utf-8"))
    if other == inner:
        return
    if (other / "place").exists() and (other / "place").read_text(encoding="utf-8") == str(base):
        raise PostgresError(
            "postgres.copied_home",
            f"{inner} is a copy of {other}, and both name the same server; "
            "remove the copy's directory to begin an empty server there.",
        )
    write_whole(base / "belongs", str(inner))  # the home was moved, its data stay where they are


def _new_base() -> Path:
    for parent in ROOT_PARENTS:
        base = parent / f"jieli-{secrets.token_hex(8)}"
        try:
            base.mkdir(mode=0o711)
        except OSError:
            continue  # a read-only or absent /var/lib: the next parent
        base.chmod(0o711)  # whatever the umask: the server's account passes through, and lists nothing
        return base
    raise PostgresError(
        "postgres.no_place",
        "No directory for the server's data can be made under "
        + " or ".join(map(str, ROOT_PARENTS))
        + "; make one of them writable, run jieli as an ordinary user, or set DATABASE_URL.",
    )


def _account(base: Path) -> Account | None:
    if os.geteuid() != 0:
        return None
    data = base / "data"
    if data.exists():  # whoever made the data keeps it, even if a better account came later
        found = data.stat()
        return Account(name=_name_of(found.st_uid), uid=found.st_uid, gid=found.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise PostgresError(
        "postgres.no_account",
        "PostgreSQL does not run as root and no account named "
        + " or ".join(ACCOUNTS)
        + " exists; add one, run jieli as an ordinary user, or set DATABASE_URL.",
    )


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as error:
        raise PostgresError(
            "postgres.no_account",
            f"The system has no account with number {uid}, and PostgreSQL needs one; "
            "add it to the system's accounts, or set DATABASE_URL.",
        ) from error


def caller_name() -> str:
    """The calling account's name, as the server will see it at the other end of the socket."""
    return _name_of(os.geteuid())
