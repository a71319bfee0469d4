"""Hours promised against hours free, week by week. Plain values in and out.

Work is divisible and done earliest date first, so what does not fit into its week flows over into the next, and what
is more than its week holds may have been done in the weeks before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engagement.staff.calendars import Calendar
from engagement.staff.worktime import free_hours
from promises.forecast import UNKNOWN_HOURS

WEEK = timedelta(weeks=1)
# A quarter of an hour in a week is no news.
WORTH_SAYING = 0.5

# First and last day.
Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Promised:
    """What is left of some promises. `hours` are of those that somebody estimated."""

    count: int = 0
    hours: float = 0.0
    unestimated: int = 0

    @property
    def needed(self) -> float:
        """Without an estimate a promise is taken to need some hours, as in its forecast: never none."""
        return self.hours + UNKNOWN_HOURS * self.unestimated


NOTHING = Promised()


@dataclass(frozen=True, slots=True)
class Week:
    first: date
    last: date
    promised: Promised
    free: float
    # Hours of earlier weeks that did not fit there, hours of this one that fit only into earlier weeks, and what has
    # no place up to the end of this one.
    carried: float = 0.0
    ahead: float = 0.0
    over: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.over >= WORTH_SAYING


def weeks_from(today: date, how_many: int) -> list[Days]:
    """From the Monday of this week on."""
    monday = today - timedelta(days=today.weekday())
    return [(monday + n * WEEK, monday + n * WEEK + timedelta(days=6)) for n in range(how_many)]


def free_by_week(calendar: Calendar, weeks: Sequence[Days], now: datetime) -> list[float]:
    """Free hours from now on in each week, as the days begin and end where this person is."""
    return [
        free_hours(calendar, max(now, _midnight(calendar, first)), _midnight(calendar, last + timedelta(days=1)))
        for first, last in weeks
    ]


def flow(weeks: Sequence[Days], promised: Sequence[Promised], free: Sequence[float]) -> list[Week]:
    """Each week with what flows into it and what does not fit by its end."""
    flowing, owed, room = list[Week](), 0.0, 0.0
    for (first, last), due, hours in zip(weeks, promised, free, strict=True):
        carried = max(0.0, owed - room)
        owed, room = owed + due.needed, room + hours
        over = max(0.0, owed - room)
        ahead = max(0.0, due.needed + carried - hours - over)
        flowing.append(Week(first, last, due, hours, carried, ahead, over))
    return flowing


def _midnight(calendar: Calendar, day: date) -> datetime:
    return datetime.combine(day, time.min, calendar.zone)
