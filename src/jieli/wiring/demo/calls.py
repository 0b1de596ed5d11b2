"""Twenty calls as a telephone exchange notes them: who, when, how long, never what was said."""

from collections.abc import Sequence
from random import Random

from jieli.kernel.times import SECOND, local
from jieli.wiring.demo.clients import Client
from jieli.wiring.demo.days import day, moment
from jieli.wiring.demo.things import EXTENSIONS

COUNT = 20
_TIMES = ("09:15", "10:40", "13:20", "14:55", "16:10")
_WORKDAYS = (1, 2, 3, 4, 7, 9, 10, 11, 14, 15, 16, 17, 18, 21, 22, 23, 24, 28, 29, 30)


def called(clients: Sequence[Client]) -> list[Client]:
    """Customers who are called: those whose number is known."""
    return [c for c in clients if c.phone][:COUNT]


def call_rows(clients: Sequence[Client], rng: Random) -> bytes:
    """Master.csv of an Asterisk, without a header; local time."""
    rows = []
    for n, client in enumerate(called(clients)):
        extension = list(EXTENSIONS)[n % len(EXTENSIONS)]
        begins = moment(day(_WORKDAYS[n]), _TIMES[n % len(_TIMES)])
        rows.append(_row(n, extension, client.phone, begins, rng.randrange(20, 400), inwards=n % 4 == 3))
    return ("\r\n".join(rows) + "\r\n").encode()


def _row(n: int, extension: str, number: str, begins: int, seconds: int, *, inwards: bool) -> str:
    caller, callee = (number, extension) if inwards else (extension, number)
    answered, ended = begins + 9 * SECOND, begins + (9 + seconds) * SECOND
    channel = f"PJSIP/{extension}-{n:08x}"
    trunk = f"PJSIP/trunk-{n:08x}"
    first, second = (trunk, channel) if inwards else (channel, trunk)
    cells = (
        "", caller, callee, "demo", caller, first, second, "Dial", callee, _clock(begins), _clock(answered),
        _clock(ended), str(seconds + 9), str(seconds), "ANSWERED", "DOCUMENTATION", f"{begins // 1_000}.{n}", "",
    )  # fmt: skip
    return ",".join(f'"{cell}"' for cell in cells)


def _clock(ms: int) -> str:
    return f"{local(ms):%Y-%m-%d %H:%M:%S}"
