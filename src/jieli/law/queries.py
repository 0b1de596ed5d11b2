"""Reading the registry of statutes. It is a file of the release: no table, no ledger."""

import json
from collections.abc import Iterable
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from jieli.law.errors import NotCitable, UnknownArticle
from jieli.law.types import Citation

_HERE = Path(__file__).parent


@cache
def _statutes() -> dict[str, dict[str, Any]]:
    rows = json.loads((_HERE / "statutes.json").read_text("utf-8"))
    return {row["id"]: row for row in rows}


@cache
def _effective() -> dict[tuple[str, str], date | None]:
    rows = json.loads((_HERE / "effective.json").read_text("utf-8"))
    return {
        (row["law"], row["version"]): date.fromisoformat(found) if (found := row["effective_from"]) else None
        for row in rows
    }


def cite(article_id: str) -> Citation:
    """The article with its exact text (R0.22).

    UnknownArticle (law.unknown_article) for an id that is not in the registry, NotCitable (law.not_citable) for
    one whose text or article number the registry does not hold.
    """
    row = _statutes().get(article_id)
    if row is None:
        raise UnknownArticle(f"条文登记中没有“{article_id}”。", remedy="请核对条文编号。")
    if not row["text"] or not row["article"]:
        raise NotCitable(f"条文“{article_id}”没有已核的原文，不能引用。", remedy="请先补录原文并复核。")
    return Citation(
        id=article_id,
        law=row["law"],
        article=row["article"],
        version=row["version"],
        effective_from=_effective().get((row["law"], row["version"])),
        text=tuple(row["text"]),
    )


def cite_all(article_ids: Iterable[str]) -> tuple[Citation, ...]:
    """Several articles in the order asked for; the first bad id raises as `cite` does."""
    return tuple(cite(article_id) for article_id in article_ids)


def ids() -> tuple[str, ...]:
    """Every id of the registry in its order, those that cannot be cited among them."""
    return tuple(_statutes())
