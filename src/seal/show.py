"""``seal show``: what is inside a package, without its content. It verifies nothing that ``seal verify`` does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from seal import timestamp
from seal.container import Container
from seal.errors import SealError
from seal.shape import Shape
from seal.verify import verify_package
from seal.verify.contents import MAX_LINE, Contents, read_contents
from seal.visible import text_of

_CHINA = timezone(timedelta(hours=8))
_ONLY_A_LIST = (
    "只看清单，没有核验由谁担保；请用 seal verify。 / Only a list: who vouches for it, seal verify says."
)


@dataclass(frozen=True, slots=True)
class Line:
    """An item or a part: its id (``entry.n``, what ``seal extract --item`` takes) and what it is, in a few words."""

    id: str
    entry: int
    what: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A package that passed its own checks: its contents as read, its items and parts in their order."""

    contents: Contents
    items: tuple[Line, ...]
    parts: tuple[Line, ...]

    def json(self) -> dict[str, object]:
        """A value of plain JSON types."""
        about, keys = self.contents.about, self._keys()
        return {
            "v": 1,
            "exit": 0,
            "kind": about.kind,
            "origin": about.origin,
            "made": about.made,
            "clock": about.clock,
            "counts": about.counts,
            "checkpoints": [
                {"size": size, "lines": [keys[(one.name, one.id)] for one in head.note.signatures]}
                for size, head in sorted(self.contents.heads.items())
            ],
            "timestamps": [{"size": size, "time": at} for size, at in self._stamps()],
            "entries": [
                {"index": index, "kind": kind, "time": at, "items": items, "parts": parts}
                for index, kind, at, items, parts in self._entries()
            ],
            "items": [{"id": one.id, "what": one.what} for one in self.items],
            "parts": [{"id": one.id, "what": one.what} for one in self.parts],
            "papers": self.contents.papers,
            "served": self.contents.served,
            "omissions": [
                {"what": o.what, "count": o.count, "reason": o.reason} for o in self.contents.omissions
            ],
            "not_proved": list(about.not_proved),
        }

    def text(self) -> str:
        """:meth:`lines` as they may be shown: no word of the package adds a line or reaches a terminal as a control."""
        return text_of(self.lines())

    def lines(self) -> Iterator[str]:
        """Lines for people, Chinese and English side by side, with the package's words as they are."""
        about = self.contents.about
        yield _ONLY_A_LIST
        yield f"种类 kind：{about.kind}；账本 log：{about.origin}；制作 made：{_time(about.made)}（{about.clock}）"
        yield "数量 counts：" + "，".join(f"{name} {count}" for name, count in sorted(about.counts.items()))
        for size, head in sorted(self.contents.heads.items()):
            signed = "，".join(self._keys()[(one.name, one.id)] for one in head.note.signatures)
            yield f"检查点 checkpoint {size}：{signed}"
        for size, at in self._stamps():
            yield f"时间戳 timestamp：检查点 checkpoint {size}，{_time(at) if at else '—'}（未核验 not verified）"
        for index, kind, at, items, parts in self._entries():
            yield f"条目 entry {index}：{kind}，{_time(at)}，消息 items {items}，记录 parts {parts}"
        for one in (*self.parts, *self.items):
            yield f"  {one.id}  {one.what}"
        yield from (f"文件 paper：{name}" for name in self.contents.papers)
        yield from (f"送达 served：{name}" for name in self.contents.served)
        for omission in self.contents.omissions:
            yield f"未收入 omitted：{omission.what}，{omission.count}，{omission.reason}"
        yield from (f"不证明 not proved：{what}" for what in about.not_proved)
        yield _ONLY_A_LIST  # again: the first may have scrolled away, and the last line must be no word of the package

    def _keys(self) -> dict[tuple[str, bytes], str]:
        keys = self.contents.policy.vkeys()
        return {(key.name, key.id): f"{key.name}（{key.label}）" for key in keys}

    def _stamps(self) -> Iterator[tuple[int, int]]:
        for size, _n, response in self.contents.timestamps:
            try:
                yield size, timestamp.parse(response).time
            except SealError:
                yield size, 0  # a token that cannot be read is step 9's to judge

    def _entries(self) -> Iterator[tuple[int, str, int, int, int]]:
        items, parts = (Counter(one.entry for one in lines) for lines in (self.items, self.parts))
        for index, entry in sorted(self.contents.entries.items()):
            yield index, entry.kind, entry.time, items[index], parts[index]


def show(path: Path) -> Shown:
    """What a package holds; :class:`SealError` ``show.broken`` for one that does not pass its own checks."""
    check_sound(path)
    with Container.open(path) as container:
        contents = read_contents(container)
        return Shown(
            contents, tuple(_items(container, "items.jsonl")), tuple(_items(container, "parts.jsonl"))
        )


def check_sound(path: Path) -> None:
    """Steps 1 to 7: a package that does not hold together is neither shown nor extracted from."""
    report = verify_package(path)
    bad = next((step for step in report.steps if step.state in ("malformed", "failed")), None)
    if bad is not None:
        raise SealError(
            "show.broken", f"The package fails step {bad.n} ({bad.code}); look at it with seal verify."
        )


def _items(container: Container, name: str) -> Iterator[Line]:
    code = "item.shape" if name == "items.jsonl" else "part.shape"
    for line in container.lines(name, limit=MAX_LINE):
        shape = Shape.of(line, code=code)
        entry, n = shape.integer("entry"), shape.integer("n")
        if shape.has("fields"):
            fields = shape.object("fields")
            shown = [one if Shape(fields[one], code=code).has("bytes") else f"({one})" for one in fields]
            what = " ".join(shown)
        else:
            body = Shape(shape.raw("body"), code=code)
            what = f"{body.text('table')} {body.raw('id')}" if body.has("table") else "facts"
        yield Line(f"{entry}.{n}", entry, what)


def _time(milliseconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"
    return f"{moment.astimezone(_CHINA):%Y-%m-%d %H:%M:%S} (UTC+8)"
