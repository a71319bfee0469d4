from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engagement.staff.calendars import Calendar, Week, end_of_working_day, free_hours_a_day, is_working_day, spans_on
from engagement.staff.worktime import (
    NoWorkingTime,
    add_working,
    add_working_days,
    free_hours,
    last_working_moment,
    next_working_moment,
    subtract_free_hours,
    subtract_working,
    subtract_working_days,
    tell_by,
    working_day_after,
    working_days_between,
    working_seconds,
)

HOUR = 3600
LONDON = ZoneInfo("Europe/London")
EIGHT_TO_SIX = ((time(8), time(18)),)
WITH_LUNCH = ((time(9), time(12, 30)), (time(13, 30), time(17)))
ALL_DAY = ((time(0), time(23, 59)),)
NIGHT = ((time(0), time(4)), (time(22), time(0)))

ZONES = [
    "UTC", "Europe/London", "Europe/Dublin", "Europe/Amsterdam", "Europe/Athens", "Europe/Moscow", "Europe/Istanbul",
    "Atlantic/Azores", "America/Nuuk", "America/St_Johns", "America/Halifax", "America/New_York", "America/Chicago",
    "America/Denver", "America/Phoenix", "America/Los_Angeles", "America/Anchorage", "America/Adak", "America/Havana",
    "America/Sao_Paulo", "America/Santiago", "America/Asuncion", "Africa/Casablanca", "Africa/Cairo", "Africa/Lagos",
    "Africa/Johannesburg", "Asia/Beirut", "Asia/Jerusalem", "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu",
    "Asia/Tokyo", "Australia/Adelaide", "Australia/Lord_Howe", "Australia/Sydney", "Pacific/Auckland",
    "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Antarctica/Troll",
]  # fmt: skip


def calendar_of(*spans, days=5, zone=LONDON, **changes):
    week = tuple(tuple(spans) if weekday < days else () for weekday in range(7))
    return Calendar(zone=zone, weeks=(Week(date(2020, 1, 1), week),), **changes)


def at(text, zone=LONDON):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


OFFICE = calendar_of(*EIGHT_TO_SIX)
MON, TUE, FRI, SAT = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 27), date(2026, 11, 28)


# The examples of others, who got them wrong once.


def test_four_hours_from_monday_five_end_on_tuesday_at_eleven():
    assert add_working(OFFICE, at("2026-11-23 17:00"), 4 * HOUR) == at("2026-11-24 11:00")


def test_an_hour_before_tuesday_eleven_is_tuesday_ten():
    assert subtract_working(OFFICE, at("2026-11-24 11:00"), HOUR) == at("2026-11-24 10:00")


def test_a_warning_is_never_put_at_midnight():
    assert subtract_working(OFFICE, at("2026-11-24 09:00"), 2 * HOUR) == at("2026-11-23 17:00")


@pytest.mark.parametrize("end", [time(23, 59), time(23, 59, 59), time.max, time(0)])
def test_round_the_clock_loses_no_minute_at_midnight(end):
    always = calendar_of((time(0), end), days=7)

    assert working_seconds(always, at("2026-11-23 13:37"), at("2026-11-25 13:37")) == 48 * HOUR
    assert add_working(always, at("2026-11-23 13:37"), 48 * HOUR) == at("2026-11-25 13:37")
    assert subtract_working(always, at("2026-11-25 13:37"), 48 * HOUR) == at("2026-11-23 13:37")


# Days


def test_lunch_is_not_worked():
    lunch = calendar_of(*WITH_LUNCH)

    assert spans_on(lunch, MON) == [
        (at("2026-11-23 09:00"), at("2026-11-23 12:30")),
        (at("2026-11-23 13:30"), at("2026-11-23 17:00")),
    ]
    assert working_seconds(lunch, at("2026-11-23 12:00"), at("2026-11-23 14:00")) == HOUR


@pytest.mark.parametrize(
    "spans",
    [
        [(time(9), time(13)), (time(12), time(17)), (time(12), time(13))],
        [(time(9), time(17)), (time(10), time(11))],
        [(time(13), time(17)), (time(9), time(13))],
    ],
)
def test_spans_that_meet_or_overlap_are_one(spans):
    assert spans_on(calendar_of(*spans), MON) == [(at("2026-11-23 09:00"), at("2026-11-23 17:00"))]


