from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from promises import actions
from promises.actions.ending import result_of
from promises.due import due_for
from promises.models import Telling
from promises.outcome import KEPT, KEPT_LATER, LATE_SILENT, LATE_TOLD, DateInForce, Result, outcome

THERE = ZoneInfo("Africa/Johannesburg")
SECOND = timedelta(seconds=1)
BEST_FIRST = [KEPT, KEPT_LATER, LATE_TOLD, LATE_SILENT]


def at(day, hour=17, minute=0):
    return datetime.combine(date(2026, 11, day), time(hour, minute), tzinfo=THERE)


def on(day, moved_told_at=None):
    """A date in force: that day of November, five o'clock."""
    return DateInForce(date(2026, 11, day), at(day), moved_told_at)


# The table of design.md, row by row: dates in force, tellings (about, heard), end, what it is called.
TABLE = {
    "on the first date": ([on(10)], [], at(10, 9), Result(KEPT, 0, 0)),
    "days early": ([on(10)], [], at(7, 9), Result(KEPT, 3, 0)),
    "in the last minute of the first day": ([on(10)], [], at(10, 23, 59), Result(KEPT, 0, 0)),
    "in the first minute of the next day": ([on(10)], [], at(11, 0, 0), Result(LATE_SILENT, 0, 1)),
    "told before, late": ([on(10)], [(at(10), at(9))], at(12), Result(LATE_TOLD, 0, 2)),
    "told at the very instant": ([on(10)], [(at(10), at(10))], at(12), Result(LATE_SILENT, 0, 2)),
    "told a second before": ([on(10)], [(at(10), at(10) - SECOND)], at(12), Result(LATE_TOLD, 0, 2)),
    "told after the date": ([on(10)], [(at(10), at(11))], at(12), Result(LATE_SILENT, 0, 2)),
    "told about another date": ([on(10)], [(at(14), at(9))], at(12), Result(LATE_SILENT, 0, 2)),
    "moved in time, kept": ([on(10, at(9)), on(14)], [], at(14, 20), Result(KEPT_LATER, 0, 0)),
    "moved in time, still by the first date": ([on(10, at(9)), on(14)], [], at(10, 8), Result(KEPT, 0, 0)),
    "moved twice in time, kept": ([on(10, at(9)), on(14, at(13)), on(18)], [], at(17), Result(KEPT_LATER, 0, 0)),
    "moved in time, late, told again": (
        [on(10, at(9)), on(14)],
        [(at(14), at(13))],
        at(15),
        Result(LATE_TOLD, 0, 1),
    ),
    "moved in time, late, not told again": (
        [on(10, at(9)), on(14)],
        [(at(10), at(9))],
        at(15),
        Result(LATE_SILENT, 0, 1),
    ),
    "asked after the date had passed: the miss stands": (
        [on(10, at(11)), on(14)],
        [],
        at(14),
        Result(LATE_SILENT, 0, 0),
    ),
    "asked after, but told before": (
        [on(10, at(11)), on(14)],
        [(at(10), at(9))],
        at(14),
        Result(LATE_TOLD, 0, 0),
    ),
    "moved without a word": ([on(10), on(14)], [], at(14), Result(LATE_SILENT, 0, 0)),
    "the second of two moves came too late": (
        [on(10, at(9)), on(14, at(15)), on(18)],
        [],
        at(16),
        Result(LATE_SILENT, 0, 0),
    ),
    "two misses, one of them told": (
        [on(10, at(11)), on(14)],
        [(at(14), at(13))],
        at(16),
        Result(LATE_SILENT, 0, 2),
    ),
    "two misses, both told": (
        [on(10, at(11)), on(14)],
        [(at(10), at(9)), (at(14), at(13))],
        at(16),
        Result(LATE_TOLD, 0, 2),
    ),
}


@pytest.mark.parametrize("row", TABLE)
def test_the_outcome_is_the_one_of_the_table(row):
    dates, tellings, ended_at, expected = TABLE[row]

    assert outcome(dates, tellings, ended_at, THERE) == expected


def test_days_are_the_clients_days():
    half_past_eleven_at_night = at(10, 23, 30).astimezone(UTC)

    assert outcome([on(10)], [], half_past_eleven_at_night, THERE).outcome == KEPT
    assert outcome([on(10)], [], half_past_eleven_at_night, ZoneInfo("Pacific/Auckland")).outcome == LATE_SILENT


