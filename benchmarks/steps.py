"""Where the time of a batch goes: pure steps measured alone, steps at the database by a watch on the real run."""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import wraps
from pathlib import Path
from time import perf_counter
from typing import Any
from unittest.mock import patch

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import connections

from benchmarks import house
from benchmarks.house import House
from benchmarks.measure import Result, seconds
from jieli.archive import deposits, ports, rows, segments
from jieli.archive.index import segment as codec
from jieli.archive.index.tokens import tokens_of_texts
from jieli.capture import judging, operations
from jieli.capture.types import Incoming
from jieli.connectors.wecom import lines as wecom
from jieli.consent.gate import Gate
from jieli.ledger import append
from seal.item import NONCE, associated_data, fields_digest_of

BATCH, TURNS = 5_000, 5
UNIT = "µs/message"
#: Where a watch is put in the real run: the step's name, the object, its attribute.
WATCHED: tuple[tuple[str, Any, str], ...] = (
    ("judge", operations, "verdicts"),
    ("known", judging, "known"),
    ("gate_facts", Gate, "for_messages"),
    ("deposit", operations, "deposit"),
    ("pages", deposits, "write_pages"),
    ("copy", deposits, "_copy"),
    ("index", segments, "add"),
    ("index_rows", segments, "write"),
    ("append", append, "append"),
)


def run(opened: House, path: Path) -> list[Result]:
    """The table of steps, µs a message: medians of five batches of 5,000 (or of the whole file where it is smaller)."""
    lines = path.read_bytes().splitlines()[:BATCH]
    found = {**_pure(lines), **_watched(opened, lines)}
    order = (
        "parse", "known", "gate_facts", "gate_judge", "bases", "pages", "field_digests", "encrypt", "leaves",
        "copy_items", "tokens", "segments", "index_rows", "ledger", "commit", "other", "whole",
    )  # fmt: skip
    return [Result(f"step.{name}", found[name], UNIT) for name in order]


def _pure(lines: list[bytes]) -> dict[str, float]:
    """Steps that ask nobody, each alone in a loop over the same messages."""
    messages = [m for m in wecom.parse(lines, first_line=2) if isinstance(m, Incoming)]
    secrets = [bytes([n % 251]) * 32 for n in range(len(messages))]
    fields = [
        rows.fields_of(
            raw=m.raw, text=m.text, sender=m.sender, receivers=rows.receivers_json(m.receivers), event_ms=m.event_ms,
            media=(),
        )
        for m in messages
    ]  # fmt: skip
    digests = [fields_digest_of(s, f) for s, f in zip(secrets, fields, strict=True)]
    texts = [m.text for m in messages]
    ids = np.arange(len(messages))
    times = np.fromiter((m.event_ms for m in messages), np.int64, len(messages))
    key = bytes(32)

    def encrypt() -> None:
        for n, (m, (_, content_key)) in enumerate(zip(messages, digests, strict=True)):
            AESGCM(content_key).encrypt(NONCE, m.raw, associated_data(house.ORIGIN, 7, n))

    def leaves() -> None:
        for n, (m, (digest, _)) in enumerate(zip(messages, digests, strict=True)):
            row = rows.row_json(
                item_id=n, conversation=n, source='"wecom"', message_key=key[:16], event_at=m.event_ms,
                channel='"chat"', msgtype='"text"', recalls=None, basis_id=n, cipher_sha256=key,
            )  # fmt: skip
            rows.leaf_of(digest, row)

    work: dict[str, Callable[[], object]] = {
        "parse": lambda: list(wecom.parse(lines, first_line=2)),
        "field_digests": lambda: [fields_digest_of(s, f) for s, f in zip(secrets, fields, strict=True)],
        "encrypt": encrypt,
        "leaves": leaves,
        "tokens": lambda: tokens_of_texts(texts, key),
        "build": lambda: codec.build_segments(ids, times, texts, lambda month: key),
    }
    found = {name: 1e6 * seconds(step, times=TURNS) / len(messages) for name, step in work.items()}
    found["segments"] = max(0.0, found.pop("build") - found["tokens"])
    return found


def _watched(opened: House, lines: list[bytes]) -> dict[str, float]:
    """The real import of five fresh batches, with a watch on the calls that are made once a batch."""
    turns: list[dict[str, float]] = []
    for turn in range(TURNS):
        # The same lines under other message ids are other messages.
        fresh = [line.replace(b'"msgid":"', b'"msgid":"s%d-' % turn, 1) for line in lines]
        parsed = list(wecom.parse(fresh, first_line=2))
        with _watches() as spent:
            begun = perf_counter()
            report = operations.admit(
                source=wecom.SOURCE, platform=house.PLATFORM, place=f"steps-{turn}", by=house.BY, at=house.NOW,
                lines=parsed,
            )  # fmt: skip
            spent["whole"] = perf_counter() - begun
        if report.admitted != len(lines):
            raise RuntimeError("the batch of a step was not admitted whole")
        turns.append(spent)
    names = {name for turn in turns for name in turn}
    took = {n: 1e6 * statistics.median(turn.get(n, 0.0) for turn in turns) / len(lines) for n in names}
    return _apart(took, _pure(lines))


def _apart(took: dict[str, float], pure: dict[str, float]) -> dict[str, float]:
    """Steps that hold others, without them; `other` is what no watch saw."""
    inside_copy = pure["field_digests"] + pure["encrypt"] + pure["leaves"]
    found = {
        "known": took["known"],
        "gate_facts": took["gate_facts"],
        "gate_judge": took["judge"] - took["known"] - took["gate_facts"],
        "pages": took["pages"],
        "copy_items": max(0.0, took["copy"] - inside_copy),
        "index_rows": took["index_rows"],
        "bases": took["deposit"] - took["pages"] - took["copy"] - took["index"],
        "ledger": took["append"],
        "commit": took["commit"],
    }
    found["whole"] = took["whole"] + pure["parse"]
    seen = sum(found[n] for n in found if n != "whole") + inside_copy + pure["parse"]
    seen += took["index"] - took["index_rows"]
    found["other"] = found["whole"] - seen
    return found


@contextmanager
def _watches() -> Iterator[dict[str, float]]:
    spent: dict[str, float] = defaultdict(float)
    ports.keyring()  # an empty port would be a fault of ours, not of the import
    with ExitStack() as stack:
        for name, owner, attribute in WATCHED:
            stack.enter_context(
                patch.object(owner, attribute, _timed(getattr(owner, attribute), name, spent))
            )
        store = connections["default"]
        stack.enter_context(patch.object(store, "commit", _timed(store.commit, "commit", spent)))
        yield spent


def _timed(call: Callable[..., Any], name: str, spent: dict[str, float]) -> Callable[..., Any]:
    @wraps(call)
    def timed(*args: Any, **named: Any) -> Any:
        begun = perf_counter()
        try:
            return call(*args, **named)
        finally:
            spent[name] += perf_counter() - begun

    return timed
