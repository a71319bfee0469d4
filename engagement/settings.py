"""One settings file; the environment says where we are. `.env.example` lists every name it reads."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from redis.backoff import NoBackoff
from redis.retry import Retry

from engagement.embedded import key_of_this_machine, passphrase_of_this_machine

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
if (BASE_DIR / ".env").exists():
    env.read_env(BASE_DIR / ".env")


def env_flag(name: str, default: bool) -> bool:
    """Only True and False are read: a typing error must not switch a protection off."""
    value: str = env.str(name, str(default))
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name} must be True or False, not {value!r}")
    return value == "True"


DEBUG = env_flag("DEBUG", False)
# With nothing said this is the embedded run: one machine, SQLite, plain http to itself, a key of its own.
DATABASE_URL = env.str("DATABASE_URL", "")
EMBEDDED = env_flag("EMBEDDED", not DATABASE_URL)
PLAIN_HTTP = env_flag("PLAIN_HTTP", EMBEDDED or DEBUG)

# What the embedded run keeps: database, key, mails, collected static files.
VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
if EMBEDDED or DEBUG:
    VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)

SECRET_KEY = env.str("SECRET_KEY", "")
if not SECRET_KEY:
    if not (EMBEDDED or DEBUG):
        raise ImproperlyConfigured("Set SECRET_KEY to a long random text: with it, sign-ins and links are signed.")
    SECRET_KEY = key_of_this_machine(VAR_DIR)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# The seal of signed documents: its key, what that is locked with, and a time service that may vouch for the moment.
SEAL_FILE = Path(env.str("SEAL_FILE", str(VAR_DIR / "seal.p12")))
SEAL_PASSPHRASE = env.str("SEAL_PASSPHRASE", "")
if not SEAL_PASSPHRASE and (EMBEDDED or DEBUG):
    SEAL_PASSPHRASE = passphrase_of_this_machine(VAR_DIR)
TIMESTAMP_URL = env.str("TIMESTAMP_URL", "")

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Only a proxy you run may say where a visitor comes from, and that they came by https.
BEHIND_PROXY = env_flag("BEHIND_PROXY", False)
# Where `manage.py serve` listens.
BIND = env.str("BIND", "127.0.0.1")
PORT = env.int("PORT", 8000)
# Where links in mails point to.
SITE_URL = env.str("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
# Whom to tell of a hole: an address or a page, said at /.well-known/security.txt.
SECURITY_CONTACT = env.str("SECURITY_CONTACT", "")

INSTALLED_APPS = [
    "engagement",
    "promises",
    "clients",
    "engagement.outbox",
    "engagement.staff",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "crispy_forms",
    "crispy_bootstrap5",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "engagement.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "engagement.staff.middleware.PersonMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "engagement.urls"
WSGI_APPLICATION = "engagement.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "engagement.staff.context_processors.firm",
                "engagement.outbox.context_processors.truth",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "engagement.staff.templatetags.when",
            ],
        },
    }
]

DATABASES = {
    "default": env.db_url_config(DATABASE_URL)
    if DATABASE_URL
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": VAR_DIR / "engagement.sqlite3"}
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # Two writers wait for each other instead of failing half-way.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    # A new connection a page costs nine times the page.
    DATABASES["default"] |= {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "staff.User"
LOGIN_URL = "staff:sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "staff:sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "engagement.staff.password_rules.NotYourOwnName",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {"NAME": "engagement.staff.password_rules.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "engagement.staff.password_rules.NotCommon"},
    {"NAME": "engagement.staff.password_rules.NotOurNames"},
]
PASSWORD_RESET_TIMEOUT = int(timedelta(days=3).total_seconds())

# Sessions: docs/signing_in.md says why so long.
SESSION_ENGINE = "engagement.staff.session_store"
SESSION_IDLE = timedelta(hours=env.int("SESSION_IDLE_HOURS", 72))
SESSION_LONGEST = timedelta(days=env.int("SESSION_DAYS", 14))
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
MESSAGE_STORAGE = "engagement.staff.flashes.Storage"
FLASH_COOKIE_NAME = "flash"
KNOWN_BROWSER_COOKIE_NAME = "known-browser"

LANGUAGE_CODE = "en"
# What clients read is in all of them; pages of staff are in English so far: docs/languages.md.
LANGUAGES = [("en", _("English")), ("af", _("Afrikaans")), ("nl", _("Dutch"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.str("STATIC_ROOT", str(VAR_DIR / "static"))
if EMBEDDED or DEBUG:
    Path(STATIC_ROOT).mkdir(parents=True, exist_ok=True)
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}

CRISPY_ALLOWED_TEMPLATE_PACKS = "bootstrap5"
CRISPY_TEMPLATE_PACK = "bootstrap5"

# A scope of 200 lines is sent in one form.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2500
FILE_UPLOAD_HANDLERS = [
    "engagement.staff.uploads.RefuseHuge",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Django's own mails (invitation, password) are written to the outbox like everything that leaves the firm.
EMAIL_BACKEND = "engagement.outbox.backend.OutboxBackend"
# What the outbox sends with. Without a server, mails are laid in a folder.
_EMAIL = env.email("EMAIL_URL", default="filemail:///")
DELIVERY_BACKEND = _EMAIL["EMAIL_BACKEND"]
EMAIL_HOST = _EMAIL.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = _EMAIL.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _EMAIL.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
EMAIL_FILE_PATH = _EMAIL.get("EMAIL_FILE_PATH") or str(VAR_DIR / "mail")
DEFAULT_FROM_EMAIL = env.str("FROM_EMAIL", "engagement@localhost")

REDIS_URL = env.str("REDIS_URL", "")
CACHES = {
    "default": (
        {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            # A page waits no longer for a server that does not answer.
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2, "retry": Retry(NoBackoff(), 1)},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}

# SQLite has one writer, and limits on tries are counted in the cache: several processes need a shared one.
WEB_PROCESSES = env.int("WEB_PROCESSES", 2 if REDIS_URL and DATABASE_URL.startswith("postgres") else 1)

# Celery wakes us; the database remembers. Ticks carry no meaning, so in-memory will do on one machine.
CELERY_BROKER_URL = REDIS_URL or "memory://localhost"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A worker that began nothing for longer than this is taken for deaf, and starts anew within two minutes.
CELERY_TASK_TIME_LIMIT = 90
CELERY_TASK_SOFT_TIME_LIMIT = 75
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
if REDIS_URL:
    CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, float] = {
        "visibility_timeout": 600,
        "unacked_restore_interval": 10,
        "unacked_restore_throttle": 1,
        "socket_timeout": 10,
        "socket_connect_timeout": 3,
        "health_check_interval": 25,
    }
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.1}
# Intervals in UTC only; what is due in somebody's morning is found in the database.
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "look": {"task": "promises.tasks.look", "schedule": 60.0, "options": {"expires": 55}},
    "digests": {"task": "promises.tasks.write_digests", "schedule": 60.0, "options": {"expires": 55}},
    "imports": {"task": "promises.tasks.run_imports", "schedule": 5.0, "options": {"expires": 4}},
    "documents": {"task": "clients.tasks.make_documents", "schedule": 5.0, "options": {"expires": 4}},
    "agreements": {"task": "clients.tasks.watch_agreements", "schedule": 60.0, "options": {"expires": 55}},
    "send": {"task": "engagement.outbox.tasks.send_waiting", "schedule": 5.0, "options": {"expires": 4}},
    "sessions": {"task": "engagement.staff.tasks.clear_sessions", "schedule": 3600.0, "options": {"expires": 3500}},
    "heartbeat": {"task": "engagement.outbox.tasks.beat", "schedule": 30.0, "options": {"expires": 25}},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        # Nothing but what is named: no page of ours holds inline code, and none fetches from elsewhere.
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        # Bootstrap draws ticks and arrows as data in its style sheet.
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "engagement.staff.views.refused.form_refused"
if not PLAIN_HTTP:
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    FLASH_COOKIE_NAME = "__Host-flash"
    KNOWN_BROWSER_COOKIE_NAME = "__Host-known-browser"
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = env_flag("SSL_REDIRECT", True)
    # A watcher inside asks whether the process lives without a certificate.
    SECURE_REDIRECT_EXEMPT = [r"^healthz"]
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "engagement.logs.Line"}},
    "filters": {"refusals": {"()": "engagement.logs.Refusals"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]}},
    # Django brings handlers of its own, which print private addresses whole, or mail them with all that was sent.
    "loggers": {
        "django": {"handlers": [], "level": "INFO"},
        "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", "INFO")},
}
