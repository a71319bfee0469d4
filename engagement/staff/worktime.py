"""Working time: how much of it lies between two moments, and where so much of it ends.

Plain values in, plain values out; no Django, no database. Every instant that comes out is in UTC.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
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
# A clock set back over midnight shows the evening's date again when the next day's work has already begun.
ACROSS_MIDNIGHT = DAY
# Longer than any absence that somebody comes back from.
GIVE_UP_AFTER = 400
EPOCH = date(1970, 1, 1).toordinal()
# No zone's date is further than this from the date in UTC, though its clocks be set back over midnight.
AROUND = 2
LAID_AHEAD = 30
# Far enough from the first and the last date there is for any zone.
EARLIEST, LATEST = date.min.toordinal() + 3, date.max.toordinal() - 3
# A warning at the due instant itself would be no warning.
SHORTEST_WARNING = timedelta(minutes=1)


class NoWorkingTime(ValueError):
    """The calendar has no working time within 400 days of where it was looked for."""


@dataclass(frozen=True, slots=True)
class Week:
    valid_from: date
    spans: tuple[tuple[Span, ...], ...]  # seven entries, Monday first
    share: float = 1.0  # of the working time that is free for promised work


class _Day(NamedTuple):
    stretches: tuple[Stretch, ...]
    worked: timedelta
    share: float


class _Line:
    """The days of a calendar laid end to end and summed up ahead: what lies between two moments is one subtraction.

    Several threads may ask of one calendar: a longer line takes the place of a shorter one, and none is changed.
    """

    __slots__ = ("before", "begins", "closes", "days", "ends", "first", "last", "opens", "shares")

    def __init__(self, first: int, last: int, days: Sequence[_Day]) -> None:
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


NO_LINE = _Line(0, -1, ())


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
    _days: dict[date, _Day] = field(default_factory=dict, init=False, repr=False, compare=False)
    _line: _Line = field(default=NO_LINE, init=False, repr=False, compare=False)


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


def spans_on(calendar: Calendar, day: date) -> list[Stretch]:
    return list(_day(calendar, day).stretches)


def is_working_day(calendar: Calendar, day: date) -> bool:
    return bool(_day(calendar, day).stretches)


def working_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    return sum(_worked(calendar, start, end), NOTHING).total_seconds()


def free_hours(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Working hours that are free for promised work: each day counts by the share of its week."""
    if end <= start:
        return 0.0
    opens, closes = start.timestamp(), end.timestamp()
    line = calendar._line
    if opens < line.begins or closes > line.ends:
        line = _laid(calendar, _day_of(opens) - AROUND, _day_of(closes) + AROUND)
    return (line.free(closes) - line.free(opens)) / 3600


def add_working(calendar: Calendar, start: datetime, seconds: float) -> datetime:
    """The earliest instant by which so many working seconds have passed."""
    start, left = start.astimezone(UTC), timedelta(seconds=seconds)
    if left <= NOTHING:
        return start
    for day in _days_from(calendar, start):
        if left > day.worked and start <= day.stretches[0][0]:
            left -= day.worked
            continue
        for opens, closes in day.stretches:
            opens = max(opens, start)
            if left <= closes - opens:
                return opens + left
            left -= max(closes - opens, NOTHING)
    raise NoWorkingTime


def subtract_working(calendar: Calendar, end: datetime, seconds: float) -> datetime:
    """The latest instant from which so many working seconds remain before `end`."""
    return _back(calendar, end, timedelta(seconds=seconds), lambda day: 1)


def subtract_free_hours(calendar: Calendar, end: datetime, hours: float) -> datetime:
    """The latest instant from which so many free hours (see `free_hours`) remain before `end`."""
    return _back(calendar, end, timedelta(hours=hours), lambda day: day.share)


def next_working_moment(calendar: Calendar, moment: datetime) -> datetime:
    """The moment itself inside working hours, else the next opening. The closing instant is outside."""
    moment = moment.astimezone(UTC)
    for day in _days_from(calendar, moment):
        for opens, closes in day.stretches:
            if moment < closes:
                return max(opens, moment)
    raise NoWorkingTime


def last_working_moment(calendar: Calendar, moment: datetime) -> datetime:
    """The moment itself inside working hours, else the last closing instant before it."""
    moment = moment.astimezone(UTC)
    for day in _days_before(calendar, moment):
        for opens, closes in reversed(day.stretches):
            if opens <= moment:
                return min(closes, moment)
    raise NoWorkingTime


