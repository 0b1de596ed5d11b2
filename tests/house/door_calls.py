"""How many writes of rooms one run of a door function can make, read off the source.

A write is a public function of a room that opens a book, or is told `by` and `at`, or calls one in its own module that
does. Two branches count as the longer of them; what stands under one `with book(…)` is one transaction, so one write.
"""

import ast
from collections.abc import Iterator, Sequence
from functools import cache

from tests.house.source import ROOMS, Module, dotted, modules

#: `book` itself and what a door wraps around it.
TRANSACTIONS = {"book", "writing"}


@cache
def writes() -> dict[str, frozenset[str]]:
    """By room, the names of the functions that write."""
    found: dict[str, frozenset[str]] = {}
    for m in modules():
        if m.room in ROOMS and m.path.stem != "queries":
            found[m.room] = found.get(m.room, frozenset()) | _writing(m)
    return found


def _writing(m: Module) -> frozenset[str]:
    functions = {f.name: f for f in m.tree.body if isinstance(f, ast.FunctionDef)}
    found = {n for n, f in functions.items() if _told(f) or "book" in _called(f)}
    while more := {n for n, f in functions.items() if n not in found and found & _called(f)}:
        found |= more
    return frozenset(n for n in found if not n.startswith("_"))


def _told(f: ast.FunctionDef) -> bool:
    return {"by", "at"} <= {a.arg for a in f.args.kwonlyargs}


def _called(node: ast.AST) -> set[str]:
    return {dotted(c.func) for c in ast.walk(node) if isinstance(c, ast.Call)}


def most_writes(m: Module, f: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """The most writes that can follow one another in one run of `f`; what stands in an inner function is its own."""
    return _Counting(_imported(m)).block(f.body)


def _imported(m: Module) -> dict[str, tuple[str, ...]]:
    """What each name of a module stands for, where that is a room's."""
    found = {}
    for node in ast.walk(m.tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jieli."):
            for alias in node.names:
                parts = (*str(node.module).split("."), alias.name)
                if parts[1] in ROOMS and "queries" not in parts:
                    found[alias.asname or alias.name] = parts
    return found


class _Counting:
    def __init__(self, imported: dict[str, tuple[str, ...]]) -> None:
        self.imported = imported

    def block(self, body: Sequence[ast.stmt]) -> int:
        for n, one in enumerate(body):
            rest = body[n + 1 :]
            if isinstance(one, ast.If):
                branches = [[*one.body, *rest], [*one.orelse, *rest]]
                return self.calls(one.test) + max(self.block(b) for b in branches)
            if isinstance(one, ast.Match):
                return self.calls(one.subject) + max(self.block([*c.body, *rest]) for c in one.cases)
            if isinstance(one, ast.Return | ast.Raise):
                return self.calls(one)
            if (found := self.statement(one)) or rest:
                return found + self.block(rest)
        return 0

    def statement(self, one: ast.stmt) -> int:
        match one:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return 0
            case ast.With():
                inside = self.block(one.body) + sum(self.calls(i.context_expr) for i in one.items)
                return min(inside, 1) if TRANSACTIONS & _called_by(one) else inside
            case ast.For() | ast.While():
                return self.block([*one.body, *one.orelse])
            case ast.Try():
                failed = max([self.block(h.body) for h in one.handlers], default=0)
                return self.block([*one.body, *one.orelse]) + failed + self.block(one.finalbody)
        return self.calls(one)

    def calls(self, node: ast.AST) -> int:
        return sum(self.is_write(c) for c in ast.walk(node) if isinstance(c, ast.Call))

    def is_write(self, call: ast.Call) -> bool:
        name, *rest = dotted(call.func).split(".")
        parts = (*self.imported.get(name, ()), *rest)
        return name in self.imported and parts[-1] in writes().get(parts[1], ())


def _called_by(one: ast.With) -> set[str]:
    return {name for item in one.items for name in _called(item.context_expr)}


def functions(m: Module) -> Iterator[tuple[str, int]]:
    """Each function of a module as a place, and its most writes."""
    for f in m.functions():
        yield f"{m.where(f.lineno)} {f.name}", most_writes(m, f)
