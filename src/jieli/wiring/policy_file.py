"""The installation's trust policy as a file: the lines about its own log written anew, the others left as they are."""

import os
from collections.abc import Sequence

from jieli.wiring.home import Home
from seal import policy
from seal.errors import SealError
from seal.keys import Vkey, parse_vkey

#: No verifier reads it: whom the policy named before, so that we can still check what they signed (ADR 24).
RETIRED = "# retired "


def write(home: Home, text: str) -> None:
    """Replace the policy by a text that is one. Crash in between: the old one stands, whole."""
    policy.parse(text.encode())
    fresh = home.policy.with_suffix(".new")
    with fresh.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(home.policy)


def retired(home: Home) -> tuple[Vkey, ...]:
    """The log keys that the policy file remembers and no longer trusts. One that cannot be read is passed over:
    what it signed is then reported as signed by nobody known."""
    return retired_in(home.policy.read_text("utf-8"))


def retired_in(text: str) -> tuple[Vkey, ...]:
    """`retired` of a policy that is at hand as text, as a backup brings one along."""
    found = []
    for line in text.splitlines():
        if line.startswith(RETIRED):
            try:
                found.append(parse_vkey(line.removeprefix(RETIRED).strip()))
            except SealError:
                continue
    return tuple(found)


def remember(home: Home, origin: str, gone: Sequence[str]) -> None:
    """Name keys of the log of this origin as retired; those that the policy has already are left as they are."""
    text = home.policy.read_text("utf-8")
    trusted = [key.format() for key in policy.parse(text.encode()).logs if key.name == origin]
    before = [key.format() for key in retired_in(text)]
    if fresh := [vkey for vkey in gone if vkey not in {*trusted, *before}]:
        write(home, with_log(text, origin, trusted=trusted, gone=fresh))


def with_log(text: str, origin: str, *, trusted: Sequence[str], gone: Sequence[str]) -> str:
    """The policy text naming exactly `trusted` for the log of this origin, in this order, and `gone` as retired.

    An address at the end of a line about the log is kept for all of its lines. Other logs, witnesses, groups and
    remarks stay where they are.
    """
    url, kept = "", []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["log"] and _name(words[1]) == origin:
            url = " ".join(["", *words[2:]]) or url
        elif not (line.startswith(RETIRED) and line.removeprefix(RETIRED).strip() in {*trusted, *gone}):
            kept.append(line)
    mine = [f"log {vkey}{url}" for vkey in trusted]
    return "".join(line + "\n" for line in [*mine, *(RETIRED + vkey for vkey in gone), *kept])


def _name(vkey: str) -> str:
    return vkey.split("+", 1)[0]
