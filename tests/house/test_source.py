"""Rules of the house that no linter knows. Each test lists every place that breaks its rule."""

import ast
import re
import subprocess

from tests.house import door_calls
from tests.house.source import ROOMS, ROOT, SRC, Module, dotted, modules

SMALL_TABLES_EXEMPT = {"fold_table.py"}  # generated data
CLOCKS = {
    "time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "timezone.now", "datetime.datetime.now", "django.utils.timezone.now",
}  # fmt: skip


def broken(rule: object) -> list[str]:
    return sorted(place for module in modules() for place in rule(module))  # type: ignore[operator]


def test_modules_stop_at_500_lines() -> None:
    long = [
        m.where(n)
        for m in modules()
        if m.path.name not in SMALL_TABLES_EXEMPT and (n := len(m.text.splitlines())) > 500
    ]
    assert long == []


def test_functions_stop_at_60_lines() -> None:
    def rule(m: Module) -> list[str]:
        return [m.where(f.lineno) for f in m.functions() if (f.end_lineno or 0) - f.lineno + 1 > 60]

    assert broken(rule) == []


def test_no_module_is_named_for_nothing() -> None:
    nothing = re.compile(r"(^|_)(utils?|helpers?|managers?|common|misc)($|_)")
    assert [m.name for m in modules() if nothing.search(m.path.stem)] == []


def test_nothing_is_guarded_by_assert() -> None:
    def rule(m: Module) -> list[str]:
        return [m.where(n.lineno) for n in ast.walk(m.tree) if isinstance(n, ast.Assert)]

    assert broken(rule) == []


def test_no_exception_is_swallowed_in_silence() -> None:
    def rule(m: Module) -> list[str]:
        handlers = [n for n in ast.walk(m.tree) if isinstance(n, ast.ExceptHandler)]
        return [m.where(h.lineno) for h in handlers if len(h.body) == 1 and isinstance(h.body[0], ast.Pass)]

    assert broken(rule) == []


def test_no_bare_except() -> None:
    def rule(m: Module) -> list[str]:
        handlers = [n for n in ast.walk(m.tree) if isinstance(n, ast.ExceptHandler)]
        return [m.where(h.lineno) for h in handlers if h.type is None]

    assert broken(rule) == []


def test_only_doors_read_the_clock() -> None:
    def rule(m: Module) -> list[str]:
        if m.room == "doors":
            return []
        calls = [n for n in ast.walk(m.tree) if isinstance(n, ast.Call)]
        return [m.where(c.lineno) for c in calls if dotted(c.func) in CLOCKS]

    assert broken(rule) == []


def test_rows_stay_home() -> None:
    """A room's tables are imported by that room alone, but for the target of a foreign key."""

    def rule(m: Module) -> list[str]:
        found: list[str] = []
        if m.path.name == "models.py" or m.path.parent.name == "models":
            return found
        for name, line in m.imports():
            parts = name.split(".")
            foreign = parts[0] == "jieli" and len(parts) > 2 and parts[2] == "models" and parts[1] in ROOMS
            if foreign and parts[1] != m.room:
                found.append(f"{m.where(line)} {name}")
        return found

    assert broken(rule) == []


def test_nothing_is_imported_behind_the_linter_s_back() -> None:
    def rule(m: Module) -> list[str]:
        calls = [n for n in ast.walk(m.tree) if isinstance(n, ast.Call)]
        hidden = {"__import__", "importlib.import_module", "import_module", "apps.get_model", "import_string"}
        allowed = {"jieli.wiring.databases"}  # the router is given names and must find the model
        return [] if m.name in allowed else [m.where(c.lineno) for c in calls if dotted(c.func) in hidden]

    assert broken(rule) == []


def test_imports_are_not_hidden_from_types() -> None:
    """A type is a dependency of thought; only a foreign package that may be absent is imported for types alone."""

    def rule(m: Module) -> list[str]:
        blocks = [n for n in ast.walk(m.tree) if isinstance(n, ast.If) and dotted(n.test) == "TYPE_CHECKING"]
        inner = [n for b in blocks for n in ast.walk(b) if isinstance(n, ast.ImportFrom)]
        return [m.where(n.lineno) for n in inner if (n.module or "").split(".")[0] in {"jieli", "seal", ""}]

    assert broken(rule) == []


def test_rooms_do_not_re_export() -> None:
    def rule(m: Module) -> list[str]:
        is_room = m.path.name == "__init__.py" and m.room in ROOMS and m.name == f"jieli.{m.room}"
        return [m.where(line) for _, line in m.imports()] if is_room else []

    assert broken(rule) == []


def test_every_room_says_what_it_keeps() -> None:
    silent = [
        m.name for m in modules() if m.path.name == "__init__.py" and m.name and not ast.get_docstring(m.tree)
    ]
    assert silent == []


def test_rows_are_written_through_the_book_alone() -> None:
    """In rooms no ORM call writes: the Book makes the part from the row, so nothing goes in without one."""
    writing = re.compile(
        r"\.(objects|_base_manager|using\([^)]*\))\.(create|bulk_create|update|get_or_create|delete)$"
    )

    def rule(m: Module) -> list[str]:
        if m.room not in ROOMS or m.room == "ledger":
            return []
        calls = [n for n in ast.walk(m.tree) if isinstance(n, ast.Call)]
        return [m.where(c.lineno) for c in calls if writing.search("." + ast.unparse(c.func).split("(")[0])]

    assert broken(rule) == []


def test_a_door_function_makes_one_domain_call() -> None:
    """One write or opening in one run, or several in one transaction; queries for the page stand beside it."""

    def rule(m: Module) -> list[str]:
        return [place for place, most in door_calls.functions(m) if most > 1] if m.room == "doors" else []

    assert broken(rule) == []


def test_writes_that_follow_one_another_in_a_door_are_counted_and_branches_are_not() -> None:
    source = """
from jieli.papers import operations
from jieli.parties.operations import register_staff as enter
def one():
    if wanted:
        return operations.sign(by=me)
    enter([], by=me)
def two():
    if wanted:
        operations.sign(by=me)
    enter([], by=me)
def together():
    with book(at=now) as b:
        operations.receive(by=me)
        operations.sign(by=me)
def apart():
    with shown():
        operations.receive(by=me)
        operations.sign(by=me)
def none():
    def inner():
        return enter([], by=me)
    return inner, operations.prepare(paper)
"""
    path = SRC / "jieli" / "doors" / "an_example.py"
    example = Module(path)
    example.__dict__["text"] = source
    counted = {f.name: door_calls.most_writes(example, f) for f in example.functions()}
    assert counted == {"one": 1, "two": 2, "together": 1, "apart": 2, "none": 0, "inner": 1}


def test_nothing_unfinished_is_left() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")

    def rule(m: Module) -> list[str]:
        return [m.where(n) for n, line in enumerate(m.text.splitlines(), 1) if marks.search(line)]

    assert broken(rule) == []


def test_the_repository_names_no_registry_and_no_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    hosts = re.compile("|".join(["py" + r"pi\.org", "python" + "hosted", "registry" + r"\.npm"]))
    found = []
    for name in listed.decode().split("\0"):
        path = ROOT / name
        if name and path.suffix != ".png" and path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            found += [name] if hosts.search(text) or "/" + "work/" in text else []
    assert found == []


def test_no_binary_is_committed_but_pictures() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    paths = [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]
    binary = [p for p in paths if b"\0" in p.read_bytes()[:8_000]]
    assert [p for p in binary if p.suffix != ".png" or ROOT / "docs" not in p.parents] == []
    assert [p for p in binary if p.stat().st_size > 300 * 1024] == []