@st.composite
def histories(draw):
    days = sorted(draw(st.lists(st.integers(2, 20), min_size=1, max_size=4, unique=True)))
    moments = st.integers(24, 30 * 24 - 1).map(lambda hour: at(1, 0) + hour * HOUR)
    dates = [on(day, draw(st.none() | moments)) for day in days[:-1]] + [on(days[-1])]
    tellings = draw(st.lists(st.tuples(st.sampled_from([date_.at for date_ in dates]), moments), max_size=4))
    return dates, tellings, draw(moments)


@given(histories(), st.randoms(use_true_random=False))
def test_telling_less_never_makes_it_look_better(history, chance):
    dates, tellings, ended_at = history
    fewer = [telling for telling in tellings if chance.random() < 0.5]
    silent = [replace(date_, moved_told_at=None) if chance.random() < 0.5 else date_ for date_ in dates]

    more_told = outcome(dates, tellings, ended_at, THERE)
    less_told = outcome(silent, fewer, ended_at, THERE)

    assert BEST_FIRST.index(less_told.outcome) >= BEST_FIRST.index(more_told.outcome)
    assert (less_told.days_early, less_told.days_late) == (more_told.days_early, more_told.days_late)


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_tellings_changes_nothing(history, chance):
    dates, tellings, ended_at = history
    shuffled = chance.sample(tellings, len(tellings))

    assert outcome(dates, shuffled, ended_at, THERE) == outcome(dates, tellings, ended_at, THERE)


@given(histories(), st.integers(1, 400))
def test_ending_later_is_never_better(history, hours):
    dates, tellings, ended_at = history

    sooner = outcome(dates, tellings, ended_at, THERE)
    later = outcome(dates, tellings, ended_at + hours * HOUR, THERE)

    assert BEST_FIRST.index(later.outcome) >= BEST_FIRST.index(sooner.outcome)


@given(histories())
def test_a_promise_is_early_or_late_and_never_both(history):
    result = outcome(*history, THERE)

    assert 0 in (result.days_early, result.days_late)
    assert result.days_early == 0 or result.outcome == KEPT
    assert result.days_late == 0 or result.outcome in (LATE_TOLD, LATE_SILENT)


# The same table, from what people do.


@pytest.fixture
def call(karoo, lena, thandi):
    def make(promise, kind=Telling.Kind.MAY_BE_LATE, *, spoken_at=NOW, now=None):
        (telling,) = actions.record_conversation(
            [actions.Said(promise, kind)],
            client=karoo,
            contact=lena,
            channel="call",
            spoken_at=spoken_at,
            text="",
            by=thandi,
            now=now or spoken_at,
        )
        return telling

    return make


@pytest.fixture
def ask(karoo, firm, thandi):
    def make(promise, *, days=3, now=NOW, telling=None):
        promise.refresh_from_db()
        due = due_for(karoo, firm, promise.due_on + days * DAY, None)
        return actions.extend(
            promise,
            due,
            reason="more_work",
            reason_text="A second wall.",
            asked_by="us",
            by=thandi,
            now=now,
            telling=telling,
        )

    return make


def agree(extension, by, at, **fields):
    return actions.answer(extension, agreed=True, answered_at=at, by=by, now=at, **fields)


def end(promise, by, ended_at):
    return actions.deliver(promise, delivered_at=ended_at, by=by, now=ended_at).outcome


def test_an_answer_may_come_after_the_date_when_the_telling_came_before(make_promise, call, ask, thandi):
    promise = make_promise()
    extension = ask(promise, telling=call(promise, Telling.Kind.MOVED))
    agree(extension, thandi, promise.due_at + HOUR)

    assert end(promise, thandi, promise.due_at + 2 * DAY) == KEPT_LATER


