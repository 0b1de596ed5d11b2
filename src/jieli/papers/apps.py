from django.apps import AppConfig

from jieli.ledger import refusals
from jieli.papers.errors import DESTROYED, NEVER_ADMITTED, destroyed, never_admitted


class PapersConfig(AppConfig):
    name = "jieli.papers"
    label = "papers"
    verbose_name = "文书"

    def ready(self) -> None:
        """Whichever room names a paper that is destroyed, or never was, is told so as this room tells it."""
        refusals.say(DESTROYED, destroyed)
        refusals.say(NEVER_ADMITTED, never_admitted)
