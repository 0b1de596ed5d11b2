from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "jieli.ledger"
    label = "ledger"
    verbose_name = "账本"
