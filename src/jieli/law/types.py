"""Values of the law room."""

import re
from dataclasses import dataclass
from datetime import date

DATE_NOT_REVIEWED = "施行日未核"
#: What a law's full name carries beside the name by which people know it.
_LONG = re.compile(r"^中华人民共和国|（[^（]*）$")


@dataclass(frozen=True, slots=True)
class Citation:
    """One article in one version, with its exact text by paragraphs (R0.22).

    `effective_from` is the day from which this version holds; None where nobody has reviewed it.
    """

    id: str
    law: str
    article: str
    version: str
    effective_from: date | None
    text: tuple[str, ...]

    def in_force(self) -> str:
        """The day as printed beside a citation, or the words that it was not reviewed."""
        return f"{self.effective_from.isoformat()}起施行" if self.effective_from else DATE_NOT_REVIEWED

    def short(self) -> str:
        """Law and article where there is little room: without the country, the quotation marks, number and version."""
        return f"{_LONG.sub('', self.law)}{self.article}"

    def title(self) -> str:
        """Law and article as they are quoted: 《中华人民共和国民法典》第三条."""
        inner = self.law if "《" in self.law else f"《{self.law}》"
        return f"{inner}{self.article}"
