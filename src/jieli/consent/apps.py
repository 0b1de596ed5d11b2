from django.apps import AppConfig


class ConsentConfig(AppConfig):
    name = "jieli.consent"
    label = "consent"
    verbose_name = "告知与同意"
