"""EDRM XML 1.2: each message a document with its tags, its text inline in base64, and where it was found.

Base64, because XML cannot carry every character that a person can type; tags carry the short values, and what XML
forbids in them is written as U+FFFD, while the text itself stays exact.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Sequence
from hashlib import md5
from xml.sax.saxutils import quoteattr

from jieli.connectors.exports.columns import COLUMNS, cells
from jieli.evidence.leaving_export.types import PROOF, Line, Volume
from jieli.kernel.times import local

NAME = "edrm.xml"
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_WHITE = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
#: The columns that are tags; the text stands in the file, times have a type of their own.
_TAGS = tuple(name for name in COLUMNS if name not in ("text", "item", "time"))


def write(volume: Volume, lines: Sequence[Line]) -> Iterator[tuple[str, bytes]]:
    """One file for the volume."""
    found = ['<?xml version="1.0" encoding="UTF-8"?>']
    found.append(
        '<Root MajorVersion="1" MinorVersion="2" DataInterchangeType="Update"'
        f' Description={_quoted(f"Jieli {volume.origin} volume {volume.number}")} Locale="CN">'
    )
    found.append("<Fields>")
    found += [f'<Field Name="{name}" DataType="Text"/>' for name in _TAGS]
    found += [
        '<Field Name="time" DataType="DateTime"/>',
        "</Fields>",
        f'<Batch name="{volume.number}">',
        "<Documents>",
    ]
    for line in lines:
        found += _document(line)
    found += ["</Documents>", "</Batch>", "</Root>"]
    yield NAME, "\n".join(found).encode()


def _document(line: Line) -> Iterator[str]:
    values = dict(zip(COLUMNS, cells(line), strict=True))
    data = line.text.encode()
    yield f'<Document DocID="{line.item}" DocType="Message" MimeType="text/plain">'
    yield "<Tags>"
    for name in _TAGS:
        yield f'<Tag TagName="{name}" TagDataType="Text" TagValue={_quoted(values[name])}/>'
    yield f'<Tag TagName="time" TagDataType="DateTime" TagValue="{local(line.event_ms).isoformat()}"/>'
    yield "</Tags>"
    # MD5 is what importers read here; nothing rests on it: SHA-256 of the text is a tag, and the proof is signed.
    digest = md5(data, usedforsecurity=False).hexdigest()
    yield '<Files><File FileType="Text">'
    yield (
        f'<InlineContent FileName="{line.item}.txt" FileSize="{len(data)}" Hash="{digest}" HashType="MD5"'
        f' Encoding="base64">{b64encode(data).decode()}</InlineContent>'
    )
    yield "</File>"
    for file in line.files:
        folder, _, name = file.path.rpartition("/")
        yield (
            f'<File FileType="Native"><ExternalFile FilePath={_quoted(folder)} FileName={_quoted(name)}'
            f' FileSize="{file.size}" Hash="{file.md5}" HashType="MD5"/></File>'
        )
    yield "</Files>"
    who = _quoted(line.account)[1:-1]
    yield f"<Locations><Location><Custodian>{who}</Custodian><LocationURI>{PROOF}</LocationURI></Location></Locations>"
    yield "</Document>"


def _quoted(text: str) -> str:
    return quoteattr(_FORBIDDEN.sub("\ufffd", text), _WHITE)
