"""Measuring: wall and processor seconds of this process and of PostgreSQL's, and the lines of a report.

Processor seconds of the server are read from /proc: the postmaster with the children it has buried, and its living
children. The kernel counts them in ticks of 10 ms.
"""

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from jieli.wiring.postgres import Server

_TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Taken:
    """What something took, in seconds."""

    wall: float = 0.0
    client: float = 0.0
    server: float = 0.0

    @property
    def cpu(self) -> float:
        """Processor seconds of client and server together."""
        return self.client + self.server


@dataclass(frozen=True)
class Result:
    """A line of the report. `ratio` is value / baseline_value; `bar` is what `value` has to reach, if anything.

    `stretch` is what would be better still. With `by_ratio` both are asked of the ratio.
    """

    name: str
    value: float
    unit: str
    baseline: str | None = None
    baseline_value: float | None = None
    bar: float | None = None
    at_most: bool = False
    stretch: float | None = None
    by_ratio: bool = False

    def as_json(self) -> dict[str, Any]:
        found = asdict(self)
        found["ratio"] = None
        if self.baseline_value:
            found["ratio"] = round(self.value / self.baseline_value, 4)
        measured = found["ratio"] if self.by_ratio else self.value
        found["pass"] = self._reaches(measured, self.bar)
        found["pass_stretch"] = self._reaches(measured, self.stretch)
        return {key: round(v, 4) if isinstance(v, float) else v for key, v in found.items()}

    def _reaches(self, measured: float | None, bar: float | None) -> bool | None:
        if bar is None or measured is None:
            return None
        return measured <= bar if self.at_most else measured >= bar


def _client() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def _ticks(stat: str, *, with_buried: bool) -> int:
    fields = stat.rpartition(")")[2].split()
    return sum(int(v) for v in fields[11 : 15 if with_buried else 13])


def _server(postmaster: int) -> float:
    total = _ticks(Path(f"/proc/{postmaster}/stat").read_text(), with_buried=True)
    for child in Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split():
        try:
            total += _ticks(Path(f"/proc/{child}/stat").read_text(), with_buried=False)
        except FileNotFoundError:
            continue  # it ended between the two looks: a few ticks are lost
    return total / _TICK


def postmaster_of(server: Server) -> int:
    """The process id of a private server."""
    return int((server.data_dir / "postmaster.pid").read_text().split("\n", 1)[0])


@contextmanager
def taken(server: Server | None = None) -> Iterator[Taken]:
    """Fill in what the block took; without a server only the client's processor time is counted."""
    found = Taken()
    postmaster = None if server is None else postmaster_of(server)
    client, at_server = _client(), 0.0 if postmaster is None else _server(postmaster)
    begun = time.perf_counter()
    yield found
    found.wall = time.perf_counter() - begun
    found.client = _client() - client
    found.server = 0.0 if postmaster is None else _server(postmaster) - at_server


def seconds(work: Callable[[], object], *, times: int = 5) -> float:
    """The median wall time of a piece of work, after one turn that does not count."""
    work()
    found = []
    for _ in range(times):
        with taken() as t:
            work()
        found.append(t.wall)
    return statistics.median(found)


def each(work: Callable[[Any], object], arguments: Sequence[Any]) -> list[float]:
    """The wall time of one call for each argument, in ms."""
    found = []
    for argument in arguments:
        begun = time.perf_counter()
        work(argument)
        found.append(1_000 * (time.perf_counter() - begun))
    return found


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of the sorted values lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def forget_peak() -> None:
    """Let the kernel count this process's greatest memory from now on."""
    Path("/proc/self/clear_refs").write_text("5")


def peak_bytes() -> int:
    """The greatest resident memory of this process since `forget_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise RuntimeError("the kernel does not say how much memory this process has used")


def machine(server: Server) -> dict[str, Any]:
    """What the figures were measured on, without its name or its paths."""
    with psycopg.connect(server.dsn("postgres"), autocommit=True) as connection:
        version, fsync = (
            connection.execute(f"SHOW {name}").fetchone() for name in ("server_version", "fsync")
        )
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return {
        "cores": os.cpu_count(),
        "processor": model[0] if model else platform.machine(),
        "memory_gib": round(memory, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgres": version[0] if version else "",
        "fsync": fsync[0] if fsync else "",
        "load_before": load(),
    }


def load() -> list[float]:
    """The machine's load averages: figures taken while others work on it are not figures of the house."""
    return [round(v, 2) for v in os.getloadavg()]
