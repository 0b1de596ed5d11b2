"""How much of a machine the private server takes: pure arithmetic, and what Linux says of itself."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieli.wiring.postgres.sizing import GiB, MiB, disk_of, memory_of, sized

BYTES = st.integers(min_value=0, max_value=2**50)


@pytest.mark.parametrize(
    ("memory", "disk", "cache", "log"),
    [
        (0, 0, "128MB", "1024MB"),
        (2 * GiB, 40 * GiB, "256MB", "1280MB"),
        (4 * GiB, 100 * GiB, "512MB", "3200MB"),
        (24 * GiB, 252 * GiB, "1024MB", "8064MB"),
        (512 * GiB, 4096 * GiB, "1024MB", "8192MB"),
    ],
)
def test_cache_and_log_grow_with_the_machine_between_two_bounds(
    memory: int, disk: int, cache: str, log: str
) -> None:
    settings = sized(memory, disk)
    assert (settings["shared_buffers"], settings["max_wal_size"]) == (cache, log)


@given(BYTES, BYTES, BYTES, BYTES)
def test_a_bigger_machine_never_gets_less(memory: int, disk: int, more: int, wider: int) -> None:
    small, big = sized(memory, disk), sized(memory + more, disk + wider)
    for name in ("shared_buffers", "max_wal_size"):
        assert int(small[name].removesuffix("MB")) <= int(big[name].removesuffix("MB"))


@given(BYTES, BYTES)
def test_no_machine_gives_more_than_an_eighth_and_a_thirty_second_beyond_the_defaults(
    memory: int, disk: int
) -> None:
    settings = sized(memory, disk)
    assert int(settings["shared_buffers"].removesuffix("MB")) * MiB <= max(memory / 8, 128 * MiB)
    assert int(settings["max_wal_size"].removesuffix("MB")) * MiB <= max(disk / 32, GiB)


def test_a_container_has_what_its_limit_says_and_not_what_the_machine_has(tmp_path: Path) -> None:
    machine, limit, none = tmp_path / "meminfo", tmp_path / "memory.max", tmp_path / "absent"
    machine.write_text("MemTotal:        8388608 kB\nMemFree:          100 kB\n")
    limit.write_text("max\n")
    assert memory_of(machine, [limit, none]) == 8 * GiB
    limit.write_text(f"{2 * GiB}\n")
    assert memory_of(machine, [limit, none]) == 2 * GiB
    limit.write_text(f"{16 * GiB}\n")
    assert memory_of(machine, [limit, none]) == 8 * GiB


def test_a_system_that_says_nothing_gets_the_least(tmp_path: Path) -> None:
    assert memory_of(tmp_path / "absent", [tmp_path / "absent"]) == 0
    odd = tmp_path / "odd"
    odd.write_bytes(b"MemTotal:\n\xff\xfe\n")
    assert memory_of(odd, []) == 0


def test_this_machine_says_something(tmp_path: Path) -> None:
    assert memory_of() > 64 * MiB
    assert disk_of(tmp_path) > 64 * MiB
