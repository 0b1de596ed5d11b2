"""The source as the house tests read it: every module, parsed once."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src"
ROOMS = [
    *("kernel", "ledger", "law", "papers", "parties", "access", "approvals", "matters", "duties", "assets"),
    *("consent", "archive", "capture", "reading", "quality", "succession", "handover", "secrecy", "evidence"),
    *("rights", "review"),
]


@dataclass(frozen=True)
class Module:
    path: Path

    @property
    def name(self) -> str:
        """Dotted name, of a package without `__init__`."""
        parts = self.path.relative_to(SRC).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The room, `connectors`, `wiring`, `doors`, or `seal`."""
        parts = self.name.split(".")
        return parts[1] if parts[0] == "jieli" and len(parts) > 1 else parts[0]

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=str(self.path))

    def imports(self) -> Iterator[tuple[str, int]]:
        """Dotted names that this module imports, with their lines; `from a import b` gives `a.b`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from ((alias.name, node.lineno) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = self._base(node)
                yield from ((f"{base}.{alias.name}", node.lineno) for alias in node.names)

    def _base(self, node: ast.ImportFrom) -> str:
        if not node.level:
            return node.module or ""
        package = self.name.split(".")
        package = package if self.path.name == "__init__.py" else package[:-1]
        above = package[: len(package) - node.level + 1]
        return ".".join([*above, *([node.module] if node.module else [])])

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def where(self, line: int) -> str:
        return f"{self.path.relative_to(ROOT)}:{line}"


@cache
def modules(*, migrations: bool = False) -> tuple[Module, ...]:
    """Every module of the project's own source, parsed once a run."""
    found = sorted(SRC.rglob("*.py"))
    return tuple(Module(p) for p in found if migrations or "migrations" not in p.parts)


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an attribute chain, or nothing when it is something else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        base = dotted(node.value)
        return f"{base}.{node.attr}" if base else ""
    return ""
