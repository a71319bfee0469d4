from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises.forecast import (
    SAID_MAY_BE_LATE,
    SILENT,
    Facts,
    chance_of_overrun,
    forecast,
    free_hours_for,
    work_left,
)

hours = st.integers(0, 500_000).map(lambda hundredths: hundredths / 100)
facts = st.builds(
    Facts,
    free_hours=hours,
    estimate_hours=st.none() | hours,
    hours_left=st.none() | hours,
    per_cent=st.none() | st.integers(0, 100),
    standing=st.sampled_from(["", "on_track", "may_be_late", "done"]),
    silent=st.booleans(),
    tell_by_passed=st.booleans(),
    waiting_for_client=st.booleans(),
)

EIGHT_HOURS_LEFT = Facts(
    free_hours=16, estimate_hours=8, hours_left=None, per_cent=None, standing="", silent=False, tell_by_passed=False
)


@given(facts)
def test_a_chance_lies_between_none_and_certain(known):
    assert 0 <= forecast(known).chance <= 1


@given(facts)
def test_the_same_facts_give_the_same_chance(known):
    assert forecast(known) == forecast(known)


@given(facts, hours)
def test_more_free_hours_never_make_it_worse(known, more):
    later = replace(known, free_hours=known.free_hours + more)

    assert forecast(later).chance <= forecast(known).chance


@given(facts, hours, hours)
def test_more_work_left_is_never_safer(known, one, other):
    less, more = sorted([one, other])

    safer = forecast(replace(known, hours_left=less))
    assert safer.chance <= forecast(replace(known, hours_left=more)).chance


@given(facts, st.integers(0, 100), st.integers(0, 100))
def test_more_done_is_never_worse(known, one, other):
    less, more = sorted([one, other])

    better = forecast(replace(known, hours_left=None, per_cent=more))
    assert better.chance <= forecast(replace(known, hours_left=None, per_cent=less)).chance


@given(facts)
def test_silence_when_the_client_should_have_heard_is_never_safer(known):
    before, after = replace(known, silent=False), replace(known, silent=True)

    assert forecast(before).chance <= forecast(after).chance


@given(st.floats(0.01, 0.99), st.floats(0.01, 2000))
def test_the_hours_at_which_a_chance_is_reached_are_found(chance, left):
    at_it = free_hours_for(chance, left)

    assert chance_of_overrun(left, at_it) == pytest.approx(chance)
    assert chance_of_overrun(left, at_it * 0.99) > chance > chance_of_overrun(left, at_it * 1.01)


def test_half_of_all_jobs_overrun_their_estimate():
    assert chance_of_overrun(8, 8) == 0.5


def test_one_in_four_takes_more_than_twice_as_long():
    assert chance_of_overrun(8, 16) == pytest.approx(0.26, abs=0.005)


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
    seen = forecast(replace(EIGHT_HOURS_LEFT, standing="may_be_late"))

    assert (seen.chance, seen.grounds) == (SAID_MAY_BE_LATE, ("said", "work"))


def test_silence_is_a_ground_of_its_own():
    seen = forecast(replace(EIGHT_HOURS_LEFT, silent=True))

    assert (seen.chance, seen.grounds) == (SILENT, ("silent", "work"))


def test_without_an_estimate_nobody_claims_to_be_sure():
    seen = forecast(replace(EIGHT_HOURS_LEFT, estimate_hours=None, free_hours=400))

    assert (seen.chance, seen.left, seen.grounds) == (0.15, None, ("no_estimate",))


def test_work_that_is_left_with_no_hours_to_do_it_in_slips():
    assert forecast(replace(EIGHT_HOURS_LEFT, free_hours=0)).chance == 1


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
    assert forecast(replace(EIGHT_HOURS_LEFT, **facts)).is_alarming == is_alarming
