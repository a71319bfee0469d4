"""What would break quietly in production is said aloud before it starts (`manage.py check --deploy`)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.utils import timezone
from django.utils.module_loading import import_string

from clients.sealing.errors import CannotSeal
from clients.sealing.key import open_key
from engagement.outbox import failpoint

SEAL_ENDS_SOON = timedelta(days=90)


@register(Tags.security, deploy=True)
def site_url_is_https(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.SITE_URL.startswith("https://"):
        return []
    text = f"Links in mails point to {settings.SITE_URL}, which is not https."
    hint = "Set SITE_URL to the address that clients use, beginning with https://."
    return [checks.Warning(text, hint=hint, id="engagement.W001")]


@register(Tags.security, deploy=True)
def processes_share_a_cache(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if settings.WEB_PROCESSES == 1 or settings.REDIS_URL:
        return []
    # Each process would count on its own, so a guesser would get as many tries more as there are processes.
    text = f"WEB_PROCESSES is {settings.WEB_PROCESSES}, and they share no cache: limits on tries are weaker."
    return [checks.Warning(text, hint="Set REDIS_URL, or WEB_PROCESSES to 1.", id="engagement.W002")]


@register(Tags.security, deploy=True)
def mails_can_leave(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.DELIVERY_BACKEND.endswith("filebased.EmailBackend"):
        hint = "Set EMAIL_URL to your mail server."
        found.append(checks.Warning("Mails are laid in a folder and reach nobody.", hint=hint, id="engagement.W003"))
    if settings.DEFAULT_FROM_EMAIL.rstrip(">").endswith(("@localhost", ".local")):
        text = f"Mails are sent from {settings.DEFAULT_FROM_EMAIL}, which other mail servers refuse."
        found.append(checks.Warning(text, hint="Set FROM_EMAIL to an address of your own.", id="engagement.W004"))
    return found


@register(Tags.security, deploy=True)
def sign_ins_are_kept(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if settings.PLAIN_HTTP and not settings.EMBEDDED:
        text = "Pages go by plain http: whoever listens on the way takes sign-ins with them."
        found.append(checks.Warning(text, hint="Set PLAIN_HTTP to False.", id="engagement.W007"))
    if settings.SESSION_IDLE > settings.SESSION_LONGEST:
        text = "SESSION_IDLE_HOURS is longer than SESSION_DAYS: nobody is ever signed out for being idle."
        found.append(checks.Warning(text, hint="docs/signing_in.md says what each does.", id="engagement.W008"))
    if min(settings.SESSION_IDLE, settings.SESSION_LONGEST) <= timedelta():
        text = "SESSION_IDLE_HOURS and SESSION_DAYS must be 1 or more: as it is, nobody stays signed in."
        found.append(checks.Error(text, hint="docs/signing_in.md says what each does.", id="engagement.E003"))
    return found


@register(Tags.security, deploy=True)
def documents_can_be_sealed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    hint = "docs/seal.md says how the key is made and where it lies."
    try:
        key = open_key(settings.SEAL_FILE, settings.SEAL_PASSPHRASE)
    except CannotSeal as error:
        return [checks.Error(f"Signed documents cannot be sealed. {error}", hint=hint, id="engagement.E002")]
    if settings.SEAL_FILE.stat().st_mode & 0o077:
        text = f"Others on this machine may read {settings.SEAL_FILE}."
        found.append(checks.Warning(text, hint=f"chmod 600 {settings.SEAL_FILE}", id="engagement.W005"))
    if key.certificate.not_valid_after_utc < timezone.now() + SEAL_ENDS_SOON:
        text = f"The certificate of the seal runs out on {key.certificate.not_valid_after_utc:%Y-%m-%d}."
        found.append(checks.Warning(text, hint="manage.py make_seal --rotate", id="engagement.W006"))
    return found


@register(Tags.security, deploy=True)
def no_place_to_die(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not failpoint.NAMED:
        return []
    text = f"FAILPOINT names {failpoint.NAMED!r}: the worker ends itself each time it comes by there."
    return [checks.Error(text, hint="Unset FAILPOINT. Only tests name one.", id="engagement.E004")]


@register(Tags.security, deploy=True)
def schedule_names_real_tasks(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        checks.Error(f"The schedule {name!r} rings for {entry['task']}, which is no task.", id="engagement.E001")
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if not is_task(entry["task"])
    ]


def is_task(name: str) -> bool:
    # Not Celery's own discovery: a starting worker runs these checks from inside it.
    try:
        return bool(import_string(name).name == name)
    except (ImportError, AttributeError):
        return False
