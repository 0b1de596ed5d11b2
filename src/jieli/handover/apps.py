from django.apps import AppConfig


class HandoverConfig(AppConfig):
    name = "jieli.handover"
    label = "handover"
    verbose_name = "离职交接"
