"""A line that was typed wrongly, told in Chinese first: which option or argument, and where its usage stands.

The command line's own library says it in English; that sentence stays, after ours, unless ours says as much. Exit 2,
and nothing was done.
"""

import sys
from collections.abc import Sequence
from typing import Any

import typer
from typer import BadParameter, TyperException
from typer.core import TyperGroup

from seal.visible import text_of

CODE = "cli.usage"
_ABORTED = 1


class ChineseFirst(TyperGroup):
    """The root of the command line: as the library's own, but for what it says of a wrong line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a line; a wrong one ends with 2."""
        run = super().main
        if not standalone_mode:
            return run(args, prog_name, complete_var, False, windows_expand_args, **extra)
        try:
            done = run(args, prog_name, complete_var, False, windows_expand_args, **extra)
        except TyperException as error:
            if _is(error, "NoArgsIsHelpError"):
                typer.echo(error.format_message(), err=True)  # the help itself, which is Chinese
            else:
                said = sentence(error) if _is(error, "UsageError") else "命令没有运行。"
                _tell(f"{said}［{CODE}］", *_english(error))
            sys.exit(error.exit_code)
        except typer.Abort:
            _tell("已中止。Aborted.")
            sys.exit(_ABORTED)
        sys.exit(done if isinstance(done, int) else 0)


def _tell(*lines: str) -> None:
    """What was typed may come out of a script: it is read, and does nothing."""
    typer.echo(text_of(lines), err=True, nl=False)


def _is(error: TyperException, name: str) -> bool:
    """Whether it is one of the library's errors of this name. Their names are documented; of the classes it exports
    only the most general one and `BadParameter`."""
    return any(one.__name__ == name for one in type(error).__mro__)


def sentence(error: TyperException) -> str:
    """What is wrong with the line, by the name of the option or argument, and where its usage stands."""
    within = getattr(
        error, "ctx", None
    )  # none where it was raised by a type, before anybody said for which command
    path = within.command_path if within is not None else "jieli"
    return f"{_what(error)}用法见 {path} --help。"


def _english(error: TyperException) -> list[str]:
    """The library's own sentence on one line, where ours does not say as much."""
    if isinstance(error, BadParameter) and _expected(error):
        return []
    return [" ".join(error.format_message().split())]


def _what(error: TyperException) -> str:
    if isinstance(error, BadParameter):
        if _is(error, "MissingParameter"):
            return f"缺少{_name(error).rstrip()}。"
        return f"{_name(error)}的写法不对{_expected(error)}。"
    option = getattr(error, "option_name", "")
    if _is(error, "NoSuchOption"):
        possible = getattr(error, "possibilities", None)
        near = f"，是不是 {'、'.join(possible)}" if possible else ""
        return f"没有 {option} 这个选项{near}。"
    if _is(error, "BadOptionUsage"):
        return f"选项 {option} 的用法不对：缺少它的值，或多给了一个。"
    if _is(error, "BadArgumentUsage"):
        return "参数的个数不对。"
    return "没有这个命令，或多出了参数。"


def _name(error: BadParameter) -> str:
    """选项 --as, 参数 TITLE: as the help calls it."""
    param = error.param
    if param is None:
        return f"选项 {error.param_hint} " if error.param_hint else "有一项"
    if param.param_type_name == "option":
        return f"选项 {max(param.opts, key=len)} "
    return f"参数 {(param.name or '').upper()} "


#: What a value should have been, by the type of the validation's error; `{…}` are the limits it names.
_SHOULD_BE = {
    "uuid_parsing": "应为编号（UUID），请整个复制", "uuid_type": "应为编号（UUID），请整个复制",
    "int_parsing": "应为整数", "int_type": "应为整数", "int_from_float": "应为整数", "int_parsing_size": "数字太长",
    "float_parsing": "应为数", "float_type": "应为数", "finite_number": "应为有限的数", "bool_parsing": "应为是或否",
    "greater_than_equal": "不能小于 {ge}", "greater_than": "应大于 {gt}",
    "less_than_equal": "不能大于 {le}", "less_than": "应小于 {lt}",
    "date_parsing": "应为日期，如 2026-09-01", "date_from_datetime_parsing": "应为日期，如 2026-09-01",
    "datetime_parsing": "应为时间，如 2026-09-01T09:30", "datetime_from_date_parsing": "应为时间，如 2026-09-01T09:30",
}  # fmt: skip


def _expected(error: BadParameter) -> str:
    """What the value should have been, after a colon; "" where only the library's sentence tells it."""
    refusals = getattr(
        error.__cause__, "errors", None
    )  # of the validation, which is the library's own dependency
    if refusals is None:
        return ""
    said = [_refusal(one["type"], dict(one.get("ctx", {}))) for one in refusals()]
    metavar = (error.param.metavar if error.param is not None else None) or ""
    if said and all(one.startswith(_ONE_OF) for one in said) and "|" in metavar:
        said = [_ONE_OF + metavar.replace("|", "、")]  # where the help offers less than the type
    return f"：{'；'.join(dict.fromkeys(said))}" if said and all(said) else ""


_ONE_OF = "只能是 "


def _refusal(kind: str, limits: dict[str, Any]) -> str:
    _, told, choices = str(limits.get("error", "")).rpartition(" is not one of ")
    if kind == "value_error" and told:
        return _ONE_OF + choices.removesuffix(".").replace("'", "").replace(", ", "、")
    return _SHOULD_BE.get(kind, "").format(**limits)
