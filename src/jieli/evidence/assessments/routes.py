"""Where such a dispute is brought and until when: advice that shows that practice is split (R0.3, R0.14)."""

from dataclasses import dataclass
from datetime import date

from jieli.evidence.assessments.rulebook import articles, rulebook
from jieli.law.deadlines import Due, due_after_years


@dataclass(frozen=True, slots=True)
class Route:
    """One way, its limitation in years, and what speaks against being sure of it."""

    tribunal: str
    years: int
    text: str
    split: tuple[str, ...]
    articles: tuple[str, ...]
    advisory: str

    def limitation(self, known_on: date) -> Due:
        """The last day of the limitation that began when the right was known to be infringed."""
        return due_after_years(known_on, self.years)


def advise(kind: str) -> Route:
    """The route for an engagement; for an empty one, which is unknown, the shorter limitation is prepared for."""
    data = rulebook("routes").data
    split = tuple(row["text"] for row in data["split"])
    also = [row["articles"] for row in data["split"]]
    found = data["routes"].get(kind)
    if found is None:
        return Route(
            "", 1, data["unknown"], split, articles(data["unknown_articles"], *also), data["advisory"]
        )
    return Route(
        found["tribunal"],
        found["years"],
        found["text"],
        split,
        articles(found["articles"], *also),
        data["advisory"],
    )
