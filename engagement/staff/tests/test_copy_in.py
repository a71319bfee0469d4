"""Many rows at once come in as they were, whatever stands in them, on both databases."""

from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from conftest import DAY, NOW
from engagement.staff.copy_in import copy_in, keys_ahead
from engagement.staff.models import Absence, User, WorkingWeek

pytestmark = pytest.mark.django_db

ODD = ["", "\\N", "\\", "\\.", "\\n", "a\tb", "a\nb", "a\r\nb", "NULL", "'\"", "{1,2}", "%s %(x)s", "Ünï 😀", " a "]
PERSON = ("id", "email", "name", "manager_id", "next_digest_at", "invited_at", "digest_time")
SAME = {"title": "", "phone": "", "zone": "UTC", "language": "en", "password": "", "joined_at": NOW}
ALWAYS = SAME | {"role": "staff", "single_keys": False, "is_active": True}


def test_texts_come_in_as_they_were(thandi):
    rows = [(note, NOW.date() + number * DAY) for number, note in enumerate(ODD)]

    copy_in(Absence, ("note", "first_day"), rows, last_day=NOW.date() + 99 * DAY, user_id=thandi.pk, cover_id=None)

    kept = Absence.objects.order_by("first_day")
    assert [(one.note, one.first_day) for one in kept] == rows
    assert {(one.user_id, one.cover_id) for one in kept} == {(thandi.pk, None)}


def test_what_is_missing_stays_missing_beside_what_is_there(mara):
    moment = datetime(2026, 11, 18, 9, 0, 0, 123456, tzinfo=UTC)
    keys = keys_ahead(User, 3)
    rows = [
        (keys[0], "a@word.example", "A", None, None, moment, time(7, 30)),
        (keys[1], "b@word.example", "B", mara.pk, moment, None, time(8)),
        (keys[2], "c@word.example", "C", None, None, None, time(23, 59, 59)),
    ]

    copy_in(User, PERSON, rows, **ALWAYS)

    assert list(User.objects.filter(pk__in=keys).order_by("pk").values_list(*PERSON)) == rows
    assert set(User.objects.filter(pk__in=keys).values_list("single_keys", "is_active")) == {(False, True)}


def test_figures_and_what_is_kept_as_json_come_in_as_they_were(thandi):
    hours = {"mon": [["08:00", "17:00"]], "odd": ["\\N", "a\tb", 'say "no"', None]}
    rows = [(NOW.date(), hours, Decimal("0.05")), (NOW.date() + DAY, {}, Decimal("1.00"))]

    copy_in(WorkingWeek, ("valid_from", "hours", "share"), rows, user_id=thandi.pk)

    assert list(WorkingWeek.objects.order_by("valid_from").values_list("valid_from", "hours", "share")) == rows


def test_keys_that_were_reserved_are_nobody_elses(mara):
    keys = keys_ahead(User, 2)
    rows = [(key, f"{key}@word.example", "Name", None, None, None, time(8)) for key in keys]

    copy_in(User, PERSON, rows, **ALWAYS)
    later = User.objects.create(email="later@word.example", name="Later")

    assert len({mara.pk, *keys, later.pk}) == 4


def test_what_the_database_refuses_leaves_nothing_of_the_others(thandi):
    rows = [(NOW.date(), NOW.date()), (NOW.date(), NOW.date() - DAY)]

    with pytest.raises(DatabaseError), transaction.atomic():
        copy_in(Absence, ("first_day", "last_day"), rows, note="", user_id=thandi.pk, cover_id=None)

    assert not Absence.objects.exists()


def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        copy_in(Absence, ("note",), [])
