"""The one error of this package."""


class PostgresError(Exception):
    """The private PostgreSQL cannot do what was asked.

    `code` is stable (`postgres.…`); the text is one sentence with its remedy, and never holds a password.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
