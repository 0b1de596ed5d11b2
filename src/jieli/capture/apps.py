from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "jieli.capture"
    label = "capture"
    verbose_name = "导入与准入"
