"""How the packages that one command made are told: one as itself, several in a list, older logs first."""

from collections.abc import Sequence

from jieli.doors.cli.frame import out
from jieli.evidence.types import Vouching


def together(each: Sequence[dict[str, object]]) -> dict[str, object]:
    """The values of one package; of several, all of them under `packages`."""
    return each[0] if len(each) == 1 else {"packages": list(each)}


def tell_several(count: int) -> None:
    """Say why there is more than one."""
    if count > 1:
        out.print(f"内容分属 {count} 本账，每本账各一份，互相写明；请一并提交。", markup=False)


def vouched(by: Vouching) -> str:
    """Who stands for a package besides the company; only what its own checkpoint has counts."""
    if by.witnesses:
        return "见证：" + "、".join(by.witnesses)
    again = "" if by.counts else "；核验会得 3，待见证后重做"
    if by.earlier:
        return f"最新检查点未见证（较早的 {by.earlier} 条已由 {'、'.join(by.earlier_by)} 见证）{again}"
    return f"未见证，未经中立第三方固定{again}"