@pytest.mark.parametrize(
    ("changes", "day", "works"),
    [
        ({}, FRI, True),
        ({}, SAT, False),
        ({"days_off": frozenset({FRI})}, FRI, False),
        ({"days_off": lambda day: day == FRI}, FRI, False),
        ({"days_off": lambda day: day == FRI}, TUE, True),
        ({"absences": ((MON, TUE),)}, MON - timedelta(days=3), True),
        ({"absences": ((MON, TUE),)}, MON, False),
        ({"absences": ((MON, TUE),)}, TUE, False),
        ({"absences": ((MON, TUE),)}, TUE + timedelta(days=1), True),
    ],
)
def test_holidays_and_absences_are_not_worked(changes, day, works):
    assert is_working_day(calendar_of(*EIGHT_TO_SIX, **changes), day) == works


def test_the_week_in_force_is_the_last_one_that_has_begun():
    early, late = Week(MON, (EIGHT_TO_SIX,) * 7), Week(FRI, (WITH_LUNCH,) * 7)
    calendar = Calendar(LONDON, (early, late))

    hours = [
        sum((end - start for start, end in spans_on(calendar, day)), timedelta(0)).total_seconds() / HOUR
        for day in [date(2019, 1, 1), MON, TUE, FRI, SAT]
    ]

    assert hours == [10, 10, 10, 7, 7]


def test_free_hours_count_by_the_share_of_each_week():
    early, late = Week(MON, (EIGHT_TO_SIX,) * 7, share=0.5), Week(TUE, (EIGHT_TO_SIX,) * 7, share=0.2)
    calendar = Calendar(LONDON, (early, late))

    assert free_hours(calendar, at("2026-11-23 00:00"), at("2026-11-25 00:00")) == pytest.approx(5 + 2)
    assert subtract_free_hours(calendar, at("2026-11-25 00:00"), 3) == at("2026-11-23 16:00")


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (MON, "2026-11-23 18:00"),
        (FRI, "2026-11-27 13:00"),
        (SAT, "2026-11-28 18:00"),
    ],
)
def test_a_day_nobody_works_ends_like_the_first_weekday_that_is_worked(day, end):
    short = ((time(8), time(13)),)
    calendar = Calendar(LONDON, (Week(MON, (*(EIGHT_TO_SIX,) * 4, short, (), ())),), days_off=frozenset({FRI}))

    assert end_of_working_day(calendar, day) == at(end)


def test_a_day_ends_at_five_where_nobody_ever_works():
    assert end_of_working_day(Calendar(LONDON, ()), MON) == at("2026-11-23 17:00")
    assert end_of_working_day(calendar_of(days=0), MON) == at("2026-11-23 17:00")


# Moments


@pytest.mark.parametrize(
    ("moment", "following", "last"),
    [
        ("2026-11-23 07:59", "2026-11-23 08:00", "2026-11-20 18:00"),
        ("2026-11-23 08:00", "2026-11-23 08:00", "2026-11-23 08:00"),
        ("2026-11-23 12:00", "2026-11-23 12:00", "2026-11-23 12:00"),
        ("2026-11-23 18:00", "2026-11-24 08:00", "2026-11-23 18:00"),
        ("2026-11-27 18:01", "2026-11-30 08:00", "2026-11-27 18:00"),
        ("2026-11-28 12:00", "2026-11-30 08:00", "2026-11-27 18:00"),
    ],
)
def test_moments_outside_hours_move_to_the_nearest_hours(moment, following, last):
    assert next_working_moment(OFFICE, at(moment)) == at(following)
    assert last_working_moment(OFFICE, at(moment)) == at(last)


@pytest.mark.parametrize(
    ("moment", "days", "later", "earlier"),
    [
        ("2026-11-25 10:00", 0, "2026-11-25 10:00", "2026-11-25 10:00"),
        ("2026-11-25 10:00", 1, "2026-11-26 10:00", "2026-11-24 10:00"),
        ("2026-11-27 10:00", 1, "2026-11-30 10:00", "2026-11-26 10:00"),
        ("2026-11-23 10:00", 6, "2026-12-01 10:00", "2026-11-13 10:00"),
        ("2026-11-28 10:00", 0, "2026-11-30 09:00", "2026-11-27 17:00"),
        ("2026-11-28 10:00", 1, "2026-12-01 09:00", "2026-11-26 17:00"),
        ("2026-11-25 05:00", 1, "2026-11-26 09:00", "2026-11-24 09:00"),
        ("2026-11-25 13:00", 1, "2026-11-26 13:30", "2026-11-24 12:30"),
        ("2026-11-25 12:30", 1, "2026-11-26 12:30", "2026-11-24 12:30"),
        ("2026-11-25 13:30", 1, "2026-11-26 13:30", "2026-11-24 13:30"),
        ("2026-11-25 22:00", 1, "2026-11-26 17:00", "2026-11-24 17:00"),
    ],
)
def test_working_days_keep_the_time_of_day(moment, days, later, earlier):
    lunch = calendar_of(*WITH_LUNCH)

    assert add_working_days(lunch, at(moment), days) == at(later)
    assert subtract_working_days(lunch, at(moment), days) == at(earlier)


