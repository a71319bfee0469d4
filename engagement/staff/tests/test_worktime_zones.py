"""Working time in forty zones, at every change of clocks from 2024 to 2032, against a clock that is watched go by."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import accumulate, pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from engagement.staff.calendars import Calendar, Week, end_of_working_day, spans_on
from engagement.staff.tests.test_worktime import (
    ALL_DAY,
    CLOSE,
    EIGHT_TO_SIX,
    HOUR,
    NIGHT,
    WITH_LUNCH,
    ZONES,
    calendar_of,
    is_inside,
)
from engagement.staff.worktime import (
    add_working,
    add_working_days,
    free_hours,
    last_working_moment,
    next_working_moment,
    subtract_free_hours,
    subtract_working,
    subtract_working_days,
    tell_by,
    working_seconds,
)

DAY = timedelta(days=1)
# Every change and every offset of these zones and years falls on a quarter of an hour.
QUARTER = timedelta(minutes=15)
FIRST, LAST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2033, 1, 1, tzinfo=UTC)
# Some begin or end within the hour that is left out or comes twice, wherever in the night that is.
SMALL_HOURS = ((time(0, 15), time(1, 30)), (time(1, 45), time(2, 30)), (time(2, 45), time(3, 15)))
LATE = ((time(21, 30), time(23, 15)), (time(23, 30), time(23, 59, 59)))
SPANS = {
    "office": EIGHT_TO_SIX,
    "lunch": WITH_LUNCH,
    "always": ALL_DAY,
    "night": NIGHT,
    "small hours": SMALL_HOURS,
    "late": LATE,
}


@cache
def changes(name):
    """The instants at which the clocks of a zone are put forward or back."""
    zone, found = ZoneInfo(name), []
    moment, offset = FIRST, FIRST.astimezone(zone).utcoffset()
    while moment < LAST:
        # Casablanca's clocks change twice within some thirty days.
        moment += DAY
        if moment.astimezone(zone).utcoffset() != offset:
            change = moment - DAY
            while change.astimezone(zone).utcoffset() == offset:
                change += QUARTER
            found.append(change)
            offset = moment.astimezone(zone).utcoffset()
    return tuple(found)


def around(name):
    """Each change of clocks; where there is none, the turns of the years, so that no zone goes untried."""
    return changes(name) or tuple(datetime(year, 1, 1, tzinfo=UTC) for year in range(2025, 2033))


@dataclass
class Watched:
    """Somebody sat before the clock on the wall, from two days before a moment to two after it.

    A span begins and ends when the clock first shows its times, or something later: no arithmetic but looking.
    """

    quarters: list[datetime]
    worked: list[float]  # share of each quarter of an hour

    @classmethod
    def at(cls, moment, calendar):
        quarters, walls = clock(moment, calendar.zone.key)
        worked = [0.0] * len(quarters)
        for day in sorted({wall.date() for wall in walls}):
            week = next(week for week in reversed(calendar.weeks) if week.valid_from <= day)
            for start, end in week.spans[day.weekday()]:
                begin = datetime.combine(day, start)
                stop = (
                    datetime.combine(day, end)
                    if time.min < end < time(23, 59)
                    else datetime.combine(day, time.min) + DAY
                )
                for step in range(first_shown(walls, begin), first_shown(walls, stop)):
                    worked[step] = week.share
        return cls(quarters, worked)

    def hours(self):
        """Hours up to each quarter."""
        return [0.0, *accumulate(share / 4 for share in self.worked)]


@cache
def clock(moment, name):
    """What the clock on the wall shows, quarter of an hour by quarter."""
    quarters = [moment + QUARTER * step for step in range(-2 * 96, 2 * 96)]
    return quarters, [quarter.astimezone(ZoneInfo(name)).replace(tzinfo=None) for quarter in quarters]


def first_shown(walls, wanted):
    return next((step for step, wall in enumerate(walls) if wall >= wanted), len(walls))


def pairs(watched, chance, number):
    # The first and the last day are seen in part only.
    inner = range(36 * 4, len(watched.quarters) - 26 * 4)
    for _ in range(number):
        yield sorted(chance.sample(inner, 2))


def test_the_changes_are_found():
    assert all(FIRST < change < LAST for name in ZONES for change in changes(name))
    assert sum(len(changes(name)) for name in ZONES) > 400
    assert datetime(2026, 3, 29, 1, tzinfo=UTC) in changes("Europe/London")
    assert datetime(2026, 10, 3, 15, 30, tzinfo=UTC) in changes("Australia/Lord_Howe")
    assert len(changes("Europe/Dublin")) == len(changes("Antarctica/Troll")) == len(changes("Pacific/Chatham")) == 18
    assert not changes("Asia/Kathmandu")
    assert not changes("Pacific/Apia")


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("spans", SPANS)
def test_what_was_worked_is_what_was_seen_on_the_clock(name, spans):
    chance = Random(f"{name} {spans}")
    for change in around(name):
        calendar = calendar_of(*SPANS[spans], days=7, zone=ZoneInfo(name))
        watched = Watched.at(change, calendar)
        hours = watched.hours()

        for start, end in pairs(watched, chance, 12):
            measured = working_seconds(calendar, watched.quarters[start], watched.quarters[end])

            assert measured == (hours[end] - hours[start]) * HOUR, (change, start, end)


@pytest.mark.parametrize("name", ZONES)
def test_free_hours_are_what_was_seen_by_the_share_of_each_week(name):
    chance, zone = Random(name), ZoneInfo(name)
    for change in around(name):
        # The week itself changes on the day on which the clocks do.
        day = change.astimezone(zone).date()
        weeks = (Week(date(2020, 1, 1), (NIGHT,) * 7, 0.25), Week(day, (ALL_DAY,) * 7, 0.5))
        calendar = Calendar(zone, weeks)
        watched = Watched.at(change, calendar)
        hours = watched.hours()

        for start, end in pairs(watched, chance, 20):
            split = watched.quarters[chance.randint(start, end)] + timedelta(seconds=chance.randrange(900))
            opens, closes = watched.quarters[start], max(watched.quarters[end], split)

            free = free_hours(calendar, opens, closes)

            assert free_hours(calendar, opens, watched.quarters[end]) == pytest.approx(hours[end] - hours[start])
            assert free == pytest.approx(free_hours(calendar, opens, split) + free_hours(calendar, split, closes))
            assert free >= max(free_hours(calendar, split, closes), free_hours(calendar, opens, split))
            assert free_hours(calendar, subtract_free_hours(calendar, closes, free), closes) == pytest.approx(free)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("spans", SPANS)
def test_what_is_added_across_a_change_comes_off_again(name, spans):
    chance = Random(f"{spans} {name}")
    calendar = calendar_of(*SPANS[spans], days=6, zone=ZoneInfo(name))
    for change in around(name):
        for _ in range(4):
            start = next_working_moment(calendar, change + timedelta(seconds=chance.randint(-26 * HOUR, 26 * HOUR)))
            seconds = chance.randint(1, 30 * HOUR)

            end = add_working(calendar, start, seconds)

            assert working_seconds(calendar, start, end) == pytest.approx(seconds, abs=1e-3)
            assert abs(subtract_working(calendar, end, seconds) - start) <= CLOSE
            assert last_working_moment(calendar, end) == end


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("spans", SPANS)
def test_a_client_hears_in_working_hours_before_the_date_across_a_change(name, spans):
    chance = Random(f"{name}, {spans}")
    calendar = calendar_of(*SPANS[spans], days=6, zone=ZoneInfo(name))
    for change in around(name):
        made = change - timedelta(seconds=chance.randint(HOUR, 200 * HOUR))
        due = add_working(calendar, max(made, change), chance.randint(HOUR, 60 * HOUR))
        moved = due + timedelta(seconds=chance.randint(1, 48 * HOUR))
        later = made + (change - made) * chance.random()

        told = tell_by(calendar, made, due, 1, 0.2, 8)

        assert made <= told < due
        assert is_inside(calendar, told)
        assert told <= tell_by(calendar, made, moved, 1, 0.2, 8) + CLOSE
        assert told <= tell_by(calendar, later, due, 1, 0.2, 8) + CLOSE


# The examples of others, in every zone and every week


@pytest.mark.parametrize("name", ZONES)
def test_four_hours_from_monday_five_end_on_tuesday_at_eleven_in_every_week(name):
    zone = ZoneInfo(name)
    office = calendar_of(*EIGHT_TO_SIX, zone=zone)
    monday = date(2024, 1, 1)
    while monday < date(2033, 1, 1):
        at_five = datetime.combine(monday, time(17), zone)
        eleven, ten = (datetime.combine(monday + DAY, time(hour), zone) for hour in (11, 10))

        assert add_working(office, at_five, 4 * HOUR) == eleven
        assert subtract_working(office, eleven, HOUR) == ten
        assert subtract_working(office, eleven, 4 * HOUR) == at_five
        monday += 7 * DAY


@pytest.mark.parametrize("name", ZONES)
def test_round_the_clock_two_days_are_forty_eight_hours_at_every_change(name):
    always = calendar_of((time(0), time(23, 59)), days=7, zone=ZoneInfo(name))
    for change in around(name):
        for begin in (change - DAY, change - 2 * DAY, change, change - timedelta(hours=13, minutes=37)):
            assert working_seconds(always, begin, begin + 2 * DAY) == 48 * HOUR
            assert add_working(always, begin, 48 * HOUR) == begin + 2 * DAY
            assert subtract_working(always, begin + 2 * DAY, 48 * HOUR) == begin


@pytest.mark.parametrize("name", ZONES)
def test_no_minute_is_lost_at_any_midnight(name):
    always = calendar_of((time(0), time(23, 59)), days=7, zone=ZoneInfo(name))
    days = [date(2024, 1, 1) + DAY * number for number in range(9 * 366)]

    stretches = [spans_on(always, day) for day in days]

    assert all(len(day) == 1 for day in stretches)
    assert all(today[-1][1] == tomorrow[0][0] for today, tomorrow in pairwise(stretches))


@pytest.mark.parametrize("name", ZONES)
def test_an_office_opens_and_closes_by_its_own_clock_whatever_the_clocks_do(name):
    zone = ZoneInfo(name)
    office = calendar_of(*EIGHT_TO_SIX, days=7, zone=zone)
    for change in around(name):
        day = change.astimezone(zone).date()
        noon = datetime.combine(day, time(12), zone)

        assert end_of_working_day(office, day) == datetime.combine(day, time(18), zone)
        assert add_working_days(office, noon, 1) == datetime.combine(day + DAY, time(12), zone)
        assert subtract_working_days(office, noon, 1) == datetime.combine(day - DAY, time(12), zone)
        assert add_working_days(office, noon - DAY, 1).astimezone(zone).date() == day
