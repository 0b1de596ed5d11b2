"""`jieli law`: an article of the registry, word for word."""

from typing import Annotated

import typer

from jieli.doors.cli.frame import AsJson, command, out
from jieli.law import queries


def law(
    article: Annotated[str, typer.Argument(help="条文编号，如 CC-558。")], as_json: AsJson = False
) -> None:
    """引用一条法律：登记的原文、版本与施行日，一字不改。"""
    with command(as_json=as_json, house=False) as run:
        found = queries.cite(article)
        values = {
            "id": found.id,
            "title": found.title(),
            "version": found.version,
            "in_force": found.in_force(),
            "text": list(found.text),
        }
        said = [found.title(), f"{found.version}，{found.in_force()}", *found.text]
        run.answer(values, say=lambda: out.print(*said, sep="\n", markup=False, soft_wrap=True))
