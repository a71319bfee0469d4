from array import array
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promises.job_book import LONGEST, OTHERS_MIDDLE, Job, Ratios, size_of
from promises.track_record import FIRM_JOBS_READ, JOBS_ENOUGH, OWNER_HALF_LIFE, OWNER_JOBS_READ, TrackRecord

A_DAYS_WORK = Job(owner="mara", kind="report", estimate=6, actual=6, days=1, hours_a_day=6)
IN_HAND = replace(A_DAYS_WORK, actual=None, is_open=True)
SIZE, HOURS = size_of(6, 6), size_of(6, 1)

jobs = st.builds(
    Job,
    owner=st.sampled_from(["mara", "sam", None]),
    kind=st.sampled_from(["report", "letter"]),
    estimate=st.none() | st.floats(0, 100),
    actual=st.none() | st.floats(0, 100),
    days=st.none() | st.integers(0, 60) | st.floats(0, 300),
    hours_a_day=st.sampled_from([0.0, 2.5, 6.0]),
    is_open=st.booleans(),
)


def random_jobs(seed, how_many):
    dice = Random(seed)
    return [
        Job(
            owner=dice.choice(["mara", "sam", "lin"]),
            kind=dice.choice(["report", "letter"]),
            estimate=dice.uniform(0.5, 40),
            actual=dice.uniform(0.5, 80),
            days=dice.randint(0, 40),
            hours_a_day=4,
        )
        for _ in range(how_many)
    ]


def answers(record):
    """What a record says, at a few places."""
    asked = [(owner, "report", size) for owner in ("mara", "sam", "lin", None) for size in (None, 0, 12)]
    ratios = [tail.above(value) for question in asked for tail in record.ratios(*question) for value in (-1, 0.5, 1, 3)]
    days = [record.days(*question).share_beyond(need, 2) for question in asked for need in (2, 3, 10, 60, 400)]
    return [record.jobs, *ratios, *days]


def weighed_together(weighed):
    ordered = sorted(weighed)
    return Ratios(array("d", [value for value, _ in ordered]), [weight for _, weight in ordered])


@given(st.lists(st.tuples(st.integers(0, 9), st.floats(0.01, 1))), st.integers(-1, 10))
def test_what_lies_above_a_value_is_the_sum_of_it(weighed, value):
    ratios = weighed_together(weighed)

    assert ratios.above(value) == pytest.approx(sum(weight for other, weight in weighed if other > value))
    assert ratios.weight == pytest.approx(sum(weight for _, weight in weighed))


def test_the_middle_is_where_half_of_the_weight_lies_above():
    assert weighed_together([(1, 1), (2, 1), (9, 1)]).middle == 2
    assert weighed_together([(1, 1), (2, 1), (9, 5)]).middle == 9
    assert weighed_together([]).middle is None


# Streaming


@given(st.lists(jobs, max_size=15))
def test_jobs_that_come_one_by_one_are_the_record_built_at_once(known):
    one_by_one = TrackRecord()

    for number, job in enumerate(known):
        if job.is_open:
            one_by_one.begin(number, job)
        else:
            one_by_one.add(job)
        answers(one_by_one)

    assert answers(one_by_one) == answers(TrackRecord(known))


@given(st.lists(jobs, max_size=15))
def test_owners_who_are_read_say_what_they_say_among_the_firms_jobs(known):
    """Of what was read the figures alone are kept."""
    read = TrackRecord(known, lambda owner: [job for job in known if job.owner == owner])

    assert answers(read) == answers(TrackRecord(known))


def test_a_record_longer_than_what_is_read_is_that_of_its_latest_jobs():
    finished = random_jobs(1, FIRM_JOBS_READ + OWNER_JOBS_READ)
    one_by_one = TrackRecord()

    for job in finished:
        one_by_one.add(job)

    assert answers(one_by_one) == answers(TrackRecord(finished))
    assert one_by_one.jobs == FIRM_JOBS_READ


def test_a_job_that_was_begun_is_finished_in_its_place():
    first, second = replace(A_DAYS_WORK, actual=60), A_DAYS_WORK
    record = TrackRecord()

    record.begin("first", replace(IN_HAND, days=0))
    record.add(second)
    record.add(first, "first")

    assert answers(record) == answers(TrackRecord([first, second]))


def test_the_days_of_a_job_in_hand_are_counted_as_time_passes():
    record = TrackRecord()
    record.at(1000)
    record.begin("job", replace(IN_HAND, days=2))
    answers(record)

    record.at(1007)

    assert answers(record) == answers(TrackRecord([replace(IN_HAND, days=9)]))


def test_a_job_that_is_begun_again_has_its_days_counted_anew():
    record = TrackRecord()
    record.begin("job", replace(IN_HAND, days=2))
    answers(record)

    record.begin("job", replace(IN_HAND, days=5))

    assert answers(record) == answers(TrackRecord([replace(IN_HAND, days=5)]))


def test_a_job_that_is_dropped_says_nothing_more():
    record = TrackRecord()
    record.begin("job", replace(IN_HAND, days=50))
    assert answers(record) != answers(TrackRecord())

    record.drop("job")
    record.drop("unheard of")

    assert answers(record) == answers(TrackRecord())


