"""Files that the sample's customers and advisers sent: a recording, a picture, a page that would like to run."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from typing import Any

import orjson
import pytest

from jieli.access import queries as access
from jieli.access.types import Role
from jieli.archive.media import ports as media_ports
from jieli.archive.media.types import MediaRef
from jieli.connectors.storage.directory import Directory
from jieli.matters import operations as matters
from jieli.matters.types import MatterKind
from jieli.parties import operations as parties
from jieli.parties import queries as party_queries
from jieli.parties.types import NewCustomer
from jieli.reading import media as reading
from tests.conftest import NOW
from tests.doors import sample_talk
from tests.doors.sample import BY, Sample, person
from tests.rooms import test_archive_samples as archive
from tests.rooms.sounds import amr, wav

LONG_NAME = "二〇二六年秋季课程顾问与家长关于周六上午试听课名额退费时间与地点的通话录音（第三次沟通，家长要求书面答复）"
PAGE = b"<script>fetch('/ledger/')</script>" * 4


def png(width: int = 48, height: int = 32) -> bytes:
    """A picture with a slope in it."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    lines = b"".join(b"\0" + bytes((x * 5 + y * 3) % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(lines))
        + chunk(b"IEND", b"")
    )


SOUND, TUNE, PICTURE = amr(50 * 20, kinds=(7,)), wav(5), png()


@dataclass(frozen=True)
class Told:
    """A talk with files: the number of an open matter, its items, and the files kept, by name."""

    matter: str
    items: list[int]
    kept: dict[str, MediaRef]


@pytest.fixture
def shelf(archive_open: None, tmp_path: Path) -> Iterator[Path]:
    """A directory for media."""
    media_ports.use(Directory(tmp_path / "media"))
    yield tmp_path / "media"
    media_ports.use(None)


def claim(kind: str, data: bytes, **more: Any) -> dict[str, Any]:
    digest = md5(data, usedforsecurity=False).hexdigest()
    return {"kind": kind, "locator": "f", "algorithm": "md5", "digest": digest, "size": len(data), **more}


def told(house: Sample, folder: Path) -> Told:
    """One conversation: a recording, a tune, a picture, a page and one that did not come; all but that one are kept."""
    parties.register_customers([NewCustomer("K-0001", "刘女士")], by=BY, at=NOW)
    customer = party_queries.customers_by_no()["K-0001"].id
    lines = [
        ("退费的事，我们在电话里说过。", [claim("voice", SOUND)]),
        ("", [claim("recording", TUNE, name=f"{LONG_NAME}.wav")]),
        ("退费的截图在这里。", [claim("image", PICTURE)]),
        ("", [claim("file", PAGE, name="退费.html"), claim("file", b"never came", name="合同.pdf")]),
    ]
    items = []
    for n, (text, media) in enumerate(lines):
        item = sample_talk._item(house, customer, n, 0, n, text)
        raw = orjson.loads(item.raw) | {"media": media}
        items.append(
            item._replace(raw=orjson.dumps(raw), media=tuple(media), msgtype="file" if not text else "mixed")
        )
    ids = archive.keep(items, at=NOW)
    thread = matters.open_matter(
        kind=MatterKind.DISPUTE, title="刘女士投诉退费迟延", by=BY, at=NOW, people=[]
    )
    admin = access.person(person("admin", Role.SYSTEM))
    assert admin is not None
    folder.mkdir(exist_ok=True)
    kept = {}
    files = {"a.amr": SOUND, f"{LONG_NAME}.wav": TUNE, "b.png": PICTURE, "退费.html": PAGE}
    for item, (name, data) in zip(ids, files.items(), strict=True):
        path = folder / f"{name[:60]}{Path(name).suffix if len(name) > 60 else ''}"
        path.write_bytes(data)
        kept[name] = reading.add(path=path, item=item, n=0, matter=thread.number, by=admin, at=NOW)
    return Told(thread.number, ids, kept)
