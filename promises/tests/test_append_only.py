import pytest
from django.db import DatabaseError, transaction

from clients.models import Entry
from conftest import DAY, NOW
from promises import actions
from promises.due import due_for
from promises.models import CapacityOverride, DateMove, Extension, ExtensionAnswer, ProgressUpdate, Promise, Telling


@pytest.fixture
def one_of_each(make_promise, karoo, lena, thandi, firm):
    promise = make_promise()
    actions.update(promise, standing="may_be_late", by=thandi, now=NOW)
    CapacityOverride.objects.create(
        promise=promise, due_at=promise.due_at, free_hours=5, chance=0.7, reason="They asked.", by=thandi, at=NOW
    )
    (telling,) = actions.record_conversation(
        [actions.Said(promise, Telling.Kind.MOVED)],
        client=karoo,
        contact=lena,
        channel="call",
        spoken_at=NOW,
        text="Two days more.",
        by=thandi,
        now=NOW,
    )
    later = due_for(karoo, firm, promise.due_on + 4 * DAY, None)
    extension = actions.extend(
        promise, later, reason="more_work", reason_text="A wall.", asked_by="us", by=thandi, now=NOW, telling=telling
    )
    actions.answer(extension, agreed=True, answered_at=NOW, by=thandi, now=NOW)
    return promise


@pytest.mark.parametrize(
    "model", [Entry, ProgressUpdate, Telling, Extension, ExtensionAnswer, DateMove, CapacityOverride]
)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_what_may_be_disputed_can_be_neither_changed_nor_removed(one_of_each, model, verb):
    rows = model.objects.all()
    assert rows.exists()

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        rows.update(by=None) if verb == "update" else rows._raw_delete(rows.db)

    assert rows.exists()


def test_the_first_date_never_changes(make_promise):
    promise = make_promise()

    with pytest.raises(DatabaseError, match="never changes"), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(first_due_at=promise.first_due_at + DAY)


def test_a_date_does_not_move_without_a_recorded_move(make_promise):
    promise = make_promise()

    with pytest.raises(DatabaseError, match="recorded move"), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(due_at=promise.due_at + DAY, moves=1)


def test_an_outcome_is_frozen(make_promise, thandi):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    with pytest.raises(DatabaseError, match="frozen"), transaction.atomic():
        Promise.objects.filter(pk=promise.pk).update(outcome="late_silent")
