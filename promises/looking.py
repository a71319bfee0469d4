"""What there is to say about an open promise at a moment, and when to look again. Writes nothing."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from engagement.staff.calendars import Calendar, beginning_of_day
from engagement.staff.models import Firm, User
from engagement.staff.worktime import NoWorkingTime, subtract_working_days, working_day_after
from promises.forecast import Facts, Forecast, chance_with, forecast
from promises.models import Band, Promise
from promises.weighing import Weighing

# How long a word on how it stands is good for, once the client might soon have to hear of a slip.
WORD_LASTS = timedelta(days=7)
# Where somebody never works no day of theirs begins: they are looked at anew at least so often.
LOOK_AGAIN = timedelta(days=1)
# Chances are compared to so many places: the crossing of a threshold must not be missed by rounding.
PLACES = 6
SECOND = timedelta(seconds=1)
NEVER = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
# Silence begins to count a working day before the client must hear, or later.
FAR_FROM_SILENCE = 3


class Look(NamedTuple):
    """`hours_before`: what it was weighed with."""

    band: Band
    forecast: Forecast
    days_left: int
    hours_before: float
    next_look_at: datetime | None


class _Weighed(NamedTuple):
    facts: Facts
    seen: Forecast
    hours_before: float


class Looking:
    """Looks at promises as of one moment. Made anew for every sweep."""

    def __init__(self, firm: Firm, now: datetime) -> None:
        self.firm, self.now = firm, now
        self.weighing = Weighing(firm)
        self._next_day: dict[int, datetime] = {}
        self._far: dict[int, datetime] = {}

    def look(self, promise: Promise) -> Look:
        """At an open promise, its `owner` at hand. What is promised before it is added up where nobody has."""
        silent_from = self._silent_from(promise)
        hours_before = promise.hours_before
        if hours_before is None or self.weighing.has_load(promise.owner_id):
            # Also where it is at hand anyway: what was kept wrongly does not stay.
            hours_before = self.weighing.hours_before(promise)
        facts = self.weighing.facts(promise, self.now, silent_from, hours_before)
        seen = forecast(facts, self.weighing.record_at(self.now))
        band = band_of(promise, seen, self.now, self.firm)
        until = self._until(promise, silent_from)
        if until and seen.grows and band != Band.AT_RISK:
            # Time alone never makes it safer, so that only these can get worse before then.
            until = self._crossing(promise, _Weighed(facts, seen, hours_before), band, until)
        return Look(band, seen, facts.days_left, hours_before, until)

    def _silent_from(self, promise: Promise) -> datetime:
        if promise.tell_by_at >= self._far_from(promise.owner):
            return NEVER
        return silent_from(promise, self.weighing.diaries.of(promise.owner))

    def _far_from(self, owner: User) -> datetime:
        """With so many of the owner's days before it, silence cannot begin to count before the next of them does."""
        moment = self._far.get(owner.id)
        if moment is None:
            moment = self._far[owner.id] = self._day_after(owner, FAR_FROM_SILENCE) or NEVER
        return moment

    def _day_after(self, owner: User, days: int) -> datetime | None:
        """When the owner's working day so many days on begins; None where they never work."""
        calendar = self.weighing.diaries.of(owner)
        with suppress(NoWorkingTime):
            today = self.now.astimezone(calendar.zone).date()
            return beginning_of_day(calendar, working_day_after(calendar, today, days))
        return None

    def _until(self, promise: Promise, silent_from: datetime) -> datetime | None:
        """Up to when the passing of time alone changes nothing but free hours."""
        if promise.due_at <= self.now:
            return None
        moments = (silent_from, promise.tell_by_at, promise.due_at, self._next_day_of(promise.owner))
        return min(moment for moment in moments if moment > self.now)

    def _next_day_of(self, owner: User) -> datetime:
        """When the owner's next working day begins: days gone and days left are counted anew."""
        moment = self._next_day.get(owner.id)
        if moment is None:
            moment = self._next_day[owner.id] = self._day_after(owner, 1) or self.now + LOOK_AGAIN
        return moment

    def _crossing(self, promise: Promise, weighed: _Weighed, band: Band, until: datetime) -> datetime:
        """The second before `until` at which fewer free hours make another band; else `until`."""
        now = self.now.replace(microsecond=0)
        same, other = 0, int((until - timedelta.resolution - now).total_seconds())
        if other <= same or self._band_at(promise, weighed, now + other * SECOND) == band:
            return until
        while other - same > 1:
            middle = (same + other) // 2
            if self._band_at(promise, weighed, now + middle * SECOND) == band:
                same = middle
            else:
                other = middle
        return now + other * SECOND

    def _band_at(self, promise: Promise, weighed: _Weighed, moment: datetime) -> Band:
        """The band at a later moment of the same day, if nothing but the free hours changes until then."""
        facts, seen, hours_before = weighed
        free = self.weighing.free(promise.owner, promise.due_at, moment, hours_before)
        chance = chance_with(free, facts, seen, self.weighing.record_at(self.now))
        return band_with(chance, promise, seen, moment, self.firm)


def silent_from(promise: Promise, calendar: Calendar) -> datetime:
    """From when silence counts, unless somebody says how it stands.

    A working day before the client must hear, so that the owner has a day to answer, yet not in the first half of the
    time until then. A word from that first half is too old, and any word is after a week.
    """
    began = promise.made_at or promise.tell_by_at - 2 * WORD_LASTS
    half = moment = began + (promise.tell_by_at - began) / 2
    with suppress(NoWorkingTime):
        moment = max(half, subtract_working_days(calendar, promise.tell_by_at, 1))
    word = promise.last_update_at
    return moment if word is None or word <= half else max(moment, word + WORD_LASTS)


def band_of(promise: Promise, seen: Forecast, now: datetime, firm: Firm) -> Band:
    return band_with(seen.chance, promise, seen, now, firm)


def band_with(chance: float, promise: Promise, seen: Forecast, now: datetime, firm: Firm) -> Band:
    """The band, were this the chance."""
    if promise.due_at <= now:
        return Band.OVERDUE
    if seen.is_alarming or (not seen.asks_first and reaches(chance, firm.at_risk_from)):
        return Band.AT_RISK
    return Band.WATCH if reaches(chance, firm.watch_from) else Band.ON_TRACK


def reaches(chance: float, threshold: float) -> bool:
    """Whether a chance has come to a threshold, as far as chances are told apart."""
    return round(chance, PLACES) >= round(threshold, PLACES)
