"""A rule as canonical JSON, and as the rows of the table editor. Pure; YAML is never needed.

content = {"v": 1, "pool": targets, "capacity": n, "own_capacity": [[工号, n]], "weights": {...},
"criteria": [{"kind", "value", "force", "units", "staff"}]}; targets = {"units": [code], "staff": [工号]}.
"""

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any

from jieli.succession.errors import RuleInvalid
from jieli.succession.types import (
    Criterion,
    CriterionKind,
    Force,
    RuleContent,
    RuleRow,
    RuleSection,
    Targets,
    Weights,
)
from seal import canonical

VERSION = 1
EVERY_OTHER = "*"
_HIGHEST = 1_000_000
_UNIT, _STAFF, _JOIN = "部门:", "工号:", "、"
_WEIGHTS = {"年限": "tenure", "贡献": "contribution", "均衡": "balance"}
_DEFAULT = "每人"


def check_content(content: RuleContent) -> None:
    """RuleInvalid (succession.rule_invalid) with the first thing that is wrong."""
    if not content.pool:
        raise _invalid("规则没有写明谁可以接手", "请在“接手范围”写明部门或工号")
    if not all(0 < n <= _HIGHEST for n in (content.capacity, *(n for _, n in content.own_capacity))):
        raise _invalid("接续上限须是正整数", "请填写每人最多负责的客户数")
    weights = (content.weights.tenure, content.weights.contribution, content.weights.balance)
    if not all(0 <= w <= 100 for w in weights):
        raise _invalid("权重须是0至100的整数", "请更正权重")
    if len({no for no, _ in content.own_capacity}) != len(content.own_capacity):
        raise _invalid("同一工号写了两个上限", "请只留一行")
    named = [(c.kind, c.value, c.force) for c in content.criteria]
    if len(set(named)) != len(named):
        raise _invalid("同一条件写了两行", "请合并为一行，接手人用“、”分开")
    for criterion in content.criteria:
        if not criterion.value or not criterion.to:
            raise _invalid("条件缺少取值或接手人", "请补全该行；其余取值用“*”表示")


def _invalid(what: str, remedy: str) -> RuleInvalid:
    return RuleInvalid(f"{what}。", remedy=f"{remedy}。")


def settled(content: RuleContent) -> RuleContent:
    """The same rule in its one order, without repetitions: what is stored and digested."""
    criteria = sorted(
        (Criterion(c.kind, c.value.strip(), _sorted(c.to), c.force) for c in content.criteria),
        key=lambda c: (c.kind.value, c.value, c.force.value),
    )
    return RuleContent(
        _sorted(content.pool),
        content.capacity,
        tuple(criteria),
        content.weights,
        tuple(sorted(content.own_capacity)),
    )


def _sorted(targets: Targets) -> Targets:
    return Targets(tuple(sorted(set(targets.units))), tuple(sorted(set(targets.staff))))


def to_json(content: RuleContent) -> dict[str, Any]:
    """Canonical JSON of a settled rule."""
    w = content.weights
    return {
        "v": VERSION,
        "pool": _targets_json(content.pool),
        "capacity": content.capacity,
        "own_capacity": [[no, n] for no, n in content.own_capacity],
        "weights": {"tenure": w.tenure, "contribution": w.contribution, "balance": w.balance},
        "criteria": [
            {"kind": c.kind.value, "value": c.value, "force": c.force.value, **_targets_json(c.to)}
            for c in content.criteria
        ],
    }


def _targets_json(targets: Targets) -> dict[str, Any]:
    return {"units": list(targets.units), "staff": list(targets.staff)}


def from_json(stored: Mapping[str, Any]) -> RuleContent:
    """The rule that was stored; ValueError for a version this release does not know."""
    if stored["v"] != VERSION:
        raise ValueError("a rule of an unknown version")
    criteria = tuple(
        Criterion(CriterionKind(c["kind"]), c["value"], _targets(c), Force(c["force"]))
        for c in stored["criteria"]
    )
    own = tuple((no, n) for no, n in stored["own_capacity"])
    return RuleContent(
        _targets(stored["pool"]), stored["capacity"], criteria, Weights(**stored["weights"]), own
    )


def _targets(stored: Mapping[str, Any]) -> Targets:
    return Targets(tuple(stored["units"]), tuple(stored["staff"]))


def digest(*, name: str, content: RuleContent, rationale: str, customer_need: str, effective: str) -> bytes:
    """SHA-256 of the canonical form of all that an approver of a rule agrees to."""
    agreed = {
        "name": name,
        "content": to_json(content),
        "rationale": rationale,
        "customer_need": customer_need,
        "effective_from": effective,
    }
    return sha256(canonical.encode(agreed)).digest()


# ---- the table editor