def test_working_days_keep_the_time_of_day_when_the_clocks_change():
    every_day = calendar_of(*WITH_LUNCH, days=7)

    assert add_working_days(every_day, at("2026-10-24 10:00"), 1) == at("2026-10-25 10:00")
    assert subtract_working_days(every_day, at("2026-03-29 10:00"), 1) == at("2026-03-28 10:00")


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar: add_working(calendar, at("2026-11-23 12:00"), 1),
        lambda calendar: subtract_working(calendar, at("2026-11-23 12:00"), 1),
        lambda calendar: subtract_free_hours(calendar, at("2026-11-23 12:00"), 1),
        lambda calendar: next_working_moment(calendar, at("2026-11-23 12:00")),
        lambda calendar: last_working_moment(calendar, at("2026-11-23 12:00")),
        lambda calendar: add_working_days(calendar, at("2026-11-23 12:00"), 2),
        lambda calendar: subtract_working_days(calendar, at("2026-11-23 12:00"), 2),
        lambda calendar: tell_by(calendar, None, at("2026-11-23 12:00"), 1, 0.2, 8),
    ],
)
@pytest.mark.parametrize("calendar", [Calendar(LONDON, ()), calendar_of(days=0)], ids=["no weeks", "empty week"])
def test_looking_for_working_time_where_there_is_none_gives_up(ask, calendar):
    with pytest.raises(NoWorkingTime):
        ask(calendar)


def test_free_hours_give_up_where_none_of_the_time_is_free():
    busy = Calendar(LONDON, (Week(MON, (EIGHT_TO_SIX,) * 7, share=0),))

    with pytest.raises(NoWorkingTime):
        subtract_free_hours(busy, at("2026-11-23 12:00"), 1)


def test_an_absence_of_a_year_is_waited_out():
    away = calendar_of(*EIGHT_TO_SIX, absences=((MON, MON + timedelta(days=364)),))

    assert next_working_moment(away, at("2026-11-23 12:00")) == at("2027-11-23 08:00")


def test_the_past_and_nothing_take_no_time():
    assert working_seconds(OFFICE, at("2026-11-24 12:00"), at("2026-11-23 12:00")) == 0
    assert free_hours(OFFICE, at("2026-11-24 12:00"), at("2026-11-24 12:00")) == 0
    assert add_working(OFFICE, at("2026-11-28 12:00"), 0) == at("2026-11-28 12:00")
    assert subtract_working(OFFICE, at("2026-11-28 12:00"), -1) == at("2026-11-28 12:00")


# Telling in time


def hear_by(made, due, days=1.0, share=0.2, calendar=OFFICE):
    return tell_by(calendar, made and at(made), at(due), days, share, 10)


@pytest.mark.parametrize(
    ("made", "due", "by"),
    [
        ("2026-11-23 09:00", "2026-11-27 17:00", "2026-11-26 17:00"),  # one working day
        (None, "2026-11-27 17:00", "2026-11-26 17:00"),
        ("2026-11-23 09:00", "2026-11-30 12:00", "2026-11-27 11:24"),  # a fifth of 53 hours, 10 h 36 min
        ("2026-10-26 08:00", "2026-11-20 18:00", "2026-11-17 08:00"),  # a fifth of twenty days is four
        ("2026-11-23 10:00", "2026-11-23 15:00", "2026-11-23 12:30"),  # half of what there is
        ("2026-11-28 09:00", "2026-11-30 10:00", "2026-11-30 09:00"),
        ("2026-11-28 09:00", "2026-11-28 20:00", "2026-11-28 09:00"),  # no working time: at once
        ("2026-11-28 09:00", "2026-11-28 09:00", "2026-11-28 09:00"),
        ("2026-11-28 09:00", "2026-11-26 09:00", "2026-11-26 09:00"),  # imported nonsense
    ],
)
def test_the_client_hears_a_working_day_or_a_fifth_before(made, due, by):
    assert hear_by(made, due) == at(by)


