"""The plain ways of doing the same, in the same run on the same messages: plaintext, no gate, no seal, no proof."""

import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import psycopg
from django.db import connections, models
from psycopg.conninfo import conninfo_to_dict

from benchmarks.measure import Taken, taken
from jieli.wiring.postgres import Server

BATCH = 5_000
PLAIN = "plain"
TABLE = "CREATE TABLE {} (id bigint PRIMARY KEY, event_at bigint, sender text, receiver text, text text, raw text {})"


def message(line: bytes) -> tuple[int, str, str, str, str]:
    """(time, sender, receiver, text, raw) of a line: the least that a plain importer has to look at."""
    found = orjson.loads(line)
    return (
        found["msgtime"], found["from"], found["tolist"][0], found["text"]["content"],
        line.rstrip(b"\n").decode(),
    )  # fmt: skip


def bigrams(text: str) -> set[str]:
    """The distinct pairs of neighbouring characters."""
    lower = text.lower()
    return {lower[n : n + 2] for n in range(len(lower) - 1)}


def _quoted(word: str) -> str:
    return "'" + word.replace("\\", "\\\\").replace("'", "''") + "'"


def tsvector(text: str) -> str:
    """The bigrams of a text as the text form of a tsvector."""
    return " ".join(map(_quoted, bigrams(text)))


def tsquery(text: str) -> str:
    return " & ".join(map(_quoted, bigrams(text)))


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def copy_with_gin(server: Server, database: str, lines: Iterable[bytes]) -> Taken:
    """COPY in commits of 5,000 into a table whose GIN index over a tsvector of bigrams is kept while it grows."""
    with psycopg.connect(server.dsn(database)) as connection:
        connection.execute("DROP TABLE IF EXISTS plain_gin")
        connection.execute(TABLE.format("plain_gin", ", tokens tsvector"))
        connection.execute("CREATE INDEX plain_gin_tokens ON plain_gin USING gin (tokens)")
        connection.execute("CREATE INDEX plain_gin_time ON plain_gin (event_at)")
        connection.commit()
        with taken(server) as t:
            for batch in _batches(enumerate(lines)):
                with connection.cursor() as cursor, cursor.copy("COPY plain_gin FROM STDIN") as copy:
                    for number, line in batch:
                        row = message(line)
                        copy.write_row((number, *row, tsvector(row[3])))
                connection.commit()
    return t


class PlainMessage(models.Model):
    """A message in the clear, as an archive keeps it that was written without a thought of speed."""

    id = models.BigIntegerField(primary_key=True)
    event_at = models.BigIntegerField()
    sender = models.TextField()
    receiver = models.TextField()
    text = models.TextField()
    raw = models.TextField()

    class Meta:
        app_label = "benchmarks"
        managed = False
        db_table = "plain_single"


def save_one_by_one(server: Server, database: str, lines: Iterable[bytes]) -> Taken:
    """Django's `save()` and so one INSERT and one commit for each message, without any index on the text."""
    _reach_plain(server, database)
    with psycopg.connect(server.dsn(database), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS plain_single")
        connection.execute(TABLE.format("plain_single", ""))
    with taken(server) as t:
        for number, line in enumerate(lines):
            event_at, sender, receiver, text, raw = message(line)
            made = PlainMessage(
                id=number, event_at=event_at, sender=sender, receiver=receiver, text=text, raw=raw
            )
            made.save(using=PLAIN, force_insert=True)
    connections[PLAIN].close()
    return t


def _reach_plain(server: Server, database: str) -> None:
    """A connection of Django's to the baselines' database, as superuser; the house knows nothing of it."""
    found = conninfo_to_dict(server.dsn(database))
    address: dict[str, Any] = {
        "NAME": database, "USER": found.get("user"), "PASSWORD": found.get("password", ""),
        "HOST": found.get("host"), "PORT": found.get("port"), "OPTIONS": {},
    }  # fmt: skip
    connections.settings[PLAIN] = {**connections.settings["default"], **address}


def tantivy_available() -> bool:
    """Whether the comparison with tantivy can be made: it is no dependency, for only a benchmark wants it."""
    try:
        import tantivy  # noqa: F401
    except ImportError:
        return False
    return True


def with_tantivy(lines: Iterable[bytes]) -> tuple[Taken, int]:
    """The same bigrams as words of a plaintext tantivy index, committed every 5,000; and its bytes."""
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_integer_field("time", stored=True, fast=True)
    schema.add_text_field("pairs", stored=False, tokenizer_name="whitespace", index_option="basic")
    schema.add_text_field("text", stored=True, tokenizer_name="raw", index_option="basic")
    with tempfile.TemporaryDirectory() as place:
        index = tantivy.Index(schema.build(), path=place)
        writer = index.writer(heap_size=64_000_000, num_threads=1)
        with taken() as t:
            for batch in _batches(lines):
                for line in batch:
                    at, _, _, text, _ = message(line)
                    pairs = " ".join(pair.replace(" ", "_") for pair in bigrams(text))
                    writer.add_document(tantivy.Document(time=at, pairs=pairs, text=text))
                writer.commit()
        writer.wait_merging_threads()
        size = sum(found.stat().st_size for found in Path(place).rglob("*") if found.is_file())
    return t, size
