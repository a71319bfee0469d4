"""When somebody works: weeks, days off and absences, laid out day by day.

Plain values in, plain values out; no Django, no database. Every instant that comes out is in UTC.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple
from zoneinfo import ZoneInfo

# Start and end within one local day. An end of 23:59 or later, or of 00:00, means midnight:
# a time field cannot say 24:00, and nobody means to lose the last minute.
Span = tuple[time, time]
Stretch = tuple[datetime, datetime]

LAST_MINUTE = time(23, 59)
USUAL_END = time(17)
DAY = timedelta(days=1)
NOTHING = timedelta(0)
EPOCH = date(1970, 1, 1).toordinal()
# No zone's date is further than this from the date in UTC, though its clocks be set back over midnight.
AROUND = 2
LAID_AHEAD = 30
# Far enough from the first and the last date there is for any zone.
EARLIEST, LATEST = date.min.toordinal() + 3, date.max.toordinal() - 3


@dataclass(frozen=True, slots=True)
class Week:
    valid_from: date
    spans: tuple[tuple[Span, ...], ...]  # seven entries, Monday first
    share: float = 1.0  # of the working time that is free for promised work


class Day(NamedTuple):
    stretches: tuple[Stretch, ...]
    worked: timedelta
    share: float


class Line:
    """The days of a calendar laid end to end and summed up ahead: what lies between two moments is one subtraction.

    Several threads may ask of one calendar: a longer line takes the place of a shorter one, and none is changed.
    """

    __slots__ = ("before", "begins", "closes", "days", "ends", "first", "last", "opens", "shares")

    def __init__(self, first: int, last: int, days: Sequence[Day]) -> None:
        """From the one day to the other, by their ordinals."""
        self.first, self.last = first, last
        # What lies between these moments lies on the line, in any zone.
        self.begins, self.ends = ((day - EPOCH) * DAY.total_seconds() for day in (first + AROUND, last - AROUND))
        stretches = [(*stretch, day.share) for day in days for stretch in day.stretches]
        # Of each stretch of work, in seconds: when it opens and closes, what share counts, and what counts before it.
        self.opens = array("d", [opens.timestamp() for opens, _, _ in stretches])
        self.closes = array("d", [closes.timestamp() for _, closes, _ in stretches])
        self.shares = array("d", [share for _, _, share in stretches])
        counts = ((closes - opens).total_seconds() * share for opens, closes, share in stretches)
        self.before = array("d", accumulate(counts, initial=0.0))
        # Working days before each day.
        self.days = array("l", accumulate((bool(day.stretches) for day in days), initial=0))

    def free(self, moment: float) -> float:
        """Seconds that count, from the beginning of the line."""
        place = bisect_right(self.opens, moment) - 1
        if place < 0:
            return 0.0
        return self.before[place] + (min(moment, self.closes[place]) - self.opens[place]) * self.shares[place]


NO_LINE = Line(0, -1, ())


@dataclass(frozen=True)
class Calendar:
    """When one person (or the firm) works.

    The week in force on a day is the last one valid by then; before the first, the first.
    Absences are first and last day, both included.
    """

    zone: ZoneInfo
    weeks: tuple[Week, ...]  # sorted by valid_from
    days_off: frozenset[date] | Callable[[date], bool] = frozenset()
    absences: tuple[tuple[date, date], ...] = ()
    # The watch asks for the same days hundreds of thousands of times.
    _days: dict[date, Day] = field(default_factory=dict, init=False, repr=False, compare=False)
    line: Line = field(default=NO_LINE, init=False, repr=False, compare=False)


def week_on(calendar: Calendar, day: date) -> Week | None:
    """The week in force on a day; None in a calendar without any."""
    if not calendar.weeks:
        return None
    position = bisect_right(calendar.weeks, day, key=lambda week: week.valid_from)
    return calendar.weeks[max(position - 1, 0)]


# A firm has few weeks, and their mean is asked for with every job.
@lru_cache(maxsize=1024)
def mean_hours(week: Week) -> float:
    """Mean working hours of the weekdays that have any; 8 where none has."""
    days = [sum(_hours(span) for span in spans) for spans in week.spans if spans]
    return sum(days) / len(days) if days else 8.0


def free_hours_a_day(calendar: Calendar, day: date) -> float:
    """Hours of a usual working day that are free for promised work, by the week in force."""
    week = week_on(calendar, day)
    return mean_hours(week) * week.share if week else 0.0


def day_of(calendar: Calendar, day: date) -> Day:
    known = calendar._days.get(day)
    if known is None:
        known = calendar._days[day] = _make_day(calendar, day)
    return known


def spans_on(calendar: Calendar, day: date) -> list[Stretch]:
    return list(day_of(calendar, day).stretches)


def is_working_day(calendar: Calendar, day: date) -> bool:
    return bool(day_of(calendar, day).stretches)


def beginning_of_day(calendar: Calendar, day: date) -> datetime:
    """The instant from which the clock on the wall shows this day."""
    return instant(calendar.zone, datetime.combine(day, time.min))


def end_of_working_day(calendar: Calendar, day: date) -> datetime:
    """When the day's work ends.

    A day off ends when that weekday's work would have ended; a weekday that is never worked,
    with the first weekday that is; and 17:00 where nobody ever works.
    """
    if stretches := day_of(calendar, day).stretches:
        return stretches[-1][1]
    week = week_on(calendar, day)
    weekdays = (week.spans[day.weekday()], *week.spans) if week else ()
    for spans in weekdays:
        if spans:
            return max(_stretch(calendar.zone, day, span)[1] for span in spans)
    return instant(calendar.zone, datetime.combine(day, USUAL_END))


def laid(calendar: Calendar, first: int, last: int) -> Line:
    """The calendar's line, laid at least from the one day to the other (by their ordinals)."""
    line = calendar.line
    if line.first <= first and last <= line.last:
        return line
    if line is not NO_LINE:
        # More than was asked for, or a line that grows by a day at a time would be laid anew for each.
        more = LAID_AHEAD + (line.last - line.first) // 4
        first, last = min(line.first, first - more), max(line.last, last + more)
    first, last = max(first, EARLIEST), min(last, LATEST)
    line = Line(first, last, [day_of(calendar, date.fromordinal(number)) for number in range(first, last + 1)])
    object.__setattr__(calendar, "line", line)
    return line


