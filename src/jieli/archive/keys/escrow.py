"""The root key on paper: two sheets, each of which alone is random numbers (an XOR pair).

The other files of the keyring are encrypted under the root key, so their backups need no paper. Sheets are to be
kept by two people in two places. There is no secret sharing beyond this: k of n is a matter of more pairs.
"""

import secrets
from hashlib import sha256

from jieli.archive.errors import EscrowUnreadable
from jieli.archive.keys.ring import HeldKeyring
from jieli.archive.keys.root import KEY_BYTES, ROOT, fingerprint

_FINGERPRINT = "根密钥指纹："
_LINE_BYTES = 4
_LINES = KEY_BYTES // _LINE_BYTES


def escrow(ring: HeldKeyring) -> tuple[str, str]:
    """Two printable sheets that together give the root key. Each call gives a new pair; old pairs stay good."""
    one = secrets.token_bytes(KEY_BYTES)
    two = bytes(a ^ b for a, b in zip(one, ring.root, strict=True))
    return _sheet("甲", one, ring), _sheet("乙", two, ring)


def restore(first: str, second: str, *, expected: str) -> bytes:
    """The root key from both sheets; `expected` is its fingerprint as printed on them.

    EscrowUnreadable names the line that was mistyped, or says that the sheets are no pair.
    """
    one, two = _read(first), _read(second)
    root = bytes(a ^ b for a, b in zip(one, two, strict=True))
    if fingerprint(ROOT, root) != expected:
        raise EscrowUnreadable("两张托管单不是一对，或指纹不符。", remedy="请核对两张托管单上的指纹。")
    return root


def from_sheets(first: str, second: str) -> bytes:
    """The root key from two sheets as typed in, held against the fingerprint that stands on both.

    EscrowUnreadable names the line that was mistyped, or says that they are no pair.
    """
    one, two = _printed(first), _printed(second)
    if one != two:
        raise EscrowUnreadable("两张托管单的根密钥指纹不同，不是一对。", remedy="请找到指纹相同的另一张。")
    return restore(first, second, expected=one)


def _printed(sheet: str) -> str:
    for line in sheet.splitlines():
        if line.strip().startswith(_FINGERPRINT):
            return line.strip().removeprefix(_FINGERPRINT).strip().lower()
    raise EscrowUnreadable("托管单上没有根密钥指纹。", remedy=f"请连同“{_FINGERPRINT}”一行一起输入。")


def _check(number: int, data: bytes) -> str:
    return sha256(bytes([number]) + data).hexdigest()[:4]


def _sheet(label: str, share: bytes, ring: HeldKeyring) -> str:
    head = [
        f"根密钥托管单（{label}）",
        f"{_FINGERPRINT}{ring.wrapping.fingerprint()}",
        "两张托管单分由两人、两处保管；任何一张单独无用，缺一不可恢复。",
        "",
    ]
    lines = []
    for n in range(_LINES):
        data = share[n * _LINE_BYTES : (n + 1) * _LINE_BYTES]
        lines.append(f"{n + 1}  {data.hex()[:4]} {data.hex()[4:]}  {_check(n + 1, data)}")
    return "\n".join([*head, *lines, ""])


def _read(sheet: str) -> bytes:
    share = b""
    lines = [line.split() for line in sheet.splitlines() if line[:1].isascii() and line[:1].isdigit()]
    for n in range(1, _LINES + 1):
        words = lines[n - 1] if n <= len(lines) else []
        try:
            data = bytes.fromhex("".join(words[1:3]))
        except ValueError:
            data = b""
        if len(words) != 4 or words[0] != str(n) or len(data) != _LINE_BYTES or words[3] != _check(n, data):
            raise EscrowUnreadable(f"托管单第 {n} 行有误。", remedy="请对照纸面重新输入该行。")
        share += data
    return share
