"""A line that was typed wrongly, told in Chinese first: which option or argument, and where its usage stands.

The command line's own library says it in English; that sentence stays, after ours. Exit 2, and nothing was done.
"""

import sys
from collections.abc import Sequence
from typing import Any

import typer

# the library keeps its exceptions there and exports only some; the house's tests hold the place
from typer._click.exceptions import (
    BadArgumentUsage,
    BadOptionUsage,
    BadParameter,
    ClickException,
    MissingParameter,
    NoArgsIsHelpError,
    NoSuchOption,
    UsageError,
)
from typer.core import TyperGroup

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
        except NoArgsIsHelpError as error:
            error.show()  # the help itself, which is Chinese
            sys.exit(error.exit_code)
        except UsageError as error:
            typer.echo(f"{sentence(error)}［{CODE}］\n{_english(error)}", err=True)
            sys.exit(error.exit_code)
        except ClickException as error:
            typer.echo(f"命令没有运行。［{CODE}］\n{_english(error)}", err=True)
            sys.exit(error.exit_code)
        except typer.Abort:
            typer.echo("已中止。Aborted.", err=True)
            sys.exit(_ABORTED)
        sys.exit(done if isinstance(done, int) else 0)


def sentence(error: UsageError) -> str:
    """What is wrong with the line, by the name of the option or argument, and where its usage stands."""
    path = error.ctx.command_path if error.ctx is not None else "jieli"
    return f"{_what(error)}用法见 {path} --help。"


def _english(error: ClickException) -> str:
    """The library's own sentence on one line."""
    return " ".join(error.format_message().split())


def _what(error: UsageError) -> str:
    if isinstance(error, MissingParameter):
        return f"缺少{_name(error)}。"
    if isinstance(error, BadParameter):
        return f"{_name(error)}的写法不对。"
    if isinstance(error, NoSuchOption):
        near = f"，是不是 {'、'.join(error.possibilities)}" if error.possibilities else ""
        return f"没有 {error.option_name} 这个选项{near}。"
    if isinstance(error, BadOptionUsage):
        return f"选项 {error.option_name} 的用法不对：缺少它的值，或多给了一个。"
    if isinstance(error, BadArgumentUsage):
        return "参数的个数不对。"
    return "没有这个命令，或多出了参数。"


def _name(error: BadParameter) -> str:
    """选项 --as, 参数 TITLE: as the help calls it."""
    param = error.param
    if param is None:
        return f"选项 {error.param_hint}" if error.param_hint else "有一项"
    if param.param_type_name == "option":
        return f"选项 {max(param.opts, key=len)}"
    return f"参数 {(param.name or '').upper()}"