def _make_day(calendar: Calendar, day: date) -> Day:
    week = week_on(calendar, day)
    if week is None or _is_away(calendar, day):
        return Day((), NOTHING, 0.0)
    stretches = _stretches(calendar.zone, day, week.spans[day.weekday()])
    return Day(stretches, sum((closes - opens for opens, closes in stretches), NOTHING), week.share)


@lru_cache(maxsize=8192)
def _stretches(zone: ZoneInfo, day: date, spans: tuple[Span, ...]) -> tuple[Stretch, ...]:
    """Most people of a firm work the same hours: a day of them is worked out once."""
    return _merged(sorted(_stretch(zone, day, span) for span in spans))


def _is_away(calendar: Calendar, day: date) -> bool:
    off = calendar.days_off(day) if callable(calendar.days_off) else day in calendar.days_off
    return off or any(first <= day <= last for first, last in calendar.absences)


def _hours(span: Span) -> float:
    start, end = (clock.hour + clock.minute / 60 for clock in span)
    return (24.0 if span[1] >= LAST_MINUTE or not end else end) - start


def _stretch(zone: ZoneInfo, day: date, span: Span) -> Stretch:
    start, end = span
    closes_on, closes_at = (day + DAY, time.min) if end >= LAST_MINUTE or end == time.min else (day, end)
    return instant(zone, datetime.combine(day, start)), instant(zone, datetime.combine(closes_on, closes_at))


def _merged(stretches: list[Stretch]) -> tuple[Stretch, ...]:
    """Spans that overlap are counted once; a span that a clock change swallowed is gone."""
    merged: list[Stretch] = []
    for opens, closes in stretches:
        if closes <= opens:
            continue
        if merged and opens <= merged[-1][1]:
            opens, closes = merged[-1][0], max(closes, merged.pop()[1])
        merged.append((opens, closes))
    return tuple(merged)


def instant(zone: ZoneInfo, wall: datetime) -> datetime:
    """The first time the clock on the wall shows this, or jumps over it.

    A later time on the wall is never an earlier instant, so a span cannot end before it begins.
    """
    after = wall.replace(tzinfo=zone).astimezone(UTC)
    if after.astimezone(zone).replace(tzinfo=None) == wall:
        return after
    # The clock jumped over it. Python would move it on by the length of the jump; work begins at the jump.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)
