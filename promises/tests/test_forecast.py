from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises.forecast import (
    SAID_MAY_BE_LATE,
    SEEMS_DONE,
    SILENT,
    SUREST,
    Facts,
    chance_of_overrun,
    chance_with,
    forecast,
    late_chance,
    overrun_chance,
    work_left,
)
from promises.job_book import Job
from promises.track_record import JOBS_ENOUGH, TrackRecord


def random_record(seed, how_many, *, with_dates=False):
    dice = Random(seed)
    return TrackRecord(
        Job(
            owner=dice.choice(["mara", "sam"]),
            kind=dice.choice(["report", "letter"]),
            estimate=(estimate := dice.lognormvariate(1, 1)),
            actual=estimate * dice.lognormvariate(0, 0.7),
            days=int(dice.lognormvariate(1.2, 1)),
            hours_a_day=4,
            given=dice.choice([None, 0.0, 3.0, 8.0, 20.0]) if with_dates else None,
        )
        for _ in range(how_many)
    )


EMPTY = TrackRecord()
# None, too few to speak of, and enough of them.
RECORDS = [EMPTY, random_record(1, JOBS_ENOUGH - 1), random_record(2, JOBS_ENOUGH), random_record(3, 400)]
RECORDS.append(random_record(4, 300, with_dates=True))

hours = st.integers(0, 500_000).map(lambda hundredths: hundredths / 100)
days = st.integers(0, 300)
facts = st.builds(
    Facts,
    owner=st.sampled_from(["mara", "sam", "lin", None]),
    kind=st.sampled_from(["report", "letter", ""]),
    free_hours=hours,
    estimate_hours=st.none() | hours,
    hours_left=st.none() | hours,
    per_cent=st.none() | st.integers(0, 100),
    hours_a_day=st.sampled_from([0.0, 0.5, 4.0, 8.0]),
    days_elapsed=days,
    days_left=days,
    silent_days=days,
    spent_hours=st.none() | hours,
    standing=st.sampled_from(["", "on_track", "may_be_late", "done"]),
    silent=st.booleans(),
    tell_by_passed=st.booleans(),
    waiting_for_client=st.booleans(),
)
records = st.sampled_from(RECORDS)

EIGHT_HOURS_LEFT = Facts(
    free_hours=16, estimate_hours=8, hours_left=None, per_cent=None, standing="", silent=False, tell_by_passed=False
)
A_WEEK_LEFT = replace(EIGHT_HOURS_LEFT, owner="mara", hours_a_day=4, days_left=5, free_hours=20)


def finished(owner="mara", ratio=1.0, days=2):
    return Job(owner=owner, kind="report", estimate=8, actual=8 * ratio, days=days, hours_a_day=4)


# What holds whatever is known


@given(facts, records)
def test_a_chance_lies_between_none_and_certain(known, record):
    assert 0 <= forecast(known, record).chance <= 1
    assert 0 <= late_chance(known, record) <= 1


@given(facts, records)
def test_the_same_facts_give_the_same_chance(known, record):
    assert forecast(known, record) == forecast(known, record)


@given(facts, hours, records)
def test_more_free_hours_never_make_it_worse(known, more, record):
    roomier = replace(known, free_hours=known.free_hours + more)

    assert forecast(roomier, record).chance <= forecast(known, record).chance


@given(facts, st.floats(0, 1), records)
def test_fewer_free_hours_are_weighed_as_if_all_were_asked_anew(known, share, record):
    fewer = known.free_hours * share

    seen = forecast(replace(known, free_hours=fewer), record)

    assert chance_with(fewer, known, forecast(known, record), record) == seen.chance


@given(facts, days, hours, records)
def test_a_later_date_never_makes_it_worse(known, later, more, record):
    moved = replace(known, days_left=known.days_left + later, free_hours=known.free_hours + more)

    assert late_chance(moved, record) <= late_chance(known, record)
    assert forecast(moved, record).chance <= forecast(known, record).chance


@given(facts, hours, hours, records)
def test_more_work_left_is_never_safer(known, one, other, record):
    less, more = sorted([one, other])

    safer = forecast(replace(known, hours_left=less), record)
    assert safer.chance <= forecast(replace(known, hours_left=more), record).chance


