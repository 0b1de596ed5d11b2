"""Django's settings, built from the profile. Values that a site decides are read there, not here."""

import secrets
from pathlib import Path

from jieli.wiring import databases
from jieli.wiring.profile import profile

_profile = profile()
ROOMS = [
    "ledger", "law", "papers", "parties", "access", "approvals", "matters", "duties", "assets", "consent",
    "archive", "capture", "reading", "succession", "handover", "evidence",
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

# ── web ──
# Strings, so that nothing below the doors imports them: Django loads these when a web process starts.
_WEB = Path(__file__).parents[1] / "doors" / "web"
INSTALLED_APPS += ["django_htmx"]  # for its copy of htmx among the static files
ROOT_URLCONF = "jieli.wiring.urls"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "jieli.doors.web.middleware.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jieli.doors.web.middleware.loopback_name",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "jieli.doors.portal.link_session.own_pages_only",
    "jieli.doors.web.middleware.Errors",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_WEB / "templates"],
        "OPTIONS": {
            "builtins": ["django.templatetags.static", "jieli.doors.web.tags"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "jieli.doors.web.context.house",
            ],
        },
    }
]
STATIC_URL = "static/"
STATICFILES_DIRS = [_WEB / "static"]
WHITENOISE_USE_FINDERS = True  # served from the package: a fresh clone needs no collecting step
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3_600
WHITENOISE_ALLOW_ALL_ORIGINS = False

AUTHENTICATION_BACKENDS = ["jieli.access.backend.PersonBackend"]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_NAME = "jieli_session"
SESSION_COOKIE_AGE = 10 * 3_600  # a working day
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "jieli_form"
CSRF_COOKIE_HTTPONLY = True  # scripts take the token from the page's own form
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "jieli.doors.web.errors.expired_form"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if not _profile.demo:  # behind a proxy that speaks TLS and sets this header itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 365 * 86_400
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"house": {"()": "jieli.wiring.logs.House"}},
    "filters": {"no_statements": {"()": "jieli.wiring.logs.NoStatements"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "house"}},
    "loggers": {
        "django": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
        # Statements carry names and texts as parameters: no level and no DEBUG lets them be written down.
        "django.db.backends": {"filters": ["no_statements"]},
        "jieli": {"handlers": ["stderr"], "level": "WARNING"},
        "fido2": {"level": "ERROR"},
    },
}
