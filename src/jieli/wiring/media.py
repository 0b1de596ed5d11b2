"""Where media lie: read off JIELI_MEDIA, typed. Unset: `media` under the installation's home."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from jieli.archive.media import ports
from jieli.archive.media.ports import MediaStore
from jieli.connectors.storage.directory import Directory
from jieli.connectors.storage.s3 import S3, Bucket
from jieli.wiring.profile import BadProfile, Profile

_BUCKET = re.compile(
    r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/([A-Za-z0-9._/-]*[A-Za-z0-9._-])?/?)?", re.ASCII
)


def read_media(environ: Mapping[str, str], home: Path) -> MediaStore:
    """The store that an environment describes; BadProfile says what is wrong with it. Nothing is connected yet."""
    where = environ.get("JIELI_MEDIA", "")
    if not where:
        return Directory(home / "media")
    if not where.startswith("s3://"):
        return Directory(Path(where).absolute())
    found = _BUCKET.fullmatch(where)
    endpoint = environ.get("JIELI_MEDIA_ENDPOINT", "")
    if found is None or (endpoint and not endpoint.startswith(("http://", "https://"))):
        raise BadProfile(
            "JIELI_MEDIA 没有写成目录或 s3://桶/前缀，或 JIELI_MEDIA_ENDPOINT 不是网址。",
            remedy="见 docs/how-to/media.md。",
        )
    return S3(Bucket(found[1], found[2] or "", endpoint, environ.get("JIELI_MEDIA_REGION", "")))


def fill(profile: Profile) -> None:
    """Fill the port of media. Idempotent."""
    ports.use(read_media(os.environ, profile.home))
