"""Whether reminders run: said the same way to machines (`/healthz/deep`) and to people (the line on every page)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.mail import get_connection
from django.db import connection
from django.db.models import DateTimeField, QuerySet, Value
from django.utils.translation import gettext

from engagement.outbox import hold as holding
from engagement.outbox.models import Heartbeat, Hold, Message, State
from engagement.staff.statement import Given, SqlText

# Beats come every half minute; messages leave, and promises are looked at, within seconds: past these it is broken.
SILENT_AFTER = timedelta(minutes=3)
LATE_AFTER = timedelta(minutes=5)
CHECK_MAIL_EVERY = timedelta(minutes=2)
# Any two will do.
TWO_MOMENTS = datetime(2001, 1, 1, tzinfo=UTC), datetime(2002, 1, 1, tzinfo=UTC)
NOW = Given("now", DateTimeField())
BEATEN = ("beat_at", "mail_checked_at", "mail_error")

Moments = Callable[[datetime], "QuerySet[Any, Any]"]
# What rooms above have to do by now, as one column of moments by which it was to be done.
_also: list[Moments] = []
_names: dict[Moments, str] = {}


def watch_over(due: Moments, name: str) -> None:
    """Reminders are delayed, too, when this is not done in time. Each is asked by every page: it wants an index.

    `name`: the things that are due, as people say them, marked with gettext_noop.
    """
    _also.append(due)
    _names[due] = name


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
    """In one question; a second where something is held."""
    ((oldest_at, beat_at, mail_error, hold),) = _question(connection.vendor, len(_also)).ask(now=now)
    return Health(
        beat_at=_moment(beat_at),
        oldest_waiting_at=_moment(oldest_at),
        mail_error=mail_error or "",
        hold=Hold.objects.filter(pk=hold).first() if hold else None,
        now=now,
    )


def _moment(value: Any) -> datetime | None:
    """As a field of a model would give it: SQLite keeps moments as text."""
    field = Value(None, DateTimeField())
    for convert in (*connection.ops.get_db_converters(field), *field.get_db_converters(connection)):
        value = convert(value, field, connection)
    moment: datetime | None = value
    return moment


@lru_cache(maxsize=8)
def _question(vendor: str, rooms: int) -> SqlText:
    """Its text is put together once: every page asks it."""
    (text, params), (_text, others) = (_put_together(moment) for moment in TWO_MOMENTS)
    first = connection.ops.adapt_datetimefield_value(TWO_MOMENTS[0])
    # A column that asks by another moment than the one it is given would stand still here.
    assert all(param in (other, first) for param, other in zip(params, others, strict=True))
    heart = connection.ops.quote_name(Heartbeat._meta.db_table)
    beside = f"FROM (SELECT 1) AS always LEFT JOIN {heart} AS heart ON heart.id = 1"
    return SqlText(
        f"SELECT ({text}), heart.beat_at, heart.mail_error, heart.hold_id {beside}",
        [NOW.place if param == first else param for param in params],
    )


def _put_together(now: datetime) -> tuple[str, list[Any]]:
    """By when everything that waits was to be done: a reminder kept for tomorrow morning is not late tonight.

    Column by column, and of each the first alone, because each has its partial index: all of them together would read
    whatever waits to find the oldest.
    """
    unsent = Message.objects.filter(state__in=[State.WAITING, State.SENDING], not_before__lte=now)
    ours = unsent.order_by().values_list("not_before", flat=True)
    parts, params = list[str](), list[Any]()
    for column in [ours, *(moments(now) for moments in _also)]:
        (name,) = column.query.values_select
        sql, values = column.order_by(name)[:1].query.get_compiler(connection=connection).as_sql()
        parts.append(f"SELECT {connection.ops.quote_name(name)} AS moment FROM ({sql}) AS first_{len(parts)}")
        params += values
    return f"SELECT MIN(moment) FROM ({' UNION ALL '.join(parts)}) AS firsts", params


def undone(now: datetime) -> list[tuple[datetime, str]]:
    """From when on rooms above were to do something, and have not, oldest first: messages may still come of it."""
    firsts = [(_first(moments(now)), gettext(_names[moments])) for moments in _also]
    return sorted((since, name) for since, name in firsts if since)


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
