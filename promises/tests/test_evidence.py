"""A date that an addendum moved behind our back, and a decision that nobody took, are found and named."""

from datetime import date, timedelta

import pytest
from django.db import connection

from clients import evidence
from clients.models import Renewal
from clients.tests.agreements import addendum_to, send, sign, signed
from conftest import DAY, HOUR, NOW
from promises import actions
from promises.actions.addenda import choose_dates
from promises.actions.agreeing import Written
from promises.actions.renewing import decide
from promises.due import due_for
from promises.models import AddendumMove, DateMove, Promise

TABLES = ("promises_addendummove", "promises_datemove", "promises_promise")


@pytest.fixture
def moved(karoo, firm, lena, thandi, make_promise, time_machine):
    """Two dates moved by an addendum that both sides signed; the third ended before that."""
    time_machine.move_to(NOW, tick=False)
    promises = [make_promise(f"Drawing {number}") for number in (1, 2, 3)]
    addendum = addendum_to(signed(karoo, lena, thandi), thandi, [])
    due = due_for(karoo, firm, date(2026, 11, 27), None)
    choose_dates(addendum, {promise.pk: due for promise in promises}, by=thandi, now=NOW)
    version = send(addendum.agreement, lena, thandi)
    actions.deliver(promises[2], delivered_at=NOW, by=thandi, now=NOW)
    sign(addendum.agreement, version, NOW + HOUR)
    return promises


def faults(client):
    client.refresh_from_db()
    return list(evidence.verify(client))


def unguarded(act):
    """Somebody with the database in their hands switches every trigger off."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            act()
            for table in TABLES:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            return
        cursor.execute("SELECT name, sql, tbl_name FROM sqlite_master WHERE type = 'trigger'")
        triggers = [(name, sql) for name, sql, table in cursor.fetchall() if table in TABLES]
        assert triggers
        for name, _sql in triggers:
            cursor.execute(f"DROP TRIGGER {name}")
        act()
        for _name, sql in triggers:
            cursor.execute(sql)


def test_what_nobody_touched_holds(moved, karoo):
    assert DateMove.objects.count() == 2
    assert faults(karoo) == []


CHOSEN = "is not the one that the record says was chosen"
MOVED = "did not move as the record says"
FOLLOW = "do not follow from one another"


@pytest.mark.parametrize(
    ("model", "change", "named"),
    [
        (AddendumMove, {"new_due_on": date(2026, 12, 24)}, CHOSEN),
        (AddendumMove, {"new_due_at": NOW + 20 * DAY}, CHOSEN),
        (AddendumMove, {"old_due_on": date(2026, 11, 1)}, CHOSEN),
        (AddendumMove, None, CHOSEN),
        (DateMove, {"new_due_on": date(2026, 12, 24)}, MOVED),
        (DateMove, {"new_due_at": NOW + 20 * DAY}, MOVED),
        (DateMove, {"old_due_on": date(2026, 11, 1)}, MOVED),
        (DateMove, {"old_due_at": NOW + timedelta(1)}, FOLLOW),
        (DateMove, {"told_at": NOW - DAY}, MOVED),
        (DateMove, {"moved_at": NOW - DAY}, MOVED),
        (DateMove, None, MOVED),
        (Promise, {"due_at": NOW + 20 * DAY}, FOLLOW),
        (Promise, {"first_due_at": NOW + DAY}, FOLLOW),
    ],
)
def test_a_date_that_was_not_signed_is_named(moved, karoo, model, change, named):
    whose = {"pk": moved[0].pk} if model is Promise else {"promise": moved[0]}
    rows = model.objects.filter(**whose)

    unguarded(lambda: rows.update(**change) if change else rows._raw_delete("default"))

    assert any(named in fault and f"promise {moved[0].pk} " in fault for fault in faults(karoo)), faults(karoo)


def test_a_decision_holds_as_it_was_taken(karoo, lena, thandi):
    scope = signed(karoo, lena, thandi)
    words = Written(contact=lena, subject="Next year", body="Again next year?", occasion="renewal 1")

    decide(scope, "renew", why="Good people.", words=words, by=thandi, now=NOW + HOUR)

    assert Renewal.objects.count() == 1
    assert faults(karoo) == []