def test_a_letter_that_came_back_told_nobody_of_the_move_either(make_promise, karoo, lena, ask, thandi, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    promise = make_promise()
    said = [actions.Said(promise, Telling.Kind.MOVED)]
    words = {"subject": "A new date", "body": "Monday?", "occasion": "form 1", "by": thandi, "now": NOW}
    letter = actions.write_to_client(said, client=karoo, contact=lena, **words)
    outbox.send_waiting(NOW + HOUR)
    first_due_at = promise.due_at
    agree(ask(promise, telling=letter.tellings.get()), thandi, first_due_at + HOUR)
    promise.refresh_from_db()
    assert result_of(promise, first_due_at + 2 * DAY).outcome == KEPT_LATER

    outbox.bounced(letter, first_due_at + 2 * HOUR, "No such mailbox")

    assert end(promise, thandi, first_due_at + 2 * DAY) == LATE_SILENT


@pytest.mark.parametrize("told_in_time", [True, False])
def test_a_move_told_in_time_and_recorded_after_the_date_is_no_silent_slip(
    make_promise, call, ask, thandi, told_in_time
):
    promise = make_promise()
    after = promise.due_at + HOUR
    actions.look_at_due(after)
    agreed_at = promise.due_at + (-HOUR if told_in_time else HOUR / 2)

    actions.answer(ask(promise, now=after), agreed=True, answered_at=agreed_at, by=thandi, now=after)

    slipped_at = promise.due_at
    promise.refresh_from_db()
    assert promise.slipped_at == (None if told_in_time else slipped_at)


def test_an_extension_asked_after_the_date_leaves_the_miss(make_promise, call, ask, thandi):
    promise = make_promise()
    after = promise.due_at + HOUR
    agree(ask(promise, now=after, telling=call(promise, Telling.Kind.MOVED, spoken_at=after)), thandi, after)

    assert end(promise, thandi, promise.due_at + 2 * DAY) == LATE_SILENT
    assert promise.days_late in (None, 0)


@pytest.mark.parametrize("answer", ["refused", "never answered"])
def test_without_agreement_the_date_stays_and_the_telling_counts(make_promise, call, ask, thandi, answer):
    promise = make_promise()
    extension = ask(promise, telling=call(promise, Telling.Kind.MOVED))
    if answer == "refused":
        actions.answer(extension, agreed=False, answered_at=NOW + HOUR, by=thandi, now=NOW + HOUR)

    ended = actions.deliver(promise, delivered_at=promise.due_at + DAY, by=thandi, now=promise.due_at + DAY)

    assert (ended.due_at, ended.moves, ended.outcome) == (promise.due_at, 0, LATE_TOLD)


def test_progress_is_not_telling_of_a_slip(make_promise, call, thandi):
    promise = make_promise()
    call(promise, Telling.Kind.PROGRESS)

    assert end(promise, thandi, promise.due_at + DAY) == LATE_SILENT


def test_what_was_said_about_the_old_date_does_not_serve_the_new_one(make_promise, call, ask, thandi):
    promise = make_promise()
    agree(ask(promise, telling=call(promise, Telling.Kind.MOVED)), thandi, NOW + HOUR)
    # Written down a day later, but it took place before the date moved.
    call(promise, spoken_at=NOW - HOUR, now=NOW + DAY)
    promise.refresh_from_db()

    assert promise.told_at is None
    assert end(promise, thandi, promise.due_at + DAY) == LATE_SILENT


def test_a_promise_withdrawn_before_its_date_has_no_outcome(make_promise, thandi):
    promise = make_promise()

    ended = actions.withdraw(promise, reason="Not needed.", agreed_by="Lena", by=thandi, now=promise.due_at)

    assert (ended.outcome, ended.days_late, ended.ended_at) == ("", None, promise.due_at)


def test_a_promise_withdrawn_after_its_date_stays_late(make_promise, thandi):
    promise = make_promise()

    ended = actions.withdraw(promise, reason="Not needed.", agreed_by="Lena", by=thandi, now=promise.due_at + DAY)

    assert (ended.outcome, ended.days_late) == (LATE_SILENT, 1)


def test_an_outcome_is_frozen_when_it_ends(make_promise, call, thandi):
    promise = make_promise()
    ended = actions.deliver(promise, delivered_at=promise.due_at + DAY, by=thandi, now=promise.due_at + DAY)

    # Somebody remembers a call; the miss would read differently now, and stays as it was.
    call(promise, spoken_at=NOW, now=promise.due_at + 2 * DAY)
    ended.refresh_from_db()

    assert result_of(ended, ended.ended_at).outcome == LATE_TOLD
    assert ended.outcome == LATE_SILENT


def test_a_reopened_promise_ends_anew(make_promise, thandi):
    promise = make_promise()
    actions.deliver(promise, delivered_at=NOW, by=thandi, now=NOW)
    actions.reopen(promise, reason="The doors stick.", by=thandi, now=NOW + DAY)

    assert end(promise, thandi, promise.due_at + DAY) == LATE_SILENT
