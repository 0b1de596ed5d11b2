"""A quarrel about an account, brought in by commands: the worked case of tests/rooms/w1.json as sheets and files."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import typer.testing

from jieli.access.types import Role
from jieli.archive import ports
from jieli.doors.cli import frame
from jieli.wiring.profile import read_profile
from tests.conftest import ORIGIN, _empty
from tests.doors.cli import COMMAND, Jieli
from tests.rooms import w1
from tests.rooms.company import open_vault, reader

#: Rows that are registered as reliefs and defences, not as facts.
OWN_ROWS = ("basis", "amount", "not-used", "shared", "no-intent")
DEFENCES = ("未再使用", "客户资源共同所有", "无故意")
AS = ("--as", "falv")


@dataclass
class Quarrel:
    """One dispute and the words with which commands name it."""

    jieli: Jieli
    directory: Path
    number: str

    def __call__(self, verb: str, *words: object) -> dict[str, Any]:
        """The answer of `jieli dispute verb NUMBER …`."""
        return self.jieli.answer("dispute", verb, self.number, *words, *AS)

    def said(self, verb: str, *words: object) -> str:
        return self.jieli.said("dispute", verb, self.number, *words, *AS)

    def refused(self, verb: str, *words: object) -> str:
        return self.jieli.refused("dispute", verb, self.number, *words, *AS)["code"]

    def file(self, name: str, content: object) -> Path:
        """A file of this quarrel; what is no text is written as JSON."""
        path = self.directory / f"{self.number}-{name}"
        path.write_text(
            content if isinstance(content, str) else json.dumps(content, ensure_ascii=False), "utf-8"
        )
        return path

    def state(self, *rows: dict[str, str]) -> None:
        done = self("facts", self.file("facts.json", list(rows)))
        assert done["errors"] == []

    def exhibit(self, number: str, title: str, proves: str) -> None:
        path = self.file(f"{number}.txt", title)
        self("exhibit", path, "--proves", proves, "--title", title, "--no", number)

    def assess(self) -> dict[str, Any]:
        """Assess, and show everything."""
        self("assess")
        return self("show")

    def lose(self, count: int, exhibit: str) -> None:
        rows = [
            {"损失项": "未转化", "客户": f"客户{n:03}", "课程": "深度课程", "失联时间": "2023-06-12", "联系次数": "2",
             "证据": exhibit}
            for n in range(count)
        ]  # fmt: skip
        assert self("losses", self.file("losses.json", rows))["entered"] == count


def row(
    key: str, value: str, by: str = "公司", proof: str = "已证", exhibits: str = "证1", **more: str
) -> dict[str, str]:
    """A row of a sheet of facts."""
    return {"事项": key, "内容": value, "陈述人": by, "证明": proof, "证据": exhibits, **more}


def sheet_row(of: dict[str, Any]) -> dict[str, str]:
    """A row of w1.json as a row of a sheet."""
    length = {"日": 10, "月": 7, "年": 4}
    when = of.get("event")
    spelled = f"{when[0][: length[when[2]]]}至{when[1][: length[when[2]]]}" if when else ""
    return row(of["key"], of["value"], of["by"], of["proof"], "、".join(of.get("exhibits", ())), 时间=spelled)


def opened(jieli: Jieli, directory: Path, *, exhibits: int = 5) -> Quarrel:
    """A dispute with its first exhibits, and nothing stated."""
    about = w1.DATA["matter"]
    made = jieli.answer(
        "dispute", "open", about["title"], "--cause", about["cause"], "--person", about["person"],
        "--account", about["account"], "--tribunal", "人民法院", *AS,
    )  # fmt: skip
    quarrel = Quarrel(jieli, directory, made["number"])
    for one in w1.DATA["exhibits"][:exhibits]:
        quarrel.exhibit(one["number"], one["title"], one["proves"])
    return quarrel


def part(name: str) -> list[dict[str, str]]:
    """The rows of a part of w1.json that are facts."""
    return [sheet_row(r) for r in w1.DATA[name] if r["id"] not in OWN_ROWS]


def changed(*parts: str, without: tuple[str, ...] = (), **changes: dict[str, str]) -> list[dict[str, str]]:
    """The facts of W1 with those of other parts in their place, some taken out, some of their fields changed."""
    found = {r["id"]: r for p in ("facts", *parts) for r in w1.DATA[p] if r["id"] not in OWN_ROWS}
    found |= {id: found[id] | fields for id, fields in changes.items()}
    return [sheet_row(r) for id, r in found.items() if id not in without]


def brought(jieli: Jieli, directory: Path, *rows: dict[str, str], exhibits: int = 5) -> Quarrel:
    """The worked case as it was brought: facts (those of W1 unless others are given), two reliefs, three defences."""
    quarrel = opened(jieli, directory, exhibits=exhibits)
    quarrel.state(*(rows or part("facts")))
    quarrel("claim", "返还工作账号", "--issue", "交还")
    quarrel("claim", "赔偿可得利益损失", "--issue", "赔偿", "--basis", "侵权", "--amount", "近17万元")
    for kind in DEFENCES:
        quarrel("defence", kind)
    return quarrel


def judged(jieli: Jieli, directory: Path, *rows: dict[str, str], exhibits: int = 5) -> dict[str, Any]:
    """The verdicts of a case of which nothing but these facts and exhibits is known."""
    quarrel = opened(jieli, directory, exhibits=exhibits)
    quarrel.state(*rows)
    return quarrel.assess()


@contextmanager
def house(home: Path) -> Iterator[Jieli]:
    """One installation with keys and a lawyer (falv), for a whole module of tests that never read each other's rows."""
    from jieli.ledger.operations import open_log
    from tests.conftest import NOW

    run = Jieli(read_profile({"JIELI_HOME": str(home)}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(typer.testing, "_get_command", lambda app: COMMAND)
        patch.setattr(frame, "profile", lambda: run.profile)
        patch.setattr(frame, "now", lambda profile: run.at)
        patch.setattr(frame.start, "ready", lambda profile: None)
        open_log(origin=ORIGIN, at=NOW)
        run.answer("keys", "init", "--origin", ORIGIN)
        open_vault(run.home)
        reader(Role.LEGAL, name="falv")
        reader(Role.IT, name="shebei")
        yield run
    ports.use(confirm_opening=lambda receipt, items: False)
    _empty()
