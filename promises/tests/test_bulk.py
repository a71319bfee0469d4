"""Many rows written in one statement hold what was given, to the last sign."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from conftest import NOW
from promises.bulk import Besides, Needed, _array_of, among, update_rows, update_unchanged
from promises.models import Band, Promise, RiskReading

WORDS = [
    "",
    "NULL",
    "{}",
    '{"a","b"}',
    'She said "soon", and left',
    "C:\\new\\folder\\",
    '\\"',
    "it's 100 %, %s and %(name)s",
    "one, two",
    " leading and trailing ",
    "a line\nand another\r\n\ttab",
    "Łódź, 東京, 🙂",
    "$1 ; DROP TABLE promises_promise; --",
]
NAMES = ("sentence", "chance", "alarm_at")


def values():
    """Each of the words, with a number and a moment that are easily cut short, or without."""
    chances = [None, 0.1 + 0.2, 1e-17, 0.0]
    moments = [None, NOW + timedelta(microseconds=1)]
    return [
        (words, chances[number % len(chances)], moments[number % len(moments)]) for number, words in enumerate(WORDS)
    ]


@pytest.fixture
def rows(make_promise):
    return [(make_promise(), value) for value in values()]


def test_updated_rows_hold_what_was_given(rows):
    update_rows(Promise, NAMES, [(*value, promise.pk) for promise, value in rows])

    assert held() == values()


def test_rows_that_nobody_changed_hold_what_was_given_and_so_do_those_beside_them(rows):
    given = [(*value, promise.next_look_at, promise.pk) for promise, value in rows]
    readings = [(promise.pk, number) for number, (promise, _value) in enumerate(rows)]
    shared, same = {"sentence": "sentence", "due_at": "due_at"}, {"at": NOW, "band": 'a"\\b', "chance": 0.1 + 0.2}
    beside = Besides(RiskReading, ("promise", "days_left"), readings, shared, same)

    assert update_unchanged(Promise, NAMES, "next_look_at", given, [beside]) == len(rows)

    assert held() == values()
    written = RiskReading.objects.order_by("promise").values_list("days_left", "sentence", "band", "chance")
    assert list(written) == [(number, words, 'a"\\b', 0.1 + 0.2) for number, words in enumerate(WORDS)]


@pytest.mark.parametrize(("number", "written"), [(2, True), (3, False), (1, False)])
def test_nothing_is_written_unless_all_that_is_needed_is_there(make_promise, number, written):
    promise, *others = [make_promise() for _three in range(3)]
    same = {"at": NOW, "band": "watch", "chance": 0.5, "sentence": "Then."}
    given = [("Now.", 0.5, NOW, promise.next_look_at, promise.pk)]
    beside = Besides(RiskReading, ("promise", "days_left"), [(promise.pk, 7)], {"due_at": "due_at"}, same)
    needed = Needed(Promise.objects.filter(pk__in=among([one.pk for one in others])), number)

    assert update_unchanged(Promise, NAMES, "next_look_at", given, [beside], needed) == int(written)

    promise.refresh_from_db()
    assert (promise.sentence, RiskReading.objects.count()) == (("Now.", 1) if written else ("", 0))


def test_whatever_a_reference_holds_it_is_found(rows):
    references = [f"{words}-{number}" for number, words in enumerate(WORDS)]
    for (promise, _value), reference in zip(rows, references, strict=True):
        Promise.objects.filter(pk=promise.pk).update(reference=reference)

    found = Promise.objects.filter(reference__in=among([*references, "not here"], "text"))

    assert sorted(found.values_list("reference", flat=True)) == sorted(references)


@pytest.mark.servers
@pytest.mark.parametrize(
    ("kind", "given", "read"),
    [
        ("boolean", [True, None, False], [True, None, False]),
        ("bigint", [None, -7, 2**62], [None, -7, 2**62]),
        ("numeric", [Decimal("0.10"), None, Decimal("1E+3")], [Decimal("0.10"), None, Decimal(1000)]),
        ("date", [date(2028, 2, 29), None], [date(2028, 2, 29), None]),
        ("timestamptz", [NOW + timedelta(microseconds=1), None], [NOW + timedelta(microseconds=1), None]),
        ("text", [None, "NULL", "", Band.AT_RISK, *WORDS], [None, "NULL", "", "at_risk", *WORDS]),
    ],
)
def test_whatever_a_column_holds_is_read_as_it_was(db, kind, given, read):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT unnest(%s::{kind}[])", [_array_of(given)])

        assert [value for (value,) in cursor.fetchall()] == read


def held():
    return list(Promise.objects.order_by("pk").values_list(*NAMES))
