from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    name = "jieli.approvals"
    label = "approvals"
    verbose_name = "审批与启用"