def test_the_firm_sets_how_long_before():
    assert hear_by("2026-11-23 09:00", "2026-11-27 17:00", days=0.5) == at("2026-11-26 17:24")  # the fifth
    assert hear_by("2026-11-23 09:00", "2026-11-27 17:00", days=2) == at("2026-11-25 17:00")
    assert hear_by("2026-11-23 09:00", "2026-11-27 17:00", days=0, share=0) == at("2026-11-27 16:59")


def test_absence_brings_the_telling_forward():
    away = calendar_of(*EIGHT_TO_SIX, absences=((date(2026, 11, 25), date(2026, 11, 26)),))

    assert hear_by("2026-11-16 09:00", "2026-11-27 12:00", calendar=away) == at("2026-11-23 17:24")


# What holds for every calendar

calendars = st.builds(
    lambda zone, spans, days, off: calendar_of(*spans, days=days, zone=ZoneInfo(zone), days_off=off),
    st.sampled_from(ZONES),
    st.sampled_from([EIGHT_TO_SIX, WITH_LUNCH, ALL_DAY, NIGHT]),
    st.integers(1, 7),
    st.frozensets(st.dates(date(2024, 1, 1), date(2032, 12, 31)), max_size=30),
)
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001, zone added
stretches = st.timedeltas(timedelta(minutes=1), timedelta(days=30))
CLOSE = timedelta(microseconds=2)  # seconds pass through a float


def is_inside(calendar, moment):
    return next_working_moment(calendar, moment) == moment


@given(calendars, moments, stretches)
def test_what_is_added_is_measured(calendar, start, worked):
    end = add_working(calendar, start, worked.total_seconds())

    assert working_seconds(calendar, start, end) == pytest.approx(worked.total_seconds(), abs=1e-3)
    assert last_working_moment(calendar, end) == end


@given(calendars, moments, stretches)
def test_what_is_subtracted_is_measured(calendar, end, worked):
    start = subtract_working(calendar, end, worked.total_seconds())

    assert working_seconds(calendar, start, end) == pytest.approx(worked.total_seconds(), abs=1e-3)
    assert is_inside(calendar, start)


@given(calendars, moments, stretches)
def test_subtracting_undoes_adding(calendar, moment, worked):
    start = next_working_moment(calendar, moment)

    end = add_working(calendar, start, worked.total_seconds())

    assert abs(subtract_working(calendar, end, worked.total_seconds()) - start) <= CLOSE


@given(calendars, moments, stretches, st.floats(0.1, 1))
def test_free_hours_subtracted_are_measured(calendar, end, worked, share):
    week = Week(date(2020, 1, 1), calendar.weeks[0].spans, share)
    shared = Calendar(calendar.zone, (week,), calendar.days_off)
    hours = worked.total_seconds() / HOUR

    start = subtract_free_hours(shared, end, hours)

    assert free_hours(shared, start, end) == pytest.approx(hours, abs=1e-3)


@given(calendars, moments, stretches, stretches)
def test_measures_add_up(calendar, first, one, other):
    second, third = first + one, first + one + other

    whole = working_seconds(calendar, first, third)

    parts = working_seconds(calendar, first, second) + working_seconds(calendar, second, third)
    assert whole == pytest.approx(parts, abs=1e-6)
    assert 0 <= whole <= (third - first).total_seconds()


@given(calendars, moments, stretches, st.timedeltas(timedelta(0), timedelta(days=10)))
def test_later_in_is_later_out(calendar, moment, worked, delay):
    seconds = worked.total_seconds()
    later = moment + delay

    assert add_working(calendar, moment, seconds) <= add_working(calendar, later, seconds)
    assert subtract_working(calendar, moment, seconds) <= subtract_working(calendar, later, seconds)
    assert next_working_moment(calendar, moment) <= next_working_moment(calendar, later)
    assert last_working_moment(calendar, moment) <= last_working_moment(calendar, later)


@given(calendars, moments, st.timedeltas(timedelta(hours=1), timedelta(days=200)), st.floats(0, 5), st.floats(0, 1))
def test_the_client_hears_inside_hours_and_before_the_date(calendar, made, span, days, share):
    due = made + span
    assume(working_seconds(calendar, made, due) > 1)

    by = tell_by(calendar, made, due, days, share, 8)

    assert made <= by < due
    assert is_inside(calendar, by)


