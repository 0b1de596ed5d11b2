from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "jieli.duties"
    label = "duties"
    verbose_name = "双方义务与期限"
