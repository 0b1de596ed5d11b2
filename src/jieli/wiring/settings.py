"""Django's settings, built from the profile. Values that a site decides are read there, not here."""

import secrets
from pathlib import Path

from jieli.wiring import databases
from jieli.wiring.profile import profile

_profile = profile()
ROOMS = [
    "ledger", "law", "papers", "parties", "access", "matters", "assets", "consent", "archive", "capture",
    "reading", "evidence",
]  # fmt: skip

DEBUG = False
ALLOWED_HOSTS = list(_profile.hosts)
# Without a secret of the site, sessions live as long as the process: enough for the demo, refused by check --deploy.
SECRET_KEY = _profile.web_secret or secrets.token_hex(32)

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    # The rooms that are open, lowest first (ADR 6).
    *(f"jieli.{room}" for room in ROOMS if (Path(__file__).parents[1] / room / "apps.py").exists()),
]
AUTH_USER_MODEL = "access.User"
DATABASES = databases.django_settings()
DATABASE_ROUTERS = ["jieli.wiring.databases.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
