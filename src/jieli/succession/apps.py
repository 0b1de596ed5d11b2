from django.apps import AppConfig


class SuccessionConfig(AppConfig):
    name = "jieli.succession"
    label = "succession"
    verbose_name = "客户接续"
