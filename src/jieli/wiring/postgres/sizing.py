"""How much of the machine the private server may take: its cache by the memory, its log by the disk.

PostgreSQL's own defaults (128 MB and 1 GB) suit a small house. In a large one each message lands on a page of the
index of message numbers that is no longer in the cache, and on one not yet written since the last checkpoint, which
goes into the log whole: from some millions on, most of an import's time went there.
"""

import shutil
from collections.abc import Sequence
from pathlib import Path

MiB, GiB = 2**20, 2**30
#: An eighth of the memory and a thirty-second of the disk, between what PostgreSQL takes by itself and this much.
CACHE_PART, LEAST_CACHE, MOST_CACHE = 8, 128 * MiB, GiB
LOG_PART, LEAST_LOG, MOST_LOG = 32, GiB, 8 * GiB
#: Where Linux says how much memory a container may have; `max` and absent files limit nothing.
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMORY = Path("/proc/meminfo")


def sized(memory: int, disk: int) -> dict[str, str]:
    """PostgreSQL's settings for a machine with so many bytes of memory and a disk of so many.

    A crash may leave as much log to be replayed as `max_wal_size`: about a minute for the largest.
    """
    cache = min(max(memory // CACHE_PART, LEAST_CACHE), MOST_CACHE)
    log = min(max(disk // LOG_PART, LEAST_LOG), MOST_LOG)
    return {
        "shared_buffers": f"{cache // MiB}MB",
        "max_wal_size": f"{log // MiB}MB",
        "checkpoint_timeout": "15min",
    }


def memory_of(meminfo: Path = MEMORY, limits: Sequence[Path] = LIMITS) -> int:
    """Bytes of memory that this machine or container has; 0, the least, where the system does not say."""
    found = [int(text) for path in limits if (text := _text(path).strip()).isdecimal()]
    for line in _text(meminfo).splitlines():
        name, _, rest = line.partition(":")
        if name == "MemTotal" and (kibibytes := rest.split()):
            found.append(int(kibibytes[0]) * 1024)
    return min(found, default=0)


def disk_of(path: Path) -> int:
    """Bytes of the disk on which `path` lies, used or not: what is free changes from start to start."""
    return shutil.disk_usage(path).total


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""  # another system, or one that does not limit memory
