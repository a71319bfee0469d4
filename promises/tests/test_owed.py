"""What people have open is read as arrays on PostgreSQL and as rows on SQLite: both come to the same."""

from datetime import timedelta
from decimal import Decimal

import pytest

from conftest import DAY, NOW
from promises import actions
from promises.load import Load
from promises.models import Promise
from promises.owed import IN_HAND_READ, InHand, _rows, owed_of, read_open

LEFT = [
    {},
    {"estimate_hours": Decimal("0.07")},
    {"estimate_hours": Decimal("7.31"), "per_cent": 29},
    {"estimate_hours": Decimal("7.31"), "per_cent": 100},
    {"estimate_hours": Decimal("7.31"), "hours_left": Decimal("9.9")},
    {"hours_left": Decimal(0)},
    {"per_cent": 40},
    {"estimate_hours": Decimal(3), "standing": "done"},
]


@pytest.fixture
def owed(make_promise, thandi, sam):
    """Of two people: at one instant and at others, with and without hours; of one nobody knows when it was made."""
    for owner in (thandi, sam):
        for number, fields in enumerate(LEFT):
            # Two at each instant, the later made the earlier due.
            due_on, made_at = NOW.date() + (9 - number // 2) * DAY, NOW - 5 * DAY + timedelta(microseconds=number)
            promise = make_promise(owner=owner, due_on=due_on, made_at=made_at)
            Promise.objects.filter(pk=promise.pk).update(**fields)
    Promise.objects.filter(pk=promise.pk).update(made_at=None)
    actions.withdraw(make_promise(owner=sam), reason="No longer needed", agreed_by="Lena", by=sam, now=NOW)


def columns(load):
    return [list(column) for column in (load._dues, load._pks, load._hours, load._before, load._unknown)]


@pytest.mark.parametrize("many", [0, 3])
def test_each_owners_is_what_its_rows_say(owed, thandi, sam, mara, many, monkeypatch):
    monkeypatch.setattr("promises.owed.MANY_OWNERS", many)
    monkeypatch.setattr("promises.owed.OWNERS_AT_ONCE", 2)
    names = ("due_at", "pk", "estimate_hours", "hours_left", "per_cent", "standing")
    read = dict(read_open([thandi.pk, sam.pk, mara.pk]))
    assert sorted(read) == sorted([thandi.pk, sam.pk, mara.pk])
    for owner, found in read.items():
        theirs = Promise.objects.open().filter(owner=owner)
        load = Load([owed_of(*row) for row in theirs.values_list(*names)], 4.0)
        latest = theirs.exclude(made_at=None).order_by("-pk").values_list("made_at", "estimate_hours", "first_due_at")

        assert columns(found.load) == columns(load)
        assert found.in_hand == [InHand(made, estimate and float(estimate), due) for made, estimate, due in latest]


def test_arrays_and_rows_are_one(owed, thandi, sam):
    arrays, rows = dict(read_open([thandi.pk, sam.pk])), dict(_rows([thandi.pk, sam.pk], True))

    for owner in (thandi.pk, sam.pk):
        assert columns(arrays[owner].load) == columns(rows[owner].load)
        assert arrays[owner].in_hand == rows[owner].in_hand
        assert len(rows[owner].load) == len(LEFT)


def test_only_the_latest_are_taken_for_jobs_in_hand(make_promise, thandi):
    made = [make_promise(made_at=NOW - number * timedelta(minutes=1)) for number in range(IN_HAND_READ + 2)]

    [(_owner, found)] = read_open([thandi.pk])

    assert [one.made_at for one in found.in_hand] == [one.made_at for one in reversed(made[2:])]
    assert len(found.load) == len(made)


@pytest.mark.parametrize("how_many", [1, 3])
def test_many_are_read_in_one_question(make_promise, make_person, mara, how_many, django_assert_num_queries):
    people = [make_person(f"P{number} Person") for number in range(how_many)]
    for person in people:
        make_promise(owner=person)

    with django_assert_num_queries(1):
        assert [len(found.load) for _owner, found in read_open([person.pk for person in people])] == [1] * how_many
