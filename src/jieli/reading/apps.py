from django.apps import AppConfig


class ReadingConfig(AppConfig):
    name = "jieli.reading"
    label = "reading"
    verbose_name = "查阅"
