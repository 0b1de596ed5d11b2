from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "jieli.archive"
    label = "archive"
    verbose_name = "存档"