def content_to_rows(content: RuleContent) -> list[RuleRow]:
    """The rows that show a rule; `rows_to_content` makes the same rule of them."""
    w, section = content.weights, RuleSection
    shown = {"年限": w.tenure, "贡献": w.contribution, "均衡": w.balance}
    return [
        RuleRow(section.POOL.value, targets=_cell(content.pool)),
        *(
            RuleRow(section.CRITERION.value, c.kind.value, c.value, _cell(c.to), c.force.value)
            for c in content.criteria
        ),
        *(RuleRow(section.WEIGHT.value, kind=word, number=str(n)) for word, n in shown.items()),
        RuleRow(section.CAPACITY.value, kind=_DEFAULT, number=str(content.capacity)),
        *(
            RuleRow(section.CAPACITY.value, targets=f"{_STAFF}{no}", number=str(n))
            for no, n in content.own_capacity
        ),
    ]


def _cell(targets: Targets) -> str:
    return _JOIN.join([*(_UNIT + u for u in targets.units), *(_STAFF + s for s in targets.staff)])


def rows_to_content(rows: Sequence[RuleRow]) -> RuleContent:
    """The rule that rows say. RuleInvalid names the row, counted from 1; blank rows are passed over."""
    made = _Making()
    for n, row in enumerate(rows, 1):
        if any((row.section, row.kind, row.value, row.targets, row.force, row.number)):
            _reader(row, n)(made, row, n)
    if made.capacity is None:
        raise _invalid("没有写明每人上限", "请加一行“上限｜每人｜数字”")
    content = settled(
        RuleContent(made.pool, made.capacity, tuple(made.criteria), Weights(**made.weights), tuple(made.own))
    )
    check_content(content)
    return content


class _Making:
    def __init__(self) -> None:
        self.pool = Targets()
        self.criteria: list[Criterion] = []
        self.weights: dict[str, int] = {}
        self.capacity: int | None = None
        self.own: list[tuple[str, int]] = []


def _reader(row: RuleRow, n: int) -> "Callable[[_Making, RuleRow, int], None]":
    readers = {
        RuleSection.POOL.value: _read_pool,
        RuleSection.CRITERION.value: _read_criterion,
        RuleSection.WEIGHT.value: _read_weight,
        RuleSection.CAPACITY.value: _read_capacity,
    }
    found = readers.get(row.section.strip())
    if found is None:
        raise _row(n, "第一格须是接手范围、条件、权重或上限")
    return found


def _row(n: int, what: str) -> RuleInvalid:
    return RuleInvalid(f"第{n}行：{what}。", remedy="请更正该行。")


def _read_pool(made: _Making, row: RuleRow, n: int) -> None:
    more = _read_targets(row.targets, n)
    made.pool = Targets(made.pool.units + more.units, made.pool.staff + more.staff)


def _read_criterion(made: _Making, row: RuleRow, n: int) -> None:
    kinds, forces = {k.value: k for k in CriterionKind}, {f.value: f for f in Force}
    kind, force = kinds.get(row.kind.strip()), forces.get(row.force.strip() or Force.MUST.value)
    if kind is None or force is None:
        raise _row(n, "条件须是地域、行业、语言或资质，力度须是必须或优先")
    if not row.value.strip():
        raise _row(n, "条件没有取值")
    made.criteria.append(Criterion(kind, row.value.strip(), _read_targets(row.targets, n), force))


def _read_weight(made: _Making, row: RuleRow, n: int) -> None:
    name = _WEIGHTS.get(row.kind.strip())
    if name is None or name in made.weights:
        raise _row(n, "权重须是年限、贡献或均衡，各写一次")
    made.weights[name] = _number(row.number, n)


def _read_capacity(made: _Making, row: RuleRow, n: int) -> None:
    number = _number(row.number, n)
    if row.kind.strip() == _DEFAULT:
        if made.capacity is not None:
            raise _row(n, "每人上限写了两次")
        made.capacity = number
        return
    targets = _read_targets(row.targets, n)
    if targets.units or not targets.staff:
        raise _row(n, "个人上限须写工号")
    made.own.extend((no, number) for no in targets.staff)


def _number(cell: str, n: int) -> int:
    text = cell.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 7):
        raise _row(n, "数字格须是整数")
    return int(text)


def _read_targets(cell: str, n: int) -> Targets:
    units: list[str] = []
    staff: list[str] = []
    for part in filter(None, (p.strip() for p in cell.replace("：", ":").replace("，", _JOIN).split(_JOIN))):
        for mark, found in ((_UNIT, units), (_STAFF, staff)):
            if part.startswith(mark) and part != mark:
                found.append(part.removeprefix(mark).strip())
                break
        else:
            raise _row(n, "接手人须写作“部门:编码”或“工号:编号”，用“、”分开")
    if not units and not staff:
        raise _row(n, "没有写明接手人")
    return Targets(tuple(units), tuple(staff))