@given(facts, st.integers(0, 100), st.integers(0, 100), records)
def test_more_done_is_never_worse(known, one, other, record):
    less, more = sorted([one, other])

    better = forecast(replace(known, hours_left=None, per_cent=more), record)
    assert better.chance <= forecast(replace(known, hours_left=None, per_cent=less), record).chance


@given(facts, records)
def test_silence_when_the_client_should_have_heard_is_never_safer(known, record):
    before, after = replace(known, silent=False), replace(known, silent=True)

    assert forecast(before, record).chance <= forecast(after, record).chance


@given(facts, days, days, records)
def test_longer_silence_is_never_safer(known, one, other, record):
    shorter, longer = sorted([one, other])

    safer = late_chance(replace(known, silent_days=shorter), record)
    assert safer <= late_chance(replace(known, silent_days=longer), record)


@given(st.floats(0.1, 500), hours, hours, hours, records)
def test_more_hours_free_never_make_an_overrun_likelier(estimate, spent, one, other, record):
    less, more = sorted([one, other])

    roomier = overrun_chance("mara", "report", estimate, spent, more, record)
    assert 0 <= roomier <= overrun_chance("mara", "report", estimate, spent, less, record) <= 1


# Without a record


def test_half_of_all_jobs_overrun_their_estimate():
    assert chance_of_overrun(8, 8) == 0.5


def test_one_in_four_takes_more_than_twice_as_long():
    assert chance_of_overrun(8, 16) == pytest.approx(0.26, abs=0.005)


def test_few_finished_jobs_are_no_record_and_it_is_said():
    seen = forecast(A_WEEK_LEFT, TrackRecord([finished(ratio=9, days=99)] * (JOBS_ENOUGH - 1)))

    assert seen.chance == forecast(A_WEEK_LEFT, EMPTY).chance == chance_of_overrun(8, 20)
    assert (seen.enough, seen.jobs) == (False, JOBS_ENOUGH - 1)


# With a record


def test_jobs_that_took_longer_than_what_is_left_make_it_likelier():
    swift, slow = TrackRecord([finished(days=2)] * JOBS_ENOUGH), TrackRecord([finished(days=9)] * JOBS_ENOUGH)

    assert late_chance(A_WEEK_LEFT, swift) < 0.05
    assert late_chance(A_WEEK_LEFT, slow) > 0.95


def test_jobs_that_took_more_than_their_estimate_make_it_likelier():
    near, far = TrackRecord([finished(ratio=1)] * JOBS_ENOUGH), TrackRecord([finished(ratio=3)] * JOBS_ENOUGH)

    assert overrun_chance("mara", "report", 8, 0, 12, near) < 0.05
    assert overrun_chance("mara", "report", 8, 0, 12, far) > 0.95


def test_the_owners_own_jobs_count_most():
    of_both = [job for _ in range(JOBS_ENOUGH) for job in (finished("mara", days=2), finished("sam", days=9))]
    record = TrackRecord(of_both)

    mara, sam, newcomer = (late_chance(replace(A_WEEK_LEFT, owner=who), record) for who in ("mara", "sam", "lin"))

    assert mara < 0.2 < newcomer < 0.8 < sam


def test_jobs_that_were_done_by_now_say_nothing_of_one_that_is_not():
    # Of ten jobs nine are done on the first day; what is open on the second is the tenth.
    record = TrackRecord([finished(days=9 if number % 10 == 0 else 1) for number in range(200)])

    at_once = late_chance(A_WEEK_LEFT, record)
    on_the_second_day = late_chance(replace(A_WEEK_LEFT, days_elapsed=2, days_left=3), record)

    assert at_once < 0.2 < 0.5 < on_the_second_day


def test_jobs_in_hand_for_longer_than_what_is_left_make_it_likelier():
    in_hand = replace(finished(days=9), actual=None, is_open=True)
    done = [finished(days=2)] * JOBS_ENOUGH

    assert late_chance(A_WEEK_LEFT, TrackRecord([*done, *[in_hand] * 20])) > 2 * late_chance(
        A_WEEK_LEFT, TrackRecord(done)
    )


@pytest.mark.parametrize("known", [{"per_cent": 80}, {"hours_left": 1.6}])
def test_work_that_is_ahead_of_its_time_is_safer_and_behind_it_likelier_late(known):
    record, half_way = random_record(3, 400), replace(A_WEEK_LEFT, days_elapsed=5)

    ahead = late_chance(replace(half_way, **known), record)
    behind = late_chance(replace(half_way, per_cent=10), record)

    assert ahead < late_chance(half_way, record) < behind


