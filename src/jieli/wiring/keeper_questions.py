"""What the key keeper can be asked, taken apart strictly: exactly these names, each value of its kind and size."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from jieli.archive.keys.keeping import Keeping
from jieli.kernel.errors import JieliError
from jieli.wiring.keeper_line import ITEMS_AT_ONCE


class BadQuestion(JieliError):
    """The question is not one of the protocol."""

    code = "keeper.bad_question"


class _Given:
    """The values of a question, each of the kind that it must have."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        self._asked = asked

    def text(self, name: str) -> str:
        return str(self._take(name, str))

    def number(self, name: str) -> int:
        found: int = self._take(name, int)
        if not 0 <= found < 1 << 53:
            raise _bad(name)
        return found

    def numbers(self, name: str) -> list[int]:
        found: list[int] = self._take(name, list)
        if len(found) > ITEMS_AT_ONCE or not all(isinstance(n, int) and 0 <= n < 1 << 53 for n in found):
            raise _bad(name)
        return found

    def secret(self, name: str) -> bytes:
        try:
            return bytes.fromhex(self.text(name))
        except ValueError:
            raise _bad(name) from None

    def uuid(self, name: str) -> UUID:
        try:
            return UUID(self.text(name))
        except ValueError:
            raise _bad(name) from None

    def _take(self, name: str, kind: type) -> Any:
        found = self._asked.get(name)
        if not isinstance(found, kind):
            raise _bad(name)
        return found


def _bad(name: str) -> BadQuestion:
    return BadQuestion(f"问题中的 {name} 不合协议。", remedy="请核对两边的版本是否相同。")


def _wrap(k: Keeping, g: _Given) -> int:
    k.wrap(batch=g.number("batch"), secrets=g.secret("secrets"), at=g.number("at"))
    return 1


def _destroy(k: Keeping, g: _Given) -> int:
    k.destroy_epoch(g.number("epoch"))
    return 1


def _months(g: _Given) -> list[int]:
    months = g.numbers("months")
    if len(months) > 1_200 or not all(190_001 <= m <= 999_912 and 1 <= m % 100 <= 12 for m in months):
        raise _bad("months")
    return months


def _hexed(found: Mapping[int, bytes]) -> dict[str, str]:
    return {str(number): value.hex() for number, value in found.items()}


#: What can be asked. Each takes its values and hands them to `Keeping`, which decides.
QUESTIONS: dict[str, Callable[[Keeping, _Given], object]] = {
    "digest_key": lambda k, g: k.digest_key().hex(),
    "index_keys": lambda k, g: _hexed(k.index_keys(_months(g))),
    "wrap": _wrap,
    "unwrap": lambda k, g: _hexed(k.unwrap(g.numbers("items"), receipt=g.uuid("receipt"))),
    "erase": lambda k, g: sorted(k.erase(g.numbers("items"))),
    "shape": lambda k, g: k.shape(g.number("page")).hex(),
    "add_epoch": lambda k, g: k.add_epoch(g.number("epoch")),
    "move": lambda k, g: k.move(g.number("old")),
    "destroy_epoch": _destroy,
    "renew": lambda k, g: k.renew(),
    "status": lambda k, g: dict(k.status()),
}
_NAMES: dict[str, frozenset[str]] = {
    "index_keys": frozenset({"months"}), "wrap": frozenset({"batch", "secrets", "at"}),
    "unwrap": frozenset({"items", "receipt"}), "erase": frozenset({"items"}), "shape": frozenset({"page"}),
    "add_epoch": frozenset({"epoch"}), "move": frozenset({"old"}), "destroy_epoch": frozenset({"epoch"}),
}  # fmt: skip


def answer(keeping: Keeping, asked: Mapping[str, Any]) -> object:
    """The answer to one question; BadQuestion for anything that is not exactly one of QUESTIONS."""
    name = asked.get("ask")
    if not isinstance(name, str) or name not in QUESTIONS:
        raise _bad("ask")
    given = {key: value for key, value in asked.items() if key != "ask"}
    if given.keys() != _NAMES.get(name, frozenset()):
        raise BadQuestion("问题中的名目不合协议。", remedy="请核对两边的版本是否相同。")
    return QUESTIONS[name](keeping, _Given(given))
