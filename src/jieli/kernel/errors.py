"""Errors that a person can act on."""


class JieliError(Exception):
    """One sentence of what is wrong, the remedy, and a stable code.

    The sentence and the remedy are Chinese, as the screens are. They never hold content, keys or tokens.
    """

    code = "kernel.error"

    def __init__(self, sentence: str, *, remedy: str = "", code: str | None = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.remedy = remedy
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        return f"{self.sentence}{self.remedy}［{self.code}］"

    def as_json(self) -> dict[str, str]:
        """The error as doors answer it to machines."""
        return {"code": self.code, "error": self.sentence, "remedy": self.remedy}