def test_hours_spent_are_a_little_progress_where_none_is_reported():
    record, half_way = random_record(3, 400), replace(A_WEEK_LEFT, days_elapsed=5)

    barely, much = (late_chance(replace(half_way, spent_hours=spent), record) for spent in (0.5, 8))

    assert much < late_chance(half_way, record) < barely


def test_on_its_last_day_it_may_still_be_finished():
    record = TrackRecord([finished(days=5)] * JOBS_ENOUGH)

    assert late_chance(replace(A_WEEK_LEFT, days_elapsed=5, days_left=0), record) < 1


def test_hours_spent_leave_only_the_jobs_that_needed_as_many():
    record = TrackRecord([finished(ratio=3 if number % 10 == 0 else 1) for number in range(200)])

    assert overrun_chance("mara", "report", 8, 0, 16, record) < 0.2
    assert overrun_chance("mara", "report", 8, 9, 7, record) > 0.5


def test_today_is_never_safer_than_tomorrow():
    record = TrackRecord([finished(ratio=1, days=9)] * JOBS_ENOUGH)

    today, tomorrow = (forecast(replace(A_WEEK_LEFT, days_left=days), record).chance for days in (0, 1))
    assert today >= tomorrow > 0.9


def test_a_promise_that_nobody_knows_the_beginning_of_is_weighed_by_its_hours_alone():
    record = TrackRecord([finished(ratio=1, days=9)] * JOBS_ENOUGH)

    assert forecast(replace(A_WEEK_LEFT, is_undated=True), record).chance <= SEEMS_DONE


def dated(given, days, how_many=1):
    return [Job("mara", "", 8.0, None, days, 4.0, given=given)] * how_many


@pytest.mark.parametrize("given", [2, 5, 10, 20])
def test_a_firm_that_keeps_every_date_is_not_called_late(given):
    record = TrackRecord([job for days in (2, 4, 8, 12, 20) for job in dated(float(days), float(days), 30)])

    at_once = replace(A_WEEK_LEFT, days_left=given, free_hours=4.0 * given + 4)
    on_its_day = replace(at_once, days_left=0, days_elapsed=given, hours_left=1.0)
    assert late_chance(at_once, record) < 0.3
    assert forecast(on_its_day, record).chance < 0.5


def test_work_that_takes_its_time_whatever_it_is_given_runs_past_short_dates():
    record = TrackRecord([job for given in (2, 4, 8, 12, 20) for job in dated(float(given), 6.0, 30)])

    assert record.spreads < 0.1
    assert late_chance(replace(A_WEEK_LEFT, days_left=3), record) > 0.9
    assert late_chance(replace(A_WEEK_LEFT, days_left=9), record) < 0.1


def test_the_share_that_slipped_is_the_chance_of_the_next_one():
    record = TrackRecord([job for _ in range(10) for job in (*dated(8.0, 8.0, 7), *dated(8.0, 11.0, 3))])

    assert late_chance(replace(A_WEEK_LEFT, days_left=8), record) == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize(("per_cent", "least", "most"), [(0, 0.8, 1), (50, 0.3, 0.95), (90, 0, 0.5), (95, 0, 0.2)])
def test_what_is_reported_done_is_believed_as_far_as_it_goes(per_cent, least, most):
    record = TrackRecord([finished(days=1 + number % 5) for number in range(100)])

    known = replace(A_WEEK_LEFT, days_elapsed=9, days_left=1, per_cent=per_cent, silent_days=0)
    assert least <= late_chance(known, record) <= most


def test_whether_nearly_finished_work_is_done_is_asked_before_anybody_is_alarmed():
    known = replace(A_WEEK_LEFT, hours_left=0.5, free_hours=0.1)

    assert forecast(known, EMPTY).asks_first
    assert not forecast(replace(known, tell_by_passed=True), EMPTY).asks_first
    assert not forecast(replace(known, hours_left=4), EMPTY).asks_first