@given(calendars, moments, stretches, stretches, st.floats(0, 5), st.floats(0, 1))
def test_a_later_date_is_never_told_earlier(calendar, made, span, delay, days, share):
    sooner, later = made + span, made + span + delay

    told = [tell_by(calendar, made, due, days, share, 8) for due in (sooner, later)]

    assert told[0] <= told[1] + CLOSE


@pytest.mark.parametrize("name", ZONES)
def test_a_promise_made_later_is_told_later(name):
    chance = Random(name)
    for spans, days in [(EIGHT_TO_SIX, 5), (WITH_LUNCH, 5), (ALL_DAY, 7), (NIGHT, 6)]:
        calendar = calendar_of(*spans, days=days, zone=ZoneInfo(name))
        length, at_most = chance.uniform(HOUR, 900 * HOUR), timedelta(days=3)
        made = datetime(2024, 1, 1, tzinfo=UTC)
        told = made - at_most
        for _ in range(63):
            made += at_most * chance.random()
            due = add_working(calendar, made, length)

            told, before = tell_by(calendar, made, due, 1, 0.2, 8), told

            assert before <= told + CLOSE
            assert made <= told < due
            assert is_inside(calendar, told)


@given(calendars, moments, st.integers(1, 30))
def test_working_days_away_are_inside_hours_of_another_day(calendar, moment, days):
    later, earlier = add_working_days(calendar, moment, days), subtract_working_days(calendar, moment, days)

    assert earlier < moment < later
    assert last_working_moment(calendar, later) == later
    assert last_working_moment(calendar, earlier) == earlier


# Clock changes


def changes(zone):
    """Each local day between 2024 and 2032 that is not 24 hours long, with its length."""
    days = [datetime(2024, 1, 1, tzinfo=zone) + timedelta(days=number) for number in range(9 * 366)]
    for day, following in pairwise(days):
        length = (following.astimezone(UTC) - day.astimezone(UTC)).total_seconds() / HOUR
        if length != 24:
            yield day.date(), length


@pytest.mark.parametrize("name", ZONES)
def test_round_the_clock_is_as_long_as_the_day(name):
    zone = ZoneInfo(name)
    always = calendar_of(*ALL_DAY, days=7, zone=zone)
    start, end = datetime(2024, 1, 1, tzinfo=zone), datetime(2032, 12, 31, tzinfo=zone)

    for day, length in changes(zone):
        assert length in {21, 22, 23, 23.5, 24.5, 25, 26, 27}
        assert sum((b - a).total_seconds() for a, b in spans_on(always, day)) in {length * HOUR, 23 * HOUR, 25 * HOUR}
    assert working_seconds(always, start, end) == (end.astimezone(UTC) - start.astimezone(UTC)).total_seconds()


@pytest.mark.parametrize("name", ZONES)
def test_nine_to_five_is_eight_hours_on_every_day(name):
    office = calendar_of((time(9), time(17)), days=7, zone=ZoneInfo(name))
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(9 * 366)]

    assert {sum((b - a).total_seconds() for a, b in spans_on(office, day)) for day in days} == {8 * HOUR}


@pytest.mark.parametrize(
    ("zone", "day", "span", "hours"),
    [
        ("Europe/London", date(2026, 3, 29), ALL_DAY, 23),
        ("Europe/London", date(2026, 10, 25), ALL_DAY, 25),
        ("Australia/Lord_Howe", date(2026, 10, 4), ALL_DAY, 23.5),
        ("Australia/Lord_Howe", date(2026, 4, 5), ALL_DAY, 24.5),
        ("Antarctica/Troll", date(2026, 3, 29), ALL_DAY, 22),
        ("Pacific/Chatham", date(2026, 9, 27), ALL_DAY, 23),
        ("America/Havana", date(2026, 3, 8), ALL_DAY, 23),
        ("America/Havana", date(2026, 11, 1), ALL_DAY, 25),
        ("Pacific/Apia", date(2011, 12, 30), ALL_DAY, 0),  # the day that was left out
        ("Europe/London", date(2026, 3, 29), ((time(1, 30), time(5)),), 3),
        ("Europe/London", date(2026, 3, 29), ((time(1, 10), time(1, 50)),), 0),
        ("Europe/London", date(2026, 3, 29), ((time(0), time(1, 30)), (time(1, 30), time(5))), 4),
        ("Europe/London", date(2026, 10, 25), ((time(1, 30), time(5)),), 4.5),
        ("Europe/London", date(2026, 10, 25), ((time(0), time(1, 30)), (time(1, 30), time(5))), 6),
    ],
)
def test_a_day_of_clock_change_is_measured_by_what_passes(zone, day, span, hours):
    calendar = calendar_of(*span, days=7, zone=ZoneInfo(zone))

    assert sum((b - a).total_seconds() for a, b in spans_on(calendar, day)) == hours * HOUR