def beginning_of_day(calendar: Calendar, day: date) -> datetime:
    """The instant from which the clock on the wall shows this day."""
    return _instant(calendar.zone, datetime.combine(day, time.min))


def end_of_working_day(calendar: Calendar, day: date) -> datetime:
    """When the day's work ends.

    A day off ends when that weekday's work would have ended; a weekday that is never worked,
    with the first weekday that is; and 17:00 where nobody ever works.
    """
    if stretches := _day(calendar, day).stretches:
        return stretches[-1][1]
    week = week_on(calendar, day)
    weekdays = (week.spans[day.weekday()], *week.spans) if week else ()
    for spans in weekdays:
        if spans:
            return max(_stretch(calendar.zone, day, span)[1] for span in spans)
    return _instant(calendar.zone, datetime.combine(day, USUAL_END))


def working_days_between(calendar: Calendar, first: date, last: date) -> int:
    """Working days after `first`, up to and with `last`; 0 where `last` is not after `first`."""
    if last <= first:
        return 0
    begins, ends = first.toordinal() + 1, last.toordinal() + 1
    line = calendar._line
    if begins < line.first or ends > line.last:
        line = _laid(calendar, begins, ends)
    return line.days[ends - line.first] - line.days[begins - line.first]


def add_working_days(calendar: Calendar, moment: datetime, days: int) -> datetime:
    """The same time of day so many working days later, moved into that day's hours.

    Outside a working day counting begins at the next opening.
    """
    if days <= 0 or not is_working_day(calendar, _local(calendar, moment).date()):
        moment = next_working_moment(calendar, moment)
    if days <= 0:
        return moment
    wall = _local(calendar, moment)
    stretches = _nth_working_day(calendar, wall.date(), days, DAY)
    wanted = _instant(calendar.zone, datetime.combine(_local(calendar, stretches[0][0]).date(), wall.time()))
    for opens, closes in stretches:
        if wanted <= closes:
            return max(opens, wanted)
    return stretches[-1][1]


def working_day_after(calendar: Calendar, day: date, days: int) -> date:
    """The day so many working days after this one, which is not counted itself, worked or not.

    Without any days it is this one, or the first working day after it.
    """
    left, idle = days, 0
    if days <= 0 and not is_working_day(calendar, day):
        left = 1
    while left > 0:
        day += DAY
        worked = is_working_day(calendar, day)
        left, idle = left - worked, 0 if worked else idle + 1
        if idle > GIVE_UP_AFTER:
            raise NoWorkingTime
    return day


def subtract_working_days(calendar: Calendar, moment: datetime, days: int) -> datetime:
    """The same time of day so many working days earlier, moved into that day's hours.

    Outside a working day counting begins at the last closing: from Saturday, one working day
    back is Thursday evening, so that all of Friday remains.
    """
    if days <= 0 or not is_working_day(calendar, _local(calendar, moment).date()):
        moment = last_working_moment(calendar, moment)
    if days <= 0:
        return moment
    wall = _local(calendar, moment)
    stretches = _nth_working_day(calendar, wall.date(), days, -DAY)
    wanted = _instant(calendar.zone, datetime.combine(_local(calendar, stretches[0][0]).date(), wall.time()))
    for opens, closes in reversed(stretches):
        if opens <= wanted:
            return min(closes, wanted)
    return stretches[0][0]


def tell_by(
    calendar: Calendar,
    made: datetime | None,
    due: datetime,
    days: float,
    share: float,
    hours_a_day: float,
) -> datetime:
    """By when the client must hear that the date will not hold: inside working hours, before `due`.

    So many working days before it, or a share of the working time from `made` if that is longer,
    but never in the first half of that time: a promise logged at ten for three o'clock would
    otherwise be too late to warn about at once. Without working time between the two it is
    `made` itself; where `made` is not before `due`, it is `due`.
    """
    warning = max(timedelta(hours=days * hours_a_day), SHORTEST_WARNING)
    if made is not None:
        made, due = made.astimezone(UTC), due.astimezone(UTC)
        if due <= made:
            return due
        available = timedelta(seconds=working_seconds(calendar, made, due))
        if not available:
            return made
        warning = min(max(warning, available * share), available / 2)
    return subtract_working(calendar, due, warning.total_seconds())


