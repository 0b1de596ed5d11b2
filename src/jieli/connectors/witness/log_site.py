"""Somebody's log on a web site, or a copy of ours on a plain file server, for `seal.log_reader`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from jieli.ledger.ports import Unreachable

TIMEOUT = 15.0
#: A bundle of 256 entries of 65,535 bytes and their lengths; nothing that a log serves is longer.
MOST = 256 * (2 + 65_535)


@contextmanager
def site(prefix: str) -> Iterator[Callable[[str], bytes | None]]:
    """Reads paths below a prefix over one connection. Absent is None; everything but 200 and 404 is Unreachable."""
    with httpx.Client(timeout=TIMEOUT, follow_redirects=False) as client:

        def read(path: str) -> bytes | None:
            try:
                with client.stream("GET", f"{prefix.rstrip('/')}/{path}") as answer:
                    if answer.status_code == httpx.codes.NOT_FOUND:
                        return None
                    if answer.status_code == httpx.codes.OK:
                        return _bounded(answer)
            except (httpx.HTTPError, httpx.InvalidURL) as error:
                raise _unreachable() from error
            raise _unreachable()

        yield read


def _bounded(answer: httpx.Response) -> bytes:
    data = b""
    for piece in answer.iter_bytes():
        data += piece
        if len(data) > MOST:
            raise _unreachable()
    return data


def _unreachable() -> Unreachable:
    return Unreachable(
        "账本的网址没有可用的答复。", remedy="请核对网址；条目包须登录才能读取，可加 --tiles-only。"
    )
