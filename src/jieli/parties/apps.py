from django.apps import AppConfig


class PartiesConfig(AppConfig):
    name = "jieli.parties"
    label = "parties"
    verbose_name = "人员与客户"
