"""Media with the keeper as a process of its own: in, out, cut and destroyed without a key in this one."""

import shutil
from pathlib import Path

import pytest
from django.db import connections

from jieli.access import queries as access
from jieli.archive import ports
from jieli.reading import showing
from jieli.reading.showing import How
from tests.conftest import ORIGIN
from tests.doors.cli import TALK, Jieli, bring, items, matter, signing
from tests.doors.test_cli_keys import kept
from tests.doors.test_cli_media import FOR, OTHER, SOUND, voice, written

__all__ = ["signing"]


def test_media_go_in_and_out_by_the_keeper_s_leave_alone(
    jieli: Jieli, signing: None, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    shutil.rmtree(jieli.home / "keys")
    connections["keys_owner"].cursor().execute("DELETE FROM archive_wrap_epoch")
    home = tmp_path_factory.mktemp("keeper")
    with kept(home) as path:
        monkeypatch.setenv("JIELI_KEEPER", str(path))
        jieli.answer("keys", "init", "--origin", ORIGIN)
        lines = (TALK[0], voice(8, SOUND, when="2026-09-18 10:03"), voice(9, OTHER, when="2026-09-18 10:04"))
        bring(jieli, tmp_path, *lines)
        number, first = matter(jieli), items(jieli)[0]["item"]
        for name, data in (("a.amr", SOUND), ("b.amr", OTHER)):
            written(tmp_path / "in", name, data)
        brought = jieli.answer("media", "import", tmp_path / "in", "--matter", number, "--as", "admin")
        assert (brought["kept"], brought["agreement"]) == (2, {"同": 2})
        reading = (*FOR, "--matter", number, "--as", "yan", "--out")
        jieli.answer("media", "take", first + 1, *reading, tmp_path / "out.amr")
        assert (tmp_path / "out.amr").read_bytes() == SOUND
        cut = jieli.answer(
            "media", "excerpt", first + 1, "--from", "0:01", "--to", "3", *reading, tmp_path / "cut"
        )
        assert cut["shown"] == 3
        # The process that shows a page has the socket, the database and the store, and no keyring.
        assert not hasattr(ports.keyring(), "root") and not (jieli.home / "keys").exists()
        yan = access.person_by_sign_in("yan")
        assert yan is not None
        begun = showing.begin(item=first + 2, n=0, purpose=FOR[1], matter=number, by=yan, at=jieli.at)
        asked = {
            "opening": begun.opening,
            "item": first + 2,
            "n": 0,
            "how": How.FILE,
            "by": yan,
            "at": jieli.at,
        }
        assert b"".join(showing.fetch(wanted=(10, 90), **asked).chunks) == OTHER[10:90]  # type: ignore[arg-type]
        jieli.answer("shred", "items", first + 1, "--reason", "本人请求", "--as", "admin")
        assert (
            jieli.refused("media", "take", first + 1, *reading, tmp_path / "no")["code"]
            == "reading.not_opened"
        )
        assert jieli.answer("fsck")["clean"] is True
    away = jieli.refused("media", "take", first + 2, *reading, tmp_path / "late.amr")
    assert away["code"] == "archive.keeper_away"
    assert not list(tmp_path.glob("late*"))
