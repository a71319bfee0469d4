"""A date moves by an agreed extension, and by nothing else."""

from datetime import timedelta

import pytest

from conftest import DAY, HOUR, NOW
from promises import actions
from promises.due import due_for
from promises.models import DateMove, Extension, Promise

SECOND = timedelta(seconds=1)


@pytest.fixture
def ask(karoo, firm, thandi):
    def make(promise, days=3, now=NOW, **fields):
        due = due_for(karoo, firm, promise.first_due_on + days * DAY, None)
        said = {"reason": "more_work", "reason_text": " A wall. ", "asked_by": "us", "by": thandi} | fields
        return actions.extend(promise, due, now=now, **said)

    return make


@pytest.fixture
def answer(thandi):
    def give(extension, agreed=True, at=NOW):
        return actions.answer(extension, agreed=agreed, answered_at=at, by=thandi, now=at)

    return give


def fresh(promise):
    return Promise.objects.get(pk=promise.pk)


def test_asking_moves_nothing(make_promise, ask):
    promise = make_promise()

    ask(promise)

    assert (fresh(promise).due_at, fresh(promise).moves, DateMove.objects.count()) == (promise.due_at, 0, 0)


def test_agreement_moves_the_date_and_leaves_the_first_one(make_promise, ask, answer):
    promise = make_promise()
    asked = ask(promise)

    answer(asked)

    moved = fresh(promise)
    assert (moved.due_at, moved.moves, moved.first_due_at) == (asked.new_due_at, 1, promise.due_at)
    assert promise.tell_by_at < moved.tell_by_at < moved.due_at
    assert (moved.told_at, moved.alarm_at, moved.next_look_at) == (None, None, NOW)
    assert DateMove.objects.get().told_at == NOW


def test_a_refusal_leaves_the_date(make_promise, ask, answer):
    promise = make_promise()

    answer(ask(promise), agreed=False)

    assert fresh(promise).due_at == promise.due_at


def test_an_answer_is_given_once(make_promise, ask, answer):
    asked = ask(make_promise())
    answer(asked, agreed=False)

    with pytest.raises(actions.Refused, match="recorded already"):
        answer(asked)


def test_an_older_question_is_closed_by_the_move_of_a_newer_one(make_promise, ask, answer):
    promise = make_promise()
    older, newer = ask(promise, days=3), ask(promise, days=5)
    assert older.is_open

    answer(newer)

    assert not Extension.objects.get(pk=older.pk).is_open
    with pytest.raises(actions.Refused, match="has moved"):
        answer(older)
    assert fresh(promise).due_at == newer.new_due_at


def test_a_second_extension_starts_from_the_date_in_force(make_promise, ask, answer):
    promise = make_promise()
    answer(ask(promise, days=3))
    answer(ask(fresh(promise), days=7), at=NOW + HOUR)

    moves = list(DateMove.objects.order_by("moved_at"))
    assert [move.old_due_at for move in moves] == [promise.due_at, moves[0].new_due_at]
    assert (fresh(promise).moves, fresh(promise).first_due_at) == (2, promise.due_at)


def test_the_date_in_force_is_no_new_date(make_promise, ask):
    with pytest.raises(actions.Refused, match="another date"):
        ask(make_promise(), days=0)


@pytest.mark.parametrize(("seconds", "is_refused"), [(-1, False), (0, True), (1, True)])
def test_a_new_date_lies_ahead(make_promise, ask, seconds, is_refused):
    promise = make_promise()
    new = promise.due_at + 3 * DAY

    if is_refused:
        with pytest.raises(actions.Refused, match="in the future"):
            ask(promise, now=new + seconds * SECOND)
    else:
        assert ask(promise, now=new + seconds * SECOND).new_due_at == new


def test_an_answer_of_tomorrow_is_refused(make_promise, ask, thandi):
    asked = ask(make_promise())

    with pytest.raises(actions.Refused, match="after it was given"):
        actions.answer(asked, agreed=True, answered_at=NOW + SECOND, by=thandi, now=NOW)


def test_an_ended_promise_is_not_extended(make_promise, ask, thandi):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)

    with pytest.raises(actions.Refused, match="has ended"):
        ask(promise)


def test_a_pause_moves_no_date(make_promise, thandi):
    promise = make_promise()

    actions.wait_for_client(promise, "Their keys", None, thandi, NOW)
    actions.stop_waiting(promise, thandi, NOW + 2 * DAY)

    assert (fresh(promise).due_at, fresh(promise).tell_by_at) == (promise.due_at, promise.tell_by_at)


def test_each_step_stands_in_the_record(make_promise, ask, answer, karoo):
    promise = make_promise()
    answer(ask(promise))

    entries = list(karoo.record.about(promise.record_subject).order_by("seq"))
    assert [entry.kind for entry in entries] == ["made", "extension_asked", "extension_agreed"]
    assert entries[1].data["reason_text"] == "A wall."
