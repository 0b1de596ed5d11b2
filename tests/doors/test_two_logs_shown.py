"""Where there are two logs people are told which one an entry is in, and everything can leave from both."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from django.test import Client

import seal.cli
from jieli.access.types import Role
from jieli.archive import census
from jieli.doors.web.tags import entry
from jieli.ledger import places
from jieli.wiring import signer
from jieli.wiring.home import home_of
from jieli.wiring.signer import public_keys
from tests.conftest import ORIGIN
from tests.doors import sample
from tests.doors.cli import TALK, Jieli, bring
from tests.doors.second_log import SECOND, succeeded
from tests.doors.test_cli_export import MORE, approved, everything, rows
from tests.rooms.company import chat

As = Callable[[UUID], Client]


@pytest.fixture
def signs(jieli: Jieli, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever asks has one round signed: no signer runs while a log is closed and the next one opened."""
    monkeypatch.setattr(signer, "_one_round", lambda: signer.sign_once(jieli.profile, at=jieli.at))


@pytest.mark.parametrize(
    ("log", "index", "told"),
    [(1, 0, "0"), (1, 1_017, "1,017"), (2, 17, "2 · 17"), (11, 1_017, "11 · 1,017")],
)
def test_an_entry_is_told_by_its_index_and_in_a_later_log_by_log_and_index(
    log: int, index: int, told: str
) -> None:
    assert places.numbered(places.place(log, index)) == entry(places.place(log, index)) == told


def test_status_and_page_name_the_log_before_and_acts_the_log_they_are_in(
    jieli: Jieli, signs: None, tmp_path: Path, as_person: As
) -> None:
    size = succeeded(jieli, tmp_path / "outside")
    [one] = bring(jieli, tmp_path, *TALK)["files"]
    assert [places.log_of(entry) for entry in one["acknowledged"]] == [2]
    (tmp_path / "more.jsonl").write_bytes(b"\n".join(MORE) + b"\n")
    said = jieli.said("import", tmp_path / "more.jsonl", "--format", "wecom", "--as", "admin")
    assert "已入账 #2 · " in said
    status = jieli.answer("ledger", "status")
    assert status["earlier"] == [
        {"log": 1, "origin": ORIGIN, "size": size, "succeeded_by": SECOND, "lost": 3}
    ]
    shown = jieli.said("ledger", "status")
    assert f"{ORIGIN}：{size} 条，其后至少 3 条已丢失；由 {SECOND} 接续" in shown.replace("\n", "")
    page = page_of(as_person)
    for words in ("以前的账本", ORIGIN, f"由 {SECOND} 接续", "第 2 本"):
        assert words in page


def page_of(as_person: As) -> str:
    response = as_person(sample.person("audit", Role.AUDIT)).get("/ledger/")
    assert response.status_code == 200
    return response.content.decode()


def test_everything_leaves_from_both_logs_each_volume_under_its_own(
    jieli: Jieli, signs: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert bring(jieli, tmp_path, *TALK)["admitted"] == 3
    size = succeeded(jieli, tmp_path / "outside")
    # The same talk goes on in the second log, before and after what was said in the first one.
    later = [*MORE, chat(9, "早先的一句，后来才载入。", when="2026-09-16 09:00")]
    assert bring(jieli, tmp_path, *later)["admitted"] == 4
    [first, second] = census.spans(upto_batch=census.newest_batch())
    assert (first.log, second.log, first.upto_batch + 1) == (1, 2, second.from_batch)
    number, to = approved(jieli), tmp_path / "out"
    done = everything(jieli, number, to)
    assert (done["items"], done["volumes"], done["missed"]) == (7, 2, 0)
    vouched = {(one["volume"], one["package"], one["counts"]) for one in done["vouched"]}
    assert vouched == {(n, name, True) for n in (1, 2) for name in ("proof.zip", f"registers-{3 - n}.zip")}
    for n, origin, items in ((1, ORIGIN, 3), (2, SECOND, 4)):
        volume = to / "volumes" / f"{n:06d}"
        said = json.loads((volume / "volume.json").read_bytes())
        assert (said["log"], said["origin"], said["items"]) == (n, origin, items)
        names = [p.name for p in volume.glob("*.zip")]
        assert set(names) == {"proof.zip", f"registers-{3 - n}.zip"}
        with zipfile.ZipFile(volume / ("registers-2.zip" if n == 1 else "proof.zip")) as sealed:
            digest = sha256((volume / "messages.csv").read_bytes()).hexdigest().encode()
            assert [x for x in sealed.namelist() if digest in sealed.read(x)] != []
        found = [seal.cli.main(["verify", str(volume / x), "--policy", str(to / "policy")]) for x in names]
        assert found == [0] * len(names), capfd.readouterr().out
        assert {int(row["ledger_entry"]) < places.SPAN for row in rows(volume / "messages.csv")} == {True}
    keys = {key.name: key.format() for key in public_keys(home_of(jieli.profile))}
    assert jieli.answer("ledger", "verify", to / "ledger-1", "--log", keys[ORIGIN])["size"] == size
    assert jieli.answer("ledger", "verify", to / "ledger", "--log", keys[SECOND])["size"] == done["ledger"]
    again = everything(jieli, number, to)
    assert (again["volumes"], again["items"]) == (2, 7)
    assert jieli.answer("fsck")["clean"] is True
