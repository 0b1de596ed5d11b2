"""The directory of an export: its plan, its volumes, what is written by rename. Finished is what has its own name.

Crash at any place: a volume has its name when all its files are on the disk, and the plan says from the first moment
which items belong to the export; so the next run leaves finished volumes as they are and goes on after them.
"""

import csv
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, TextIO

from jieli.evidence.leaving_export.types import PROOF, Left, OtherExport, VolumeVouched
from jieli.evidence.types import Vouching
from jieli.kernel.cells import guarded
from jieli.kernel.failpoints import reach
from jieli.kernel.times import local

PLAN, MANIFEST, OMISSIONS, VOLUME = "export.json", "manifest.json", "omissions.csv", "volume.json"
_WRITING = ".writing"
_LEFT_COLUMNS = ("item", "conversation", "source", "time", "reason")


def planned(directory: Path, wanted: dict[str, Any]) -> dict[str, Any]:
    """The plan that stands in the directory, or this one, written down. OtherExport where something else stands there.

    What a plan fixes when it is made (`upto_batch`, `begun`) is that of the first run; the rest must be the same.
    """
    path = directory / PLAN
    if not path.exists():
        if any(one.name != PLAN + _WRITING for one in directory.iterdir()):
            raise OtherExport("目录不是空的，里面也没有未完成的导出。", remedy="请给出一个空目录。")
        write(path, _spelled(wanted))
        return wanted
    try:
        plan: dict[str, Any] = json.loads(path.read_bytes())
        same = all(
            plan[name] == wanted[name] for name in wanted if name not in ("upto_batch", "begun", "request")
        )
    except (ValueError, KeyError, TypeError) as error:
        raise OtherExport("目录中的 export.json 读不出。", remedy="请给出一个空目录。") from error
    if not same:
        raise OtherExport(
            "目录中是另一次导出（账本、目的、事项或格式不同）。",
            remedy="请换一个空目录，或按原来的参数接着导出。",
        )
    return plan


def volume_at(directory: Path, number: int) -> Path:
    return directory / "volumes" / f"{number:06d}"


def finished(directory: Path, number: int) -> dict[str, Any] | None:
    """What a volume says of itself; None for one that is not there."""
    path = volume_at(directory, number) / VOLUME
    return json.loads(path.read_bytes()) if path.is_file() else None


def vouched(values: Mapping[str, Any]) -> list[VolumeVouched]:
    """Who stands for the packages of a volume, as it says itself; none for one in which nothing was to prove.

    One that an earlier program made and that says nothing of it counts for not witnessed.
    """
    if not any(one["name"] == PROOF for one in values["files"]):
        return []
    packages = {PROOF: values, **values.get("registers", {})}
    return [VolumeVouched(values["volume"], name, _vouching(said)) for name, said in packages.items()]


def _vouching(said: Mapping[str, Any]) -> Vouching:
    earlier = said.get("witnessed_earlier") or {"size": 0, "witnessed": ()}
    return Vouching(
        tuple(said.get("witnessed", ())), counts=said.get("counts", False), earlier=earlier["size"],
        earlier_by=tuple(earlier["witnessed"]),
    )  # fmt: skip


@contextmanager
def begun(directory: Path, number: int) -> Iterator[Path]:
    """A place to write a volume, which takes its name when all of it is on the disk."""
    place = volume_at(directory, number)
    partial = place.with_name(place.name + _WRITING)
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    yield partial
    # Once for all its files: the name must not outlive a power failure that they did not.
    os.sync()
    partial.replace(place)
    reach("leaving.after_volume")


def put(folder: Path, name: str, data: bytes) -> dict[str, Any]:
    """Write a file of a volume; what its `volume.json` says of it."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return described(name, data)


def described(name: str, data: bytes) -> dict[str, Any]:
    return {"name": name, "bytes": len(data), "sha256": sha256(data).hexdigest()}


def close(folder: Path, values: dict[str, Any], left: Iterable[Left]) -> None:
    """The list of what is not in a volume, and what the volume says of itself."""
    with (folder / OMISSIONS).open("w", encoding="utf-8", newline="") as file:
        _write_left(file, left)
    (folder / VOLUME).write_bytes(_spelled(values))


def _write_left(file: TextIO, left: Iterable[Left]) -> None:
    rows = csv.writer(file)
    rows.writerows(
        (x.item, x.conversation, guarded(x.source), local(x.event_ms).isoformat(), x.reason) for x in left
    )


def gather_omissions(directory: Path, volumes: int, missed: int) -> None:
    """One list of all that was left out, in the order of the volumes."""
    path = directory / OMISSIONS
    partial = path.with_name(path.name + _WRITING)
    with partial.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerow(_LEFT_COLUMNS)
        for number in range(1, volumes + 1):
            with (volume_at(directory, number) / OMISSIONS).open(encoding="utf-8", newline="") as part:
                shutil.copyfileobj(part, file)
        if missed:
            csv.writer(file).writerow(("", "", "", "", f"导出期间才写完的 {missed} 条：请另作一次导出"))
    partial.replace(path)


def write(path: Path, data: bytes) -> None:
    """By rename: a file with its own name is whole."""
    partial = path.with_name(path.name + _WRITING)
    partial.write_bytes(data)
    partial.replace(path)


def _spelled(values: dict[str, Any]) -> bytes:
    return json.dumps(values, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def write_manifest(directory: Path, values: dict[str, Any]) -> str:
    """The manifest, last of all; its SHA-256."""
    data = _spelled(values)
    write(directory / MANIFEST, data)
    return sha256(data).hexdigest()
