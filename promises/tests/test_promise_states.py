"""What a promise says of itself and what the querysets find are the same, to the second."""

from datetime import timedelta

import pytest

from conftest import DAY, HOUR, NOW
from promises import actions
from promises.board import Board
from promises.models import Band, Promise, Telling
from promises.models.promise import DUE_SOON, NOT_MOVING_DUE_WITHIN, NOT_MOVING_SILENT_FOR, SLIPS_COUNT_FOR

SECOND = timedelta(seconds=1)


@pytest.fixture
def every_kind(make_promise, karoo, lena, thandi):
    """Open and ended, told and not, in every band; all due at the same instant."""
    for band in (Band.ON_TRACK, Band.WATCH, Band.AT_RISK):
        for told in (False, True):
            promise = make_promise(f"{band}, {'told' if told else 'not told'}")
            Promise.objects.filter(pk=promise.pk).update(band=band)
            if told:
                actions.record_conversation(
                    [actions.Said(promise, Telling.Kind.MAY_BE_LATE)],
                    client=karoo,
                    contact=lena,
                    channel="call",
                    spoken_at=NOW,
                    text="",
                    by=thandi,
                    now=NOW,
                )
    actions.deliver(make_promise("delivered"), delivered_at=NOW, by=thandi, now=NOW)
    actions.withdraw(make_promise("withdrawn"), reason="No.", agreed_by="Lena", by=thandi, now=NOW)
    actions.void(make_promise("logged in error"), reason="Twice.", by=thandi, now=NOW)
    return Promise.objects.all()


def found(rows):
    return {promise.what for promise in rows}


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_overdue_is_the_same_asked_and_found(every_kind, seconds):
    now = every_kind[0].due_at + seconds * SECOND

    says_so = {promise.what for promise in every_kind if promise.is_overdue(now)}

    assert says_so == found(Promise.objects.overdue(now)) == found(Board(None, now.tzinfo, now).rows_of("overdue"))
    assert len(says_so) == (0 if seconds < 0 else 6)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_not_told_is_the_same_asked_and_found(every_kind, seconds):
    now = every_kind[0].due_at + seconds * SECOND

    says_so = {promise.what for promise in every_kind if promise.is_not_told(now)}

    assert says_so == found(Promise.objects.not_told(now)) == found(Board(None, now.tzinfo, now).rows_of("not_told"))
    assert len(says_so) == (1 if seconds < 0 else 3)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_at_risk_is_the_same_asked_and_found(every_kind, seconds):
    now = every_kind[0].due_at + seconds * SECOND

    says_so = {promise.what for promise in every_kind if promise.is_open and promise.band_at(now) == Band.AT_RISK}

    assert says_so == found(Promise.objects.at_risk(now)) == found(Board(None, now.tzinfo, now).rows_of("at_risk"))
    assert len(says_so) == (2 if seconds < 0 else 0)


@pytest.mark.parametrize(("seconds", "is_due_soon"), [(-1, False), (0, True), (1, True)])
def test_due_soon_begins_seven_days_before(make_promise, seconds, is_due_soon):
    promise = make_promise()

    assert Promise.objects.due_soon(promise.due_at - DUE_SOON + seconds * SECOND).exists() == is_due_soon


@pytest.mark.parametrize(("seconds", "is_due_soon"), [(-1, True), (0, False), (1, False)])
def test_what_is_overdue_is_not_due_soon(make_promise, seconds, is_due_soon):
    promise = make_promise()

    assert Promise.objects.due_soon(promise.due_at + seconds * SECOND).exists() == is_due_soon


@pytest.mark.parametrize(("seconds", "is_found"), [(-1, False), (0, True), (1, True)])
def test_a_promise_stops_moving_after_seven_silent_days(make_promise, seconds, is_found):
    made = NOW - 2 * DAY
    make_promise(due_on=(made + 12 * DAY).date(), made_at=made)

    assert Promise.objects.not_moving(made + NOT_MOVING_SILENT_FOR + seconds * SECOND).exists() == is_found


@pytest.mark.parametrize(("seconds", "is_found"), [(-1, False), (0, True), (1, True)])
def test_a_promise_far_away_may_stand_still(make_promise, seconds, is_found):
    promise = make_promise(due_on=(NOW + 60 * DAY).date())

    now = promise.due_at - NOT_MOVING_DUE_WITHIN + seconds * SECOND

    assert Promise.objects.not_moving(now).exists() == is_found


@pytest.mark.parametrize(("seconds", "is_found"), [(-1, True), (0, False), (1, False)])
def test_a_slip_is_looked_back_on_for_ninety_days(make_promise, thandi, seconds, is_found):
    promise = make_promise()
    late = promise.due_at + DAY
    actions.deliver(promise, delivered_at=late, by=thandi, now=late)

    assert Promise.objects.slips(late + SLIPS_COUNT_FOR + seconds * SECOND).exists() == is_found


@pytest.mark.parametrize(("seconds", "days"), [(-1, 0), (0, 1), (1, 1)])
def test_days_past_due_turn_at_the_clients_midnight(make_promise, seconds, days):
    promise = make_promise()
    midnight = promise.due_at + 7 * HOUR  # 17:00 to 24:00 in Johannesburg

    assert promise.days_past_due(midnight + seconds * SECOND) == days


def test_what_has_ended_is_in_no_list_of_open_things(every_kind):
    late = every_kind[0].due_at + 30 * DAY
    lists = [
        Promise.objects.overdue(late),
        Promise.objects.not_told(late),
        Promise.objects.at_risk(NOW),
        Promise.objects.due_soon(NOW),
        Promise.objects.to_look_at(late),
    ]

    assert all(rows.exists() for rows in lists)
    assert not {"delivered", "withdrawn", "logged in error"} & set().union(*map(found, lists))
