from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "jieli.matters"
    label = "matters"
    verbose_name = "事项"