def test_an_owner_is_read_once_and_only_when_asked_for():
    asked = []

    def of_owner(owner):
        asked.append(owner)
        return [A_DAYS_WORK]

    record = TrackRecord([A_DAYS_WORK] * 3, of_owner)
    assert asked == []

    record.ratios("mara", "report", HOURS)
    record.days("mara", "report", SIZE)
    record.days("mara", "letter", None)

    assert asked == ["mara"]
    assert record.jobs == 3


# What counts how much


def test_a_job_counts_half_after_as_many_as_the_half_life():
    old, new = replace(A_DAYS_WORK, actual=60), A_DAYS_WORK
    own, _ = TrackRecord([old, *[new] * OWNER_HALF_LIFE]).ratios("mara", "report", HOURS)

    assert own.above(5) == pytest.approx(0.5)


def test_owners_are_told_apart():
    record = TrackRecord([replace(A_DAYS_WORK, actual=60), replace(A_DAYS_WORK, owner="sam")])

    assert [record.ratios(owner, "report", HOURS)[0].above(5) for owner in ("mara", "sam", "lin")] == [1, 0, 0]


@pytest.mark.parametrize("other", [{"kind": "letter"}, {"estimate": 60, "actual": 60}])
def test_a_job_of_another_kind_or_size_counts_less(other):
    alike, unlike = TrackRecord([A_DAYS_WORK]), TrackRecord([replace(A_DAYS_WORK, **other)])

    assert unlike.ratios("mara", "report", HOURS)[0].weight < 0.3 * alike.ratios("mara", "report", HOURS)[0].weight
    assert unlike.days("mara", "report", SIZE).own < 0.3 * alike.days("mara", "report", SIZE).own


def test_kinds_are_not_told_apart_where_nobody_said_of_what_kind_it_is():
    record = TrackRecord([A_DAYS_WORK, replace(A_DAYS_WORK, kind="letter"), replace(A_DAYS_WORK, kind="")])

    assert record.ratios("lin", "", HOURS)[1].weight == 3
    assert record.ratios("lin", "report", HOURS)[1].weight == pytest.approx(1.4)


@pytest.mark.parametrize(
    "unknown", [{"estimate": None}, {"estimate": 0.0}, {"actual": None}, {"estimate": -1.0}, {"days": None}]
)
def test_what_nobody_knows_of_a_job_is_left_out(unknown):
    record = TrackRecord([replace(A_DAYS_WORK, **unknown)])

    assert record.ratios("mara", "report", None)[0].weight == (1 if "days" in unknown else 0)
    assert (
        record.days("mara", "report", None).share_beyond(1, 0) < TrackRecord().days("", "", None).share_beyond(1, 0)
    ) == ("days" not in unknown)


def test_few_jobs_are_no_record():
    assert not TrackRecord([A_DAYS_WORK] * (JOBS_ENOUGH - 1)).is_enough
    assert not TrackRecord([IN_HAND] * JOBS_ENOUGH).is_enough
    assert TrackRecord([A_DAYS_WORK] * JOBS_ENOUGH).is_enough


@pytest.mark.parametrize(("estimate", "hours_a_day"), [(None, 6), (0, 6), (-1, 6), (6, 0)])
def test_a_job_without_hours_has_no_size(estimate, hours_a_day):
    assert size_of(estimate, hours_a_day) is None


# Working days


def test_without_any_job_it_is_what_other_firms_took():
    days = TrackRecord().days("mara", "report", SIZE)

    assert days.middle == OTHERS_MIDDLE
    assert days.share_beyond(10, 3) > days.share_beyond(20, 3) > 0


def test_a_larger_job_takes_longer_in_other_firms():
    record = TrackRecord()

    chances = [record.days("mara", "report", size_of(hours, 6)).share_beyond(5, 0) for hours in (1, 6, 30, 200)]

    assert chances == sorted(chances)


def test_jobs_in_hand_show_that_it_can_take_longer():
    finished = [replace(A_DAYS_WORK, days=2)] * 20
    without = TrackRecord(finished).days("mara", "report", SIZE)
    with_them = TrackRecord([*finished, *[replace(IN_HAND, days=9)] * 20]).days("mara", "report", SIZE)

    assert without.share_beyond(5, 0) < 0.15
    assert 0.4 < with_them.share_beyond(5, 0) < 0.6
    # None of them was finished on its ninth day: that is as far as it has come.
    assert with_them.share_beyond(9, 8) > 0.9


def test_a_job_begun_today_says_nothing_yet():
    finished = [replace(A_DAYS_WORK, days=2)] * 20
    record = TrackRecord([*finished, replace(IN_HAND, owner="sam", days=0)])

    assert record.days("mara", "report", SIZE).share_beyond(5, 0) == pytest.approx(
        TrackRecord(finished).days("mara", "report", SIZE).share_beyond(5, 0)
    )


@given(st.lists(jobs, max_size=20), st.integers(0, 400), st.integers(0, 400), st.integers(0, 400))
def test_more_days_are_never_worse_however_many(known, gone, one, other):
    days = TrackRecord(known).days("mara", "report", SIZE)
    less, more = sorted([one, other])

    assert 0 <= days.share_beyond(gone + more, gone) <= days.share_beyond(gone + less, gone) <= 1


def test_beyond_the_longest_the_tail_goes_on_falling():
    days = TrackRecord([A_DAYS_WORK] * 5).days("mara", "report", SIZE)

    shares = [days.share_beyond(day, LONGEST - 1) for day in range(LONGEST - 1, LONGEST + 5)]

    assert shares == sorted(set(shares), reverse=True)
