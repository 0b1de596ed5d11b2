from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "jieli.assets"
    label = "assets"
    verbose_name = "账号、号码、设备与群"
