"""Whether reminders run: said the same way to machines (`/healthz/deep`) and to people (the line on every page)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import QuerySet

from engagement.outbox import hold as holding
from engagement.outbox.models import Heartbeat, Hold, Message, State

# Beats come every half minute; messages leave, and promises are looked at, within seconds: past these it is broken.
SILENT_AFTER = timedelta(minutes=3)
LATE_AFTER = timedelta(minutes=5)
CHECK_MAIL_EVERY = timedelta(minutes=2)
BEATEN = ("beat_at", "mail_checked_at", "mail_error")

Moments = Callable[[datetime], "QuerySet[Any, Any]"]
# What rooms above have to do by now, as one column of moments by which it was to be done.
_also: list[Moments] = []


def watch_over(due: Moments) -> None:
    """Reminders are delayed, too, when this is not done in time. Each is asked by every page: it wants an index."""
    _also.append(due)


@dataclass(frozen=True)
class Health:
    beat_at: datetime | None
    oldest_waiting_at: datetime | None
    mail_error: str
    hold: Hold | None
    now: datetime

    @property
    def delayed_since(self) -> datetime | None:
        """The moment from which reminders may have been late, or None while they run."""
        signs = []
        if self.beat_at is None:
            signs.append(self.now)
        elif self.now - self.beat_at > SILENT_AFTER:
            signs.append(self.beat_at)
        if self.oldest_waiting_at and self.now - self.oldest_waiting_at > LATE_AFTER:
            signs.append(self.oldest_waiting_at)
        if self.mail_error:
            signs.append(self.beat_at or self.now)
        if self.hold:
            signs.append(self.hold.held_at)
        return min(signs, default=None)

    @property
    def running(self) -> bool:
        return self.delayed_since is None


def read(now: datetime) -> Health:
    heart = Heartbeat.objects.select_related("hold").filter(pk=1).first()
    return Health(
        beat_at=heart.beat_at if heart else None,
        oldest_waiting_at=_oldest_waiting(now),
        mail_error=heart.mail_error if heart else "",
        hold=heart.hold if heart else None,
        now=now,
    )


def _oldest_waiting(now: datetime) -> datetime | None:
    """By when it was to leave: a reminder kept for tomorrow morning is not late tonight.

    Asked by every page. State by state, because each has its partial index, which "one of two states" would not use.
    """
    due = Message.objects.filter(not_before__lte=now).order_by().values_list("not_before", flat=True)
    above = [moments(now) for moments in _also]
    # In one question: a page pays for it once.
    every = due.filter(state=State.WAITING).union(due.filter(state=State.SENDING), *above, all=True)
    return every.order_by("not_before").first()


def oldest_undone(now: datetime) -> datetime | None:
    """The earliest moment by which a room above was to do something, and has not: messages may still come of it."""
    return min(filter(None, (_first(moments(now)) for moments in _also)), default=None)


def _first(column: QuerySet[Any, Any]) -> datetime | None:
    moment: datetime | None = column.order_by(*column.query.values_select).first()
    return moment


def beat(now: datetime) -> None:
    # Before the beat is renewed: it is by the old one that a restored copy is known.
    holding.notice_sleep(now)
    heart = Heartbeat.objects.filter(pk=1).first() or Heartbeat(pk=1)
    heart.beat_at = now
    if heart.mail_checked_at is None or now - heart.mail_checked_at >= CHECK_MAIL_EVERY:
        heart.mail_checked_at, heart.mail_error = now, _mail_error()
    # Whether anything is held is another's to say.
    Heartbeat.objects.update_or_create(pk=1, defaults={name: getattr(heart, name) for name in BEATEN})


def _mail_error() -> str:
    connection = get_connection(settings.DELIVERY_BACKEND)
    try:
        connection.open()
        connection.close()
    except OSError as error:
        return " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return ""
