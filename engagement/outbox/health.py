"""Whether reminders run: said the same way to machines (`/healthz/deep`) and to people (the line on every page)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import get_connection

from engagement.outbox.models import Heartbeat, Message

# Beats come every half minute, messages leave within seconds: past these something is broken.
SILENT_AFTER = timedelta(minutes=3)
UNSENT_AFTER = timedelta(minutes=5)
CHECK_MAIL_EVERY = timedelta(minutes=2)


@dataclass(frozen=True)
class Health:
    beat_at: datetime | None
    oldest_unsent_at: datetime | None
    mail_error: str
    now: datetime

    @property
    def delayed_since(self) -> datetime | None:
        """The moment from which reminders may have been late, or None while they run."""
        signs = []
        if self.beat_at is None:
            signs.append(self.now)
        elif self.now - self.beat_at > SILENT_AFTER:
            signs.append(self.beat_at)
        if self.oldest_unsent_at and self.now - self.oldest_unsent_at > UNSENT_AFTER:
            signs.append(self.oldest_unsent_at)
        if self.mail_error:
            signs.append(self.beat_at or self.now)
        return min(signs, default=None)

    @property
    def running(self) -> bool:
        return self.delayed_since is None


def read(now: datetime) -> Health:
    heart = Heartbeat.objects.filter(pk=1).first()
    # By when it was to leave: a reminder kept for tomorrow morning is not late tonight.
    oldest = Message.objects.unsettled().filter(not_before__lte=now).order_by("not_before").first()
    return Health(
        beat_at=heart.beat_at if heart else None,
        oldest_unsent_at=oldest.not_before if oldest else None,
        mail_error=heart.mail_error if heart else "",
        now=now,
    )


def beat(now: datetime) -> None:
    heart = Heartbeat.objects.filter(pk=1).first() or Heartbeat(pk=1)
    heart.beat_at = now
    if heart.mail_checked_at is None or now - heart.mail_checked_at >= CHECK_MAIL_EVERY:
        heart.mail_checked_at, heart.mail_error = now, _mail_error()
    heart.save()


def _mail_error() -> str:
    connection = get_connection(settings.DELIVERY_BACKEND)
    try:
        connection.open()
        connection.close()
    except OSError as error:
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return ""
