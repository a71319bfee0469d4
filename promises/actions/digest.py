"""One message a person a morning, at their hour, on their working days, and never an empty one."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta

from django.db import transaction

from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.calendars import is_working_day
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from promises.digest import contents

# A worker that was down all morning does not speak of it in the evening.
TOO_LATE = timedelta(hours=6)

logger = logging.getLogger(__name__)


def write_digests(now: datetime) -> int:
    """Write the morning messages that are due. One that cannot be written stops no other."""
    _set_first_mornings(now)
    diaries = Diaries(Firm.get())
    written = 0
    for person in User.objects.owed_a_digest(now):
        try:
            written += _write_digest(person, now, diaries)
        except Exception:
            logger.exception("The morning message of person %s could not be written.", person.pk)
            User.objects.filter(pk=person.pk).update(next_digest_at=now + timedelta(hours=1))
    return written


def next_morning(person: User, after: datetime) -> datetime:
    """Their hour of the first day on which it still lies ahead."""
    day = after.astimezone(person.zoneinfo).date()
    moment = _at(person, day)
    return moment if moment > after else _at(person, day + timedelta(days=1))


def _at(person: User, day: date) -> datetime:
    moment = datetime.combine(day, person.digest_time, tzinfo=person.zoneinfo)
    if moment.astimezone(UTC).astimezone(person.zoneinfo).date() != day:
        # Clocks that are put forward at midnight leave the hour out: it comes before then, not on the next day.
        moment = moment.replace(fold=1)
    return moment.astimezone(UTC)


def _set_first_mornings(now: datetime) -> None:
    for person in User.objects.active().filter(next_digest_at=None):
        User.objects.filter(pk=person.pk, next_digest_at=None).update(next_digest_at=next_morning(person, now))


def _write_digest(person: User, now: datetime, diaries: Diaries) -> bool:
    """Move the clock on and write the message down: both, or neither."""
    day = now.astimezone(person.zoneinfo).date()
    with transaction.atomic():
        mine = User.objects.filter(pk=person.pk, next_digest_at=person.next_digest_at)
        if not mine.update(next_digest_at=next_morning(person, now)):
            return False
        # Yesterday's, found at night by a worker that was down, is not owed any more either.
        is_morning = timedelta(0) <= now - _at(person, day) <= TOO_LATE
        if not is_morning or not is_working_day(diaries.of(person), day) or not contents(person, now, diaries):
            return False
        message = outbox.write(
            occasion=f"digest:{person.pk}:{day.isoformat()}",
            now=now,
            audience=Audience.STAFF,
            person=person,
            address=person.email,
            language=person.language,
            subject="",
            body="",
            kind="digest",
        )
    return message is not None