@pytest.mark.parametrize(
    ("known", "is_nearly_done"),
    [
        ({"per_cent": 90}, True),
        ({"per_cent": 89}, False),
        ({"per_cent": 95, "hours_left": 6.0, "estimate_hours": 12.0}, False),
        ({"hours_left": 1.0, "estimate_hours": 12.0}, True),
        # A tenth is a tenth, however it is divided.
        *[({"hours_left": tenths / 10, "estimate_hours": float(tenths)}, True) for tenths in range(1, 60)],
        ({"hours_left": 1.0, "estimate_hours": 2.0}, False),
        ({"hours_left": 1.0, "estimate_hours": None}, False),
        ({}, False),
    ],
)
def test_nine_tenths_by_its_owners_word_are_nearly_all(known, is_nearly_done):
    assert forecast(replace(A_WEEK_LEFT, **known), EMPTY).is_nearly_done == is_nearly_done


def test_a_supposed_length_asks_for_an_estimate_before_anybody_is_alarmed():
    assert forecast(replace(A_WEEK_LEFT, estimate_hours=None), EMPTY).asks_first


def test_what_such_jobs_took_is_said():
    record = TrackRecord([finished(ratio=1.5, days=3)] * JOBS_ENOUGH)

    seen = forecast(A_WEEK_LEFT, record)

    assert (seen.usual_ratio, seen.usual_days, seen.days_left) == (1.5, 3, 5)
    assert (seen.jobs, seen.own, seen.enough) == (JOBS_ENOUGH, True, True)
    assert not forecast(replace(A_WEEK_LEFT, owner="lin"), record).own


# What is stronger than arithmetic


@pytest.mark.parametrize(
    ("known", "left"),
    [
        ({"hours_left": 3.0, "per_cent": 10}, 3),
        ({"hours_left": None, "per_cent": 25}, 6),
        ({"hours_left": None, "per_cent": None}, 8),
        ({"hours_left": None, "per_cent": 25, "estimate_hours": None}, None),
    ],
)
def test_what_is_left_is_read_from_the_best_that_was_said(known, left):
    assert work_left(replace(EIGHT_HOURS_LEFT, **known)) == left


def test_an_owner_who_says_it_may_be_late_is_believed():
    seen = forecast(replace(EIGHT_HOURS_LEFT, standing="may_be_late"), EMPTY)

    assert (seen.chance, seen.grounds) == (SAID_MAY_BE_LATE, ("said", "work"))


def test_silence_is_a_ground_of_its_own():
    seen = forecast(replace(EIGHT_HOURS_LEFT, silent=True), EMPTY)

    assert (seen.chance, seen.grounds) == (SILENT, ("silent", "work"))


def test_without_an_estimate_nobody_claims_to_be_sure():
    seen = forecast(replace(EIGHT_HOURS_LEFT, estimate_hours=None, free_hours=400), EMPTY)

    assert (seen.chance, seen.left, seen.grounds) == (0.15, None, ("no_estimate",))


@pytest.mark.parametrize("record", RECORDS)
def test_work_that_is_left_with_no_hours_to_do_it_in_slips(record):
    assert forecast(replace(EIGHT_HOURS_LEFT, free_hours=0), record).chance == SUREST


@pytest.mark.parametrize("record", RECORDS)
def test_work_that_is_finished_is_not_weighed_by_any_record(record):
    assert forecast(replace(A_WEEK_LEFT, hours_left=0.0, days_left=0, days_elapsed=50), record).chance == SEEMS_DONE


@pytest.mark.parametrize(
    ("facts", "is_alarming"),
    [
        ({}, False),
        ({"free_hours": 0}, False),  # the firm's threshold decides
        ({"waiting_for_client": True}, False),
        ({"silent": True}, True),
        ({"standing": "may_be_late"}, True),
        ({"standing": "done"}, False),
        ({"standing": "done", "tell_by_passed": True}, True),
        ({"per_cent": 100, "tell_by_passed": True}, True),
        ({"hours_left": 0.0, "tell_by_passed": True}, True),
        ({"tell_by_passed": True}, False),
        ({"silent": True, "free_hours": 0}, True),
        ({"standing": "may_be_late", "free_hours": 0}, True),
    ],
)
def test_some_reasons_to_ask_need_no_chance(facts, is_alarming):
    assert forecast(replace(EIGHT_HOURS_LEFT, **facts), EMPTY).is_alarming == is_alarming
