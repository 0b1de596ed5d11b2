from django.apps import AppConfig


class PapersConfig(AppConfig):
    name = "jieli.papers"
    label = "papers"
    verbose_name = "文书"
