from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import NOW
from engagement.staff.calendars import Calendar, Week
from promises import charts
from promises.coming_weeks import Promised, flow, free_by_week, weeks_from
from promises.forecast import UNKNOWN_HOURS

OFFICE = ((time(9), time(17)),)
# Eight hours on five days, half of them free for promised work: twenty in a week.
WEEK = Week(date.min, (OFFICE,) * 5 + ((), ()), 0.5)
WEEKS = weeks_from(date(2026, 11, 18), 3)


def calendar(zone="Africa/Johannesburg", **fields):
    return Calendar(ZoneInfo(zone), (WEEK,), **fields)


def flowing(promised, free):
    return flow(weeks_from(date(2026, 11, 18), len(free)), [Promised(1, hours) for hours in promised], free)


@pytest.mark.parametrize("today", [date(2026, 11, 16), date(2026, 11, 18), date(2026, 11, 22)])
def test_a_week_runs_from_monday_to_sunday(today):
    assert weeks_from(today, 2) == [
        (date(2026, 11, 16), date(2026, 11, 22)),
        (date(2026, 11, 23), date(2026, 11, 29)),
    ]


def test_what_does_not_fit_flows_over_into_the_next_week():
    first, second, third = flowing([26.0, 10.0, 3.0], [20.0, 12.0, 20.0])

    assert (first.carried, first.over) == (0.0, 6.0)
    assert (second.carried, second.over) == (6.0, 4.0)
    assert (third.carried, third.over) == (4.0, 0.0)


def test_what_is_more_than_a_week_holds_may_be_done_in_the_weeks_before():
    _first, second = flowing([5.0, 30.0], [20.0, 20.0])

    assert (second.ahead, second.over) == (10.0, 0.0)


def test_hours_that_passed_unused_are_of_no_use_to_what_was_carried_over():
    _first, second = flowing([25.0, 30.0], [20.0, 20.0])

    assert (second.carried, second.ahead, second.over) == (5.0, 0.0, 15.0)


def test_what_nobody_has_estimated_is_never_nothing():
    (week,) = flow(WEEKS[:1], [Promised(3, 5.0, 2)], [20.0])

    assert week.promised.needed == 5.0 + 2 * UNKNOWN_HOURS


@pytest.mark.parametrize(("hours", "is_over"), [(20.0, False), (20.4, False), (20.5, True)])
def test_a_few_minutes_too_many_are_no_news(hours, is_over):
    (week,) = flowing([hours], [20.0])

    assert week.is_over is is_over


hours = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 40)), min_size=1, max_size=8)


@given(hours)
def test_every_hour_is_done_in_its_week_or_earlier_or_is_over(rows):
    promised, free = [float(row[0]) for row in rows], [float(row[1]) for row in rows]

    weeks = flowing(promised, free)

    for number, week in enumerate(weeks):
        until = slice(0, number + 1)
        assert week.over == max(0.0, sum(promised[until]) - sum(free[until]))
        assert min(week.carried, week.ahead, week.over) >= 0.0
        assert week.ahead <= week.promised.needed


@given(hours, st.integers(0, 7))
def test_more_promised_is_never_less_over(rows, number):
    promised, free = [float(row[0]) for row in rows], [float(row[1]) for row in rows]
    more = [each + (10.0 if place == number else 0.0) for place, each in enumerate(promised)]

    pairs = zip(flowing(promised, free), flowing(more, free), strict=True)

    assert all(after.over >= before.over for before, after in pairs)


def test_this_week_counts_from_now_on():
    # Wednesday, eleven o'clock: six hours of the day are left, and two days.
    assert free_by_week(calendar(), WEEKS, NOW) == [11.0, 20.0, 20.0]


def test_absences_and_holidays_are_not_free():
    away = calendar(absences=((date(2026, 11, 24), date(2026, 11, 25)),), days_off=frozenset({date(2026, 12, 1)}))

    assert free_by_week(away, WEEKS, NOW) == [11.0, 12.0, 16.0]


def test_the_week_turns_at_midnight_where_the_person_is():
    sunday_evening = datetime(2026, 11, 22, 22, tzinfo=UTC)  # eleven in the morning of Monday in Auckland

    assert free_by_week(calendar("Pacific/Auckland"), WEEKS, sunday_evening) == [0.0, 19.0, 20.0]
    assert free_by_week(calendar("America/New_York"), WEEKS, sunday_evening) == [0.0, 20.0, 20.0]


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Europe/London", "Asia/Kathmandu", "Pacific/Apia"])
def test_no_hour_is_lost_or_counted_twice_between_weeks(zone):
    there = calendar(zone)
    long_ago = datetime(2026, 11, 1, tzinfo=UTC)
    sundays = Calendar(there.zone, (Week(date.min, (((time(20), time.max),),) * 7, 1.0),))

    assert free_by_week(there, WEEKS, long_ago) == [20.0, 20.0, 20.0]
    assert free_by_week(sundays, WEEKS, long_ago) == [28.0, 28.0, 28.0]


def test_what_does_not_fit_is_drawn_above_the_hours_that_are_free():
    weeks = flowing([30.0, 15.0, 0.0], [20.0, 20.0, 20.0])

    first, second, third = charts.loads([("", week, "") for week in weeks])

    for bar in (first, second):
        assert bar.fits_y == bar.free_y
        assert bar.over_y + bar.over_height == bar.fits_y
    assert first.over_height == 2 * second.over_height > 0
    assert (third.over_height, third.fits_height) == (0, second.over_height)


@pytest.mark.parametrize("many", [1, 2, 3])
def test_weeks_stay_in_their_places_where_fewer_are_drawn(many):
    bars = charts.loads([("", week, "") for week in flowing([9.0] * many, [9.0] * many)])

    assert [bar.x for bar in bars] == [10, 90, 170][:many]
    for bar in bars:
        # In the middle of the sixty that stand for the free hours.
        assert bar.middle == bar.inner_x + charts.INNER // 2 == bar.x + 30


def test_weeks_without_hours_are_drawn_flat():
    (bar,) = charts.loads([("", week, "") for week in flowing([0.0], [0.0])])

    assert (bar.free_height, bar.fits_height, bar.over_height) == (0, 0, 0)
