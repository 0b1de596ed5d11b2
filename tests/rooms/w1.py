"""The worked case of a former customer adviser, as data: facts by id, exhibits, and what the variants change."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from jieli.evidence.assessments.losses import Head, LossRow
from jieli.law.verdicts import Fact, Period, Precision, ProofState, StatedBy

DATA: dict[str, Any] = json.loads((Path(__file__).parent / "w1.json").read_text("utf-8"))


def period(row: Mapping[str, Any]) -> Period | None:
    if "event" not in row:
        return None
    first, last, precision = row["event"]
    return Period(date.fromisoformat(first), date.fromisoformat(last), Precision(precision))


def fact(row: Mapping[str, Any]) -> Fact:
    return Fact(
        id=row["id"],
        key=row["key"],
        value=row["value"],
        stated_by=StatedBy(row["by"]),
        proof=ProofState(row["proof"]),
        event=period(row),
        exhibits=tuple(row.get("exhibits", ())),
    )


def facts(*parts: str) -> list[Fact]:
    """The facts of some parts of the file, in order; those of a later part replace those of the same id."""
    found = {row["id"]: fact(row) for part in ("facts", *parts) for row in DATA[part]}
    return list(found.values())


def by_id(given: list[Fact]) -> dict[str, Fact]:
    return {f.id: f for f in given}


def lost(count: int = 40, head: Head = Head.UNCONVERTED, *, first: int = 1) -> list[LossRow]:
    """Lost customers, each with the time, two attempts and a log of conduct."""
    day = Period(date(2023, 6, 12), date(2023, 6, 12), Precision.DAY)
    return [
        LossRow(f"loss-{n:03}", head, f"客户{n:03}", "深度课程", day, 2, (f"行为记录{n:03}",))
        for n in range(first, first + count)
    ]


def changed(given: list[Fact], changes: Mapping[str, Mapping[str, Any]]) -> list[Fact]:
    """Facts with some fields of some ids changed; a fact changed to nothing is taken away."""
    found = by_id(given)
    for id, fields in changes.items():
        if not fields:
            del found[id]
        elif id in found:
            found[id] = replace(found[id], **_read(fields))
        else:
            found[id] = fact({"id": id, **fields})
    return list(found.values())


def _read(fields: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    if "value" in fields:
        read["value"] = fields["value"]
    if "proof" in fields:
        read["proof"] = ProofState(fields["proof"])
    if "by" in fields:
        read["stated_by"] = StatedBy(fields["by"])
    if "exhibits" in fields:
        read["exhibits"] = tuple(fields["exhibits"])
    if "event" in fields:
        read["event"] = period(fields)
    return read
