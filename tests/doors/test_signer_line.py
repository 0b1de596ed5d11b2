"""The signer's line: all who wait are answered at once, who left harms nobody, and silence has a reason."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jieli.evidence.covering import under_signer
from jieli.evidence.errors import NotCovered
from jieli.evidence.types import Outside
from jieli.papers.types import Clock
from jieli.wiring import calling, signer
from jieli.wiring.profile import read_profile


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sock"


@pytest.fixture
def line(path: Path) -> Iterator[socket.socket]:
    with calling.listening(path, a_round=0.2) as listener:
        yield listener


def caller(path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(60)
    made.connect(str(path))
    return made


def test_everybody_who_waits_is_answered_by_one_round(line: socket.socket, path: Path) -> None:
    waiting = [caller(path) for _ in range(20)]
    callers = calling.next_callers(line)
    assert len(callers) == 20
    calling.answer(callers, {"checkpoint": 7})
    for one in callers:
        one.close()
    assert {one.makefile("rb").read() for one in waiting} == {b'{"checkpoint": 7}\n'}
    assert calling.next_callers(line) == []
    for one in waiting:
        one.close()


def test_a_caller_that_left_harms_neither_the_signer_nor_the_others(line: socket.socket, path: Path) -> None:
    gone, there = caller(path), caller(path)
    gone.close()
    callers = calling.next_callers(line)
    calling.answer(callers, {"checkpoint": 7})
    for one in callers:
        one.close()
    assert there.recv(100) == b'{"checkpoint": 7}\n'
    there.close()


def test_a_full_queue_is_a_reason_to_wait_and_not_a_missing_signer(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(0)
        first = caller(path)  # the queue is full
        with pytest.raises(calling.NoAnswer):
            calling.asked(path, patience=0.2)
        done: list[dict[str, Any]] = []
        thread = threading.Thread(target=lambda: done.append(calling.asked(path, patience=120)))
        thread.start()
        for _ in range(2):
            accepted, _address = listener.accept()
            with accepted:
                calling.answer([accepted], {"checkpoint": 7})
        thread.join(120)
        first.close()
    assert done == [{"checkpoint": 7}]


def test_a_signer_that_is_silent_or_dies_is_told_from_one_that_is_not_there(
    line: socket.socket, path: Path, tmp_path: Path
) -> None:
    with pytest.raises(calling.NobodyAnswers, match="jieli serve"):
        calling.asked(tmp_path / "nobody")
    with pytest.raises(calling.NoAnswer, match="没有在时限内答复"):
        calling.asked(path, patience=0.2)
    thread = threading.Thread(target=lambda: [one.close() for one in calling.next_callers(line)])
    calling.next_callers(line)[0].close()
    line.settimeout(120)  # the thread must not have given up before we ask
    thread.start()
    with pytest.raises(calling.NoAnswer):
        calling.asked(path, patience=120)
    thread.join(120)


def test_while_another_process_signs_its_round_one_waits_and_asks_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = read_profile({"JIELI_HOME": str(tmp_path), "JIELI_PROFILE": "demo"})
    busy = {"checkpoint": "pending", "code": signer.SignerRuns.code, "why": "签名进程已在运行。"}
    answers: Iterator[dict[str, Any]] = iter([busy, {"checkpoint": 9}])
    monkeypatch.setattr(signer, "AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(signer, "_one_round", lambda: next(answers))
    assert signer.ask(profile) == {"checkpoint": 9}


def test_a_round_that_failed_says_why_and_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(status: int, said: str) -> Callable[..., Any]:
        return lambda *_, **__: signer.subprocess.CompletedProcess([], status, said, "")

    told = '{"code": "cli.database_away", "error": "数据库中断了连接。", "remedy": "请检查数据库进程。"}'
    monkeypatch.setattr(signer.subprocess, "run", ended(1, told))
    found = signer._one_round()
    assert (found["checkpoint"], found["code"]) == ("pending", "cli.database_away")
    assert "请检查数据库进程" in found["why"]
    monkeypatch.setattr(signer.subprocess, "run", ended(-9, ""))
    assert signer._one_round()["code"] == "signer.no_signature"
    monkeypatch.setattr(signer.subprocess, "run", ended(0, '{"checkpoint": 3}'))
    assert signer._one_round() == {"checkpoint": 3}


def test_a_package_that_nobody_covers_says_what_the_signer_said() -> None:
    said: dict[str, Any] = {"checkpoint": "pending", "why": "没有签名进程在等候。请启动 jieli serve。"}
    outside = Outside(b"", "", Clock.DEMO, "", "", lambda: said)
    with (
        pytest.raises(NotCovered, match="暂时不能生成。没有签名进程在等候。请启动 jieli serve"),
        under_signer(outside),
    ):
        raise NotCovered("暂时不能生成。", remedy="请稍后再试。")
    said.clear()
    with pytest.raises(NotCovered, match="请稍后再试"), under_signer(outside):
        raise NotCovered("暂时不能生成。", remedy="请稍后再试。")
