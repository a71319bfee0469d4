from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from promises.load import Earlier, Load, Owed

START = datetime(2026, 11, 18, 9, tzinfo=UTC)
SUPPOSED = 4.0


def day(number):
    return START + timedelta(days=number)


owed = st.lists(st.tuples(st.integers(0, 9), st.none() | st.integers(0, 40).map(float)), max_size=30).map(
    lambda rows: [Owed(day(due), pk, hours) for pk, (due, hours) in enumerate(rows)]
)


def counted(rows):
    known = [SUPPOSED if row.hours is None else row.hours for row in rows]
    return Earlier(sum(known), len(rows), sum(row.hours is None for row in rows))


def test_only_what_is_due_earlier_comes_first():
    load = Load([Owed(day(3), 1, 5.0), Owed(day(1), 2, 2.0), Owed(day(9), 3, 8.0)], SUPPOSED)

    assert load.before(day(3), 1) == Earlier(2.0, 1, 0)


def test_what_is_due_later_is_summed_up_to_each_moment():
    load = Load([Owed(day(1), 1, 2.0), Owed(day(3), 2, 5.0), Owed(day(3), 3, None), Owed(day(9), 4, 8.0)], SUPPOSED)

    assert load.after(day(1)) == [(day(3), 11.0), (day(9), 19.0)]
    assert load.after(day(9)) == []
    assert (load.hours_of(2), load.hours_of(3), load.hours_of(99)) == (5.0, SUPPOSED, 0.0)


def test_a_new_promise_comes_after_what_is_due_at_the_same_moment():
    load = Load([Owed(day(3), 1, 5.0), Owed(day(1), 2, 2.0)], SUPPOSED)

    assert load.before(day(3)) == Earlier(7.0, 2, 0)


def test_a_promise_without_an_estimate_is_counted_and_not_taken_as_nothing():
    load = Load([Owed(day(1), 1, None), Owed(day(2), 2, 3.0)], SUPPOSED)

    assert load.before(day(5)) == Earlier(7.0, 2, 1)


@given(owed, st.integers(0, 9), st.integers(0, 30))
def test_sums_made_ahead_are_those_added_up_one_by_one(rows, due, pk):
    assert Load(rows, SUPPOSED).before(day(due), pk) == counted([row for row in rows if row[:2] < (day(due), pk)])


@given(owed, st.integers(0, 9), st.integers(0, 30))
def test_a_promise_that_moves_is_not_in_its_own_way(rows, due, pk):
    others = [row for row in rows if row.pk != pk and row.due_at <= day(due)]

    assert Load(rows, SUPPOSED).without(pk, day(due)) == counted(others)
