"""The watch. Each promise is looked at when its hint says so; a look is one transaction of its own."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db import OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.staff.diary import Diaries
from engagement.staff.models import Firm
from engagement.staff.worktime import (
    NoWorkingTime,
    free_hours,
    next_working_moment,
    subtract_free_hours,
    subtract_working_days,
)
from promises.actions.alarms import alarm_for, whom
from promises.forecast import UNKNOWN_HOURS, Facts, Forecast, forecast, free_hours_for
from promises.models import Band, Promise, Reminder, RiskReading
from promises.risk_words import sentence
from promises.track_record import TrackRecord

logger = logging.getLogger(__name__)

# A row that cannot be looked at waits so long, and is shown, instead of stopping those behind it.
PUT_OFF = timedelta(hours=1)
# A row that somebody else held too long is well again at once.
PUT_OFF_A_LITTLE = timedelta(minutes=1)
# A turn is over before Celery's limit, which would strike in the middle of a look, and before the next tick.
TURN_LASTS = timedelta(seconds=50)
# How long a word on how it stands is good for, once the client might soon have to hear of a slip.
WORD_LASTS = timedelta(days=7)
# The sentence speaks of hours and of the owner's days: it is said anew at least so often.
LOOK_AGAIN = timedelta(days=1)
# Chances are compared to so many places: the crossing of a threshold must not be missed by rounding.
PLACES = 6
# Free hours are counted from whole seconds, so that a chance which is not there yet leaves a second until it can be.
SECOND = timedelta(seconds=1)
# In free hours, and more than rounding each day to the microsecond can add up to: a crossing is sought this much early.
A_HAIR = 1e-6
BATCH = 500
WORST_FIRST = (Reminder.Kind.SLIPPED, Reminder.Kind.TELL_BY, Reminder.Kind.HALF_WAY, Reminder.Kind.AT_RISK)


@dataclass(frozen=True, slots=True)
class Look:
    band: Band
    chance: float
    sentence: str
    next_look_at: datetime | None


def look_soon(promises: Iterable[int], now: datetime) -> int:
    """A diary or a promise changed: the hints of what it touches come due."""
    touched = Promise.objects.open().filter(pk__in=promises)
    with transaction.atomic():
        # Held in the order in which everybody holds several promises, so that nobody waits in a ring.
        list(touched.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
        return touched.update(next_look_at=now)


def look_at_due(now: datetime, limit: int = 20_000) -> int:
    """Look at every promise whose hint is due. One that cannot be looked at stops nobody."""
    firm = Firm.get()
    diaries = Diaries(firm)
    looked, ends = 0, monotonic() + TURN_LASTS.total_seconds()
    while looked < limit and monotonic() < ends:
        due = list(Promise.objects.to_look_at(now).order_by("next_look_at").values_list("pk", flat=True)[:BATCH])
        if not due:
            break
        for pk in due:
            if monotonic() > ends:
                break
            _look_at_or_put_off(pk, now, firm, diaries)
            looked += 1
    return looked


def _look_at_or_put_off(pk: int, now: datetime, firm: Firm, diaries: Diaries) -> None:
    try:
        _look_at(pk, now, firm, diaries)
    except OperationalError:
        logger.warning("Promise %s was held by somebody else; it is looked at a little later.", pk, exc_info=True)
        Promise.objects.filter(pk=pk).update(next_look_at=now + PUT_OFF_A_LITTLE)
    except Exception:
        logger.exception("Promise %s could not be looked at; it is put off by %s.", pk, PUT_OFF)
        said = _("This promise could not be looked at. Look at it yourself until the watch can again.")
        Promise.objects.filter(pk=pk).update(next_look_at=now + PUT_OFF, sentence=said)
        # Lists keep quiet about what is on track, and nobody knows whether this is.
        Promise.objects.filter(pk=pk, band=Band.ON_TRACK).update(band=Band.WATCH)


def look(promise: Promise, now: datetime, firm: Firm, diaries: Diaries) -> Look:
    """What there is to say about an open promise now, and when to look again. Writes nothing."""
    seen = forecast(facts_of(promise, now, diaries), TrackRecord())
    with translation.override(promise.owner.language):
        said = sentence(promise, seen, now)
    band = band_of(promise, seen, now, firm)
    return Look(band, seen.chance, said, _next_look(promise, seen, now, firm, diaries))


def facts_of(promise: Promise, now: datetime, diaries: Diaries) -> Facts:
    return Facts(
        free_hours=free_hours(diaries.of(promise.owner), _second(now), promise.due_at),
        estimate_hours=_number(promise.estimate_hours),
        hours_left=_number(promise.hours_left),
        per_cent=promise.per_cent,
        standing=promise.standing,
        silent=silent_from(promise, diaries) <= now,
        tell_by_passed=promise.tell_by_at <= now,
        waiting_for_client=bool(promise.waiting_for),
    )


def silent_from(promise: Promise, diaries: Diaries) -> datetime:
    """From when silence counts, unless somebody says how it stands.

    A working day before the client must hear, so that the owner has a day to answer, yet not in the first half of the
    time until then. A word from that first half is too old, and any word is after a week.
    """
    began = promise.made_at or promise.tell_by_at - 2 * WORD_LASTS
    half = moment = began + (promise.tell_by_at - began) / 2
    with suppress(NoWorkingTime):
        moment = max(half, subtract_working_days(diaries.of(promise.owner), promise.tell_by_at, 1))
    word = promise.last_update_at
    return moment if word is None or word <= half else max(moment, word + WORD_LASTS)


def _look_at(pk: int, now: datetime, firm: Firm, diaries: Diaries) -> None:
    with transaction.atomic():
        # The condition is asked again under the lock: a second worker finds the hint moved on, and leaves.
        due = Promise.objects.to_look_at(now).select_for_update(of=("self",), no_key=True)
        promise = due.select_related("owner__manager", "client").filter(pk=pk).first()
        if promise is None:
            return
        seen = look(promise, now, firm, diaries)
        _keep_reading(promise, seen, now)
        promise.alarm_at = (promise.alarm_at or now) if promise.is_not_told(now) else None
        _stamp_slip(promise, now)
        if promise.alarm_at:
            _raise_alarm(promise, now, diaries)
        promise.next_look_at = _with_half_way(promise, seen.next_look_at, now)
        promise.save(update_fields=["band", "chance", "sentence", "alarm_at", "slipped_at", "next_look_at"])


def _keep_reading(promise: Promise, seen: Look, now: datetime) -> None:
    if seen.band != promise.band or promise.chance is None:
        RiskReading.objects.create(promise=promise, at=now, band=seen.band, chance=seen.chance, sentence=seen.sentence)
    promise.band, promise.chance, promise.sentence = seen.band, seen.chance, seen.sentence


def _stamp_slip(promise: Promise, now: datetime) -> None:
    """The moment it slipped, not the moment we noticed; a word after that moment came too late for it."""
    if promise.due_at > now:
        return
    if promise.told_at is None or promise.told_at >= promise.due_at:
        promise.slipped_at = promise.slipped_at or promise.due_at
    elif promise.slipped_at == promise.due_at:
        # A call before the date was written down after it.
        promise.slipped_at = None


def _raise_alarm(promise: Promise, now: datetime, diaries: Diaries) -> None:
    """Write the reminder of the stage reached. Stages passed unnoticed are merged into the latest."""
    stages = _stages(promise)
    kind = next(kind for kind in WORST_FIRST if kind in stages and stages[kind] <= now)
    for person, moment in whom(promise, kind, now, diaries).items():
        occasion = {
            "promise": promise,
            "kind": kind,
            "about_due_at": promise.due_at,
            "alarm_at": promise.alarm_at,
            "person": person,
        }
        if not Reminder.objects.filter(**occasion).exists():
            Reminder.objects.create(**occasion, message=alarm_for(person, now, moment), at=now)


def _stages(promise: Promise) -> dict[Reminder.Kind, datetime]:
    assert promise.alarm_at
    stages = {
        Reminder.Kind.AT_RISK: promise.alarm_at,
        Reminder.Kind.TELL_BY: promise.tell_by_at,
        Reminder.Kind.SLIPPED: promise.due_at,
    }
    if promise.alarm_at < promise.tell_by_at:
        stages[Reminder.Kind.HALF_WAY] = _half_way(promise)
    return stages


def _half_way(promise: Promise) -> datetime:
    assert promise.alarm_at
    return promise.alarm_at + (promise.tell_by_at - promise.alarm_at) / 2


def band_of(promise: Promise, seen: Forecast, now: datetime, firm: Firm) -> Band:
    if promise.due_at <= now:
        return Band.OVERDUE
    if seen.is_alarming or _reaches(seen.chance, firm.at_risk_from):
        return Band.AT_RISK
    return Band.WATCH if _reaches(seen.chance, firm.watch_from) else Band.ON_TRACK


def _reaches(chance: float, threshold: float) -> bool:
    return round(chance, PLACES) >= round(threshold, PLACES)


def _next_look(promise: Promise, seen: Forecast, now: datetime, firm: Firm, diaries: Diaries) -> datetime | None:
    """The earliest moment at which the band or a stage can change by the passing of time alone."""
    if promise.due_at <= now:
        return None
    moments = [silent_from(promise, diaries), promise.tell_by_at, promise.due_at, now + LOOK_AGAIN]
    for threshold in (firm.watch_from, firm.at_risk_from):
        if seen.grows and not _reaches(seen.chance, threshold):
            with suppress(NoWorkingTime):
                moments.append(_crossing(promise, seen, threshold, now, diaries))
    return min(moment for moment in moments if moment > now)


def _crossing(promise: Promise, seen: Forecast, threshold: float, now: datetime, diaries: Diaries) -> datetime:
    """When the chance reaches a threshold that it has not reached yet: a little early, never late."""
    diary = diaries.of(promise.owner)
    left = seen.left if seen.left is not None else UNKNOWN_HOURS * (1 - (promise.per_cent or 0) / 100)
    begins_to_round_up = round(threshold, PLACES) - 10**-PLACES / 2
    hours = free_hours_for(begins_to_round_up, left) + A_HAIR
    # Early, the look may find nothing yet. No free time is lost before the next second that somebody works.
    return max(subtract_free_hours(diary, promise.due_at, hours), next_working_moment(diary, _second(now)) + SECOND)


def _second(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _with_half_way(promise: Promise, moment: datetime | None, now: datetime) -> datetime | None:
    if promise.alarm_at and promise.alarm_at < promise.tell_by_at and _half_way(promise) > now:
        return min(filter(None, [moment, _half_way(promise)]))
    return moment


def _number(value: object) -> float | None:
    return None if value is None else float(value)  # type: ignore[arg-type]
