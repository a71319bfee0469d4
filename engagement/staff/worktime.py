"""Working time: how much of it lies between two moments, and where so much of it ends.

Plain values in, plain values out; no Django, no database. Every instant that comes out is in UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta

from engagement.staff.calendars import (
    AROUND,
    DAY,
    EPOCH,
    NOTHING,
    Calendar,
    Day,
    Stretch,
    day_of,
    instant,
    is_working_day,
    laid,
)

# A clock set back over midnight shows the evening's date again when the next day's work has already begun.
ACROSS_MIDNIGHT = DAY
# Longer than any absence that somebody comes back from.
GIVE_UP_AFTER = 400
# A warning at the due instant itself would be no warning.
SHORTEST_WARNING = timedelta(minutes=1)


class NoWorkingTime(ValueError):
    """The calendar has no working time within 400 days of where it was looked for."""


def working_seconds(calendar: Calendar, start: datetime, end: datetime) -> float:
    return sum(_worked(calendar, start, end), NOTHING).total_seconds()


def free_hours(calendar: Calendar, start: datetime, end: datetime) -> float:
    """Working hours that are free for promised work: each day counts by the share of its week."""
    if end <= start:
        return 0.0
    opens, closes = start.timestamp(), end.timestamp()
    line = calendar.line
    if opens < line.begins or closes > line.ends:
        line = laid(calendar, _day_number(opens) - AROUND, _day_number(closes) + AROUND)
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


def working_days_between(calendar: Calendar, first: date, last: date) -> int:
    """Working days after `first`, up to and with `last`; 0 where `last` is not after `first`."""
    if last <= first:
        return 0
    begins, ends = first.toordinal() + 1, last.toordinal() + 1
    line = calendar.line
    if begins < line.first or ends > line.last:
        line = laid(calendar, begins, ends)
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
    wanted = instant(calendar.zone, datetime.combine(_local(calendar, stretches[0][0]).date(), wall.time()))
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
    wanted = instant(calendar.zone, datetime.combine(_local(calendar, stretches[0][0]).date(), wall.time()))
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


def _local(calendar: Calendar, moment: datetime) -> datetime:
    return moment.astimezone(calendar.zone)


def _overlap(stretch: Stretch, start: datetime, end: datetime) -> timedelta:
    return max(min(stretch[1], end) - max(stretch[0], start), NOTHING)


def _day_number(moment: float) -> int:
    return EPOCH + int(moment // DAY.total_seconds())


def _worked(calendar: Calendar, start: datetime, end: datetime) -> Iterator[timedelta]:
    """Working time of each day between two instants."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    if end <= start:
        return
    day = _local(calendar, start).date()
    last = _local(calendar, end).date() + ACROSS_MIDNIGHT
    while day <= last:
        stretches, worked, _share = day_of(calendar, day)
        day += DAY
        if not stretches:
            continue
        if start <= stretches[0][0] and stretches[-1][1] <= end:
            yield worked
        else:
            yield sum((_overlap(stretch, start, end) for stretch in stretches), NOTHING)


def _days_from(calendar: Calendar, moment: datetime) -> Iterator[Day]:
    return _working_days(calendar, _local(calendar, moment).date(), DAY)


def _days_before(calendar: Calendar, moment: datetime) -> Iterator[Day]:
    return _working_days(calendar, _local(calendar, moment).date() + ACROSS_MIDNIGHT, -DAY)


def _working_days(calendar: Calendar, day: date, step: timedelta) -> Iterator[Day]:
    """Day after day those with working time, until there is none for far too long."""
    empty = 0
    while empty < GIVE_UP_AFTER:
        found = day_of(calendar, day)
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


def _back(calendar: Calendar, end: datetime, left: timedelta, weight: Callable[[Day], float]) -> datetime:
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