def _day(calendar: Calendar, day: date) -> _Day:
    known = calendar._days.get(day)
    if known is None:
        known = calendar._days[day] = _make_day(calendar, day)
    return known


def _make_day(calendar: Calendar, day: date) -> _Day:
    week = week_on(calendar, day)
    if week is None or _is_away(calendar, day):
        return _Day((), NOTHING, 0.0)
    stretches = _stretches(calendar.zone, day, week.spans[day.weekday()])
    return _Day(stretches, sum((closes - opens for opens, closes in stretches), NOTHING), week.share)


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
    return _instant(zone, datetime.combine(day, start)), _instant(zone, datetime.combine(closes_on, closes_at))


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


def _instant(zone: ZoneInfo, wall: datetime) -> datetime:
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


def _local(calendar: Calendar, moment: datetime) -> datetime:
    return moment.astimezone(calendar.zone)


def _overlap(stretch: Stretch, start: datetime, end: datetime) -> timedelta:
    return max(min(stretch[1], end) - max(stretch[0], start), NOTHING)


def _laid(calendar: Calendar, first: int, last: int) -> _Line:
    """The calendar's line, laid at least from the one day to the other (by their ordinals)."""
    line = calendar._line
    if line.first <= first and last <= line.last:
        return line
    if line is not NO_LINE:
        # More than was asked for, or a line that grows by a day at a time would be laid anew for each.
        more = LAID_AHEAD + (line.last - line.first) // 4
        first, last = min(line.first, first - more), max(line.last, last + more)
    first, last = max(first, EARLIEST), min(last, LATEST)
    line = _Line(first, last, [_day(calendar, date.fromordinal(number)) for number in range(first, last + 1)])
    object.__setattr__(calendar, "_line", line)
    return line


def _day_of(moment: float) -> int:
    return EPOCH + int(moment // DAY.total_seconds())


def _worked(calendar: Calendar, start: datetime, end: datetime) -> Iterator[timedelta]:
    """Working time of each day between two instants."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return
    day = _local(calendar, start).date()
    last = _local(calendar, end).date() + ACROSS_MIDNIGHT
    while day <= last:
        stretches, worked, _share = _day(calendar, day)
        day += DAY
        if not stretches:
            continue
        if start <= stretches[0][0] and stretches[-1][1] <= end:
            yield worked
        else:
            yield sum((_overlap(stretch, start, end) for stretch in stretches), NOTHING)


def _days_from(calendar: Calendar, moment: datetime) -> Iterator[_Day]:
    return _working_days(calendar, _local(calendar, moment).date(), DAY)


def _days_before(calendar: Calendar, moment: datetime) -> Iterator[_Day]:
    return _working_days(calendar, _local(calendar, moment).date() + ACROSS_MIDNIGHT, -DAY)


def _working_days(calendar: Calendar, day: date, step: timedelta) -> Iterator[_Day]:
    """Day after day those with working time, until there is none for far too long."""
    empty = 0
    while empty < GIVE_UP_AFTER:
        found = _day(calendar, day)
        day += step
        if found.stretches:
            empty = 0
            yield found
        else:
            empty += 1


def _nth_working_day(calendar: Calendar, day: date, number: int, step: timedelta) -> tuple[Stretch, ...]:
    """Counted from `day`, which is itself number 0."""
    days = _working_days(calendar, day, step)
    for count, found in enumerate(days):
        if count == number:
            return found.stretches
    raise NoWorkingTime


def _back(calendar: Calendar, end: datetime, left: timedelta, weight: Callable[[_Day], float]) -> datetime:
    end = end.astimezone(UTC)
    if left <= NOTHING:
        return end
    idle = 0
    for day in _days_before(calendar, end):
        counts = weight(day)
        idle = 0 if counts > 0 else idle + 1
        if idle > GIVE_UP_AFTER:
            break
        if counts <= 0:
            continue
        if left > (whole := day.worked * counts) and day.stretches[-1][1] <= end:
            left -= whole
            continue
        for opens, closes in reversed(day.stretches):
            closes = min(closes, end)
            if closes <= opens:
                continue
            if left <= (closes - opens) * counts:
                return max(closes - left / counts, opens)
            left -= (closes - opens) * counts
    raise NoWorkingTime