def test_a_time_that_the_clock_jumps_over_is_the_moment_of_the_jump():
    early = calendar_of((time(1, 17), time(5)), days=7)

    assert spans_on(early, date(2026, 3, 29))[0][0] == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_day_whose_hours_the_clock_jumps_over_is_not_worked():
    at_night = calendar_of((time(1, 10), time(1, 50)), days=7)

    assert is_working_day(at_night, date(2026, 3, 28))
    assert not is_working_day(at_night, date(2026, 3, 29))


def test_a_clock_set_back_over_midnight_hides_no_working_time():
    # Until 2011 Newfoundland set its clocks back at one minute past midnight, to the evening before.
    sunday = Week(date(2000, 1, 1), ((),) * 6 + (ALL_DAY,))
    calendar = Calendar(ZoneInfo("America/St_Johns"), (sunday,))
    begin = datetime(2006, 10, 29, 2, 30, tzinfo=UTC)
    in_the_second_evening = begin + timedelta(minutes=30)

    assert spans_on(calendar, date(2006, 10, 29))[0][0] == begin
    assert in_the_second_evening.astimezone(calendar.zone).date() == date(2006, 10, 28)
    assert working_seconds(calendar, begin, in_the_second_evening) == HOUR / 2
    assert subtract_working(calendar, in_the_second_evening, HOUR / 4) == begin + timedelta(minutes=15)
    assert add_working(calendar, in_the_second_evening, 60) == in_the_second_evening + timedelta(minutes=1)


def test_a_day_is_looked_up_once():
    asked = []
    calendar = calendar_of(*EIGHT_TO_SIX, days_off=lambda day: bool(asked.append(day)))

    working_seconds(calendar, at("2026-11-23 00:00"), at("2026-11-27 00:00"))
    working_seconds(calendar, at("2026-11-23 00:00"), at("2026-11-27 00:00"))

    assert sorted(asked) == sorted(set(asked))
    assert MON in asked


# Days counted as people count them


@pytest.mark.parametrize(
    ("day", "days", "found"),
    [
        (MON, 1, TUE),
        (MON, 5, MON + timedelta(days=7)),
        (FRI, 1, MON + timedelta(days=7)),
        # Whoever signs on a Saturday has the first working day on Monday.
        (SAT, 1, MON + timedelta(days=7)),
        (SAT, 2, TUE + timedelta(days=7)),
        (MON, 0, MON),
        (SAT, 0, MON + timedelta(days=7)),
    ],
)
def test_working_days_after_a_day(day, days, found):
    assert working_day_after(OFFICE, day, days) == found


def test_a_day_off_is_not_counted():
    holiday = calendar_of(*EIGHT_TO_SIX, days_off=frozenset({TUE}))

    assert working_day_after(holiday, MON, 1) == TUE + timedelta(days=1)


@pytest.mark.parametrize("days", [0, 1, 10**6])
def test_where_nobody_ever_works_no_day_is_found(days):
    with pytest.raises(NoWorkingTime):
        working_day_after(calendar_of(days=0), MON, days)


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [(MON, MON, 0), (MON, TUE, 1), (MON, FRI, 4), (FRI, SAT, 0), (FRI, MON + timedelta(days=7), 1), (TUE, MON, 0)],
)
def test_working_days_between_two_days_leave_out_the_first(first, last, days):
    assert working_days_between(OFFICE, first, last) == days


@given(st.integers(0, 400), st.integers(0, 400))
def test_working_days_between_are_those_counted_one_by_one(ahead, days):
    first = MON + timedelta(days=ahead)
    last = working_day_after(OFFICE, first, days)

    assert working_days_between(OFFICE, first, last) == (days or not is_working_day(OFFICE, first))


def test_free_hours_of_a_usual_day_follow_the_week_in_force():
    early = Week(MON, (*(WITH_LUNCH,) * 4, (), (), ()), share=0.5)
    late = Week(TUE, (EIGHT_TO_SIX,) * 7, share=0.2)
    calendar = Calendar(LONDON, (early, late))

    assert [free_hours_a_day(calendar, day) for day in (MON, TUE)] == pytest.approx([3.5, 2.0])
