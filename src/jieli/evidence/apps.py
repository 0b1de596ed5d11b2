from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    name = "jieli.evidence"
    label = "evidence"
    verbose_name = "证据"
