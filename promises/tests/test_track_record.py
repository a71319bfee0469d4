from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises.track_record import (
    FIRM_JOBS_READ,
    JOBS_ENOUGH,
    OWNER_HALF_LIFE,
    OWNER_JOBS_READ,
    Job,
    Tail,
    TrackRecord,
    size_of,
)

DAY_OF_WORK = Job(owner="mara", kind="report", estimate=6, actual=6, days=1, hours_a_day=6)

jobs = st.builds(
    Job,
    owner=st.sampled_from(["mara", "sam", None]),
    kind=st.just("report"),
    estimate=st.none() | st.floats(0, 100),
    actual=st.none() | st.floats(0, 100),
    days=st.none() | st.integers(0, 60),
    hours_a_day=st.sampled_from([0.0, 2.5, 6.0]),
)


def random_jobs(seed, how_many):
    dice = Random(seed)
    return [
        Job(
            owner=dice.choice(["mara", "sam", "lin"]),
            kind="report",
            estimate=dice.uniform(0.5, 40),
            actual=dice.uniform(0.5, 80),
            days=dice.randint(0, 40),
            hours_a_day=4,
        )
        for _ in range(how_many)
    ]


def answers(record):
    """Everything a record says, at a few places."""
    books = [record.firm, *(record.owner(owner) for owner in ("mara", "sam", "lin", None))]
    tails = [tail for book in books for tail in (book.ratios(), book.days(None), book.days(0), book.days(12))]
    return [tail.above(value) for tail in tails for value in (-1, 0, 0.5, 1, 3, 10)]


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 1))), st.integers(-1, 10))
def test_what_lies_above_a_value_is_the_sum_of_it(weighed, value):
    tail = Tail(weighed)

    assert tail.above(value) == pytest.approx(sum(weight for other, weight in weighed if other > value))
    assert tail.weight == pytest.approx(sum(weight for _, weight in weighed))


def test_the_middle_is_where_half_of_the_weight_lies_above():
    assert Tail([(1, 1), (2, 1), (9, 1)]).middle() == 2
    assert Tail([(1, 1), (2, 1), (9, 5)]).middle() == 9
    assert Tail([(1, 5), (2, 1), (9, 1)]).middle(beyond=1) == 2
    assert Tail([(1, 5)]).middle(beyond=1) is None
    assert Tail().middle() is None


@given(st.lists(jobs, max_size=30))
def test_jobs_that_come_one_by_one_are_the_record_built_at_once(finished):
    one_by_one = TrackRecord()

    for job in finished:
        one_by_one.add(job)
        answers(one_by_one)

    assert answers(one_by_one) == answers(TrackRecord(finished))


def test_a_record_longer_than_what_is_read_is_that_of_its_latest_jobs():
    finished = random_jobs(1, FIRM_JOBS_READ + 500)
    one_by_one = TrackRecord()

    for job in finished:
        one_by_one.add(job)

    assert answers(one_by_one) == answers(TrackRecord(finished))
    assert one_by_one.jobs == FIRM_JOBS_READ
    assert len(one_by_one.owner("mara")) == OWNER_JOBS_READ


def test_an_owner_is_read_once_and_only_when_asked_for():
    asked = []

    def of_owner(owner):
        asked.append(owner)
        return [DAY_OF_WORK]

    record = TrackRecord([DAY_OF_WORK] * 3, of_owner)
    assert asked == []

    record.owner("mara").ratios()
    record.owner("mara").days(None)

    assert asked == ["mara"]
    assert (record.jobs, len(record.owner("mara"))) == (3, 1)


def test_a_job_counts_half_after_as_many_as_the_half_life():
    old, new = replace(DAY_OF_WORK, actual=60), DAY_OF_WORK
    record = TrackRecord([old, *[new] * OWNER_HALF_LIFE])

    assert record.owner("mara").ratios().above(5) == pytest.approx(0.5)


def test_the_order_within_a_record_matters_only_by_age():
    finished = random_jobs(2, 40)
    record = TrackRecord(finished)

    turned = TrackRecord(finished[::-1])

    assert turned.firm.ratios().weight == pytest.approx(record.firm.ratios().weight)
    assert turned.firm.ratios().above(1) != pytest.approx(record.firm.ratios().above(1))


def test_owners_are_told_apart():
    slow, swift = replace(DAY_OF_WORK, actual=60), replace(DAY_OF_WORK, owner="sam")
    record = TrackRecord([slow, swift])

    assert record.owner("mara").ratios().above(5) == 1
    assert record.owner("sam").ratios().above(5) == 0


def test_a_job_of_another_size_counts_less():
    same, larger = DAY_OF_WORK, replace(DAY_OF_WORK, estimate=60, days=20)
    record = TrackRecord([larger, same])
    days = record.firm.days(size_of(6, 6))

    assert days.above(10) < 0.1 < days.weight - days.above(10)
    assert record.firm.days(None).above(10) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(
    "unknown", [{"estimate": None}, {"estimate": 0.0}, {"actual": None}, {"estimate": -1.0}, {"days": None}]
)
def test_what_nobody_knows_of_a_job_is_left_out(unknown):
    record = TrackRecord([replace(DAY_OF_WORK, **unknown)])

    assert record.firm.ratios().weight == (1 if "days" in unknown else 0)
    assert record.firm.days(None).weight == (0 if "days" in unknown else 1)


def test_few_jobs_are_no_record():
    assert not TrackRecord([DAY_OF_WORK] * (JOBS_ENOUGH - 1)).is_enough
    assert TrackRecord([DAY_OF_WORK] * JOBS_ENOUGH).is_enough


@pytest.mark.parametrize(("estimate", "hours_a_day"), [(None, 6), (0, 6), (-1, 6), (6, 0)])
def test_a_job_without_hours_has_no_size(estimate, hours_a_day):
    assert size_of(estimate, hours_a_day) is None
