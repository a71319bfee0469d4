"""Sums laid up ahead say what counting day by day says."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engagement.staff.calendars import Calendar, Week, is_working_day, spans_on, week_on
from engagement.staff.tests.test_worktime import ZONES
from engagement.staff.worktime import free_hours, next_working_moment, working_days_between

DAY = timedelta(days=1)
SPANS = st.lists(st.tuples(st.times(), st.times()).map(sorted).map(tuple), max_size=3).map(tuple)
WEEKS = st.tuples(
    st.dates(date(2023, 6, 1), date(2026, 1, 1)), st.tuples(*[SPANS] * 7), st.sampled_from([1.0, 0.7, 0.05, 0.0])
)
MOMENTS = st.integers(0, 4 * 365 * 86400).map(lambda second: datetime(2023, 1, 1, tzinfo=UTC) + timedelta(0, second))
DAYS = st.dates(date(2023, 1, 1), date(2026, 12, 31))


@st.composite
def calendars(draw):
    weeks = tuple(Week(*week) for week in sorted(draw(st.lists(WEEKS, min_size=1, max_size=3)), key=lambda w: w[0]))
    first = draw(DAYS)
    return Calendar(
        zone=ZoneInfo(draw(st.sampled_from(ZONES))),
        weeks=weeks,
        days_off=frozenset(draw(st.lists(DAYS, max_size=5))),
        absences=((first, first + draw(st.integers(0, 40)) * DAY),),
    )


def counted(calendar, start, end):
    """Hours by looking at each day."""
    day, hours = start.astimezone(calendar.zone).date() - 2 * DAY, 0.0
    while day <= end.astimezone(calendar.zone).date() + 2 * DAY:
        share = week_on(calendar, day).share
        for opens, closes in spans_on(calendar, day):
            hours += max(0.0, (min(closes, end) - max(opens, start)).total_seconds()) * share / 3600
        day += DAY
    return hours


@given(calendars(), st.lists(st.tuples(MOMENTS, st.integers(-5, 90), st.integers(0, 86399)), min_size=1, max_size=4))
def test_free_hours_are_those_of_each_day_whatever_was_asked_before(calendar, asked):
    for start, days, seconds in asked:
        end = start + timedelta(days=days, seconds=seconds)

        assert free_hours(calendar, start, end) == pytest.approx(counted(calendar, start, end), abs=1e-6)


@given(calendars(), st.lists(st.tuples(DAYS, st.integers(-5, 90)), min_size=1, max_size=4))
def test_working_days_are_those_of_each_day_whatever_was_asked_before(calendar, asked):
    for first, number in asked:
        last = first + number * DAY
        each = sum(is_working_day(calendar, first + day * DAY) for day in range(1, number + 1))

        assert working_days_between(calendar, first, last) == each


def test_nothing_is_free_where_nobody_works():
    friday_evening, monday = datetime(2026, 11, 27, 17, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)
    office = Calendar(ZoneInfo("UTC"), (Week(date.min, (((time(8), time(17)),),) * 5 + ((), ())),))

    assert free_hours(office, friday_evening, monday) == 0.0
    assert next_working_moment(office, friday_evening) == monday


def test_a_line_that_somebody_else_uses_grows_under_nobody():
    nine_to_five = Week(date.min, ((((time(9), time(17))),),) * 7)
    calendar, monday = Calendar(zone=ZoneInfo("UTC"), weeks=(nine_to_five,)), datetime(2026, 11, 16, tzinfo=UTC)
    free_hours(calendar, monday, monday + DAY)
    line = calendar.line
    before = line.free(monday.timestamp()), len(line.opens)

    free_hours(calendar, monday - 90 * DAY, monday + 90 * DAY)

    assert (line.free(monday.timestamp()), len(line.opens)) == before
    assert len(calendar.line.opens) > len(line.opens)
