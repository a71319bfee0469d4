from datetime import timedelta

import pytest

from conftest import DAY, HOUR, NOW
from engagement.outbox import actions
from engagement.outbox.models import LEASE_LASTS, MOST_ATTEMPTS, Message, State
from engagement.outbox.tests.sink import (
    ACCEPT_AND_HANG_UP,
    ACCEPT_AND_STALL,
    HANG_UP_AFTER_TEXT,
    HANG_UP_AT_ADDRESS,
    HANG_UP_AT_TEXT,
    STALL_AT_ADDRESS,
    STALL_AT_TEXT,
)

SECOND = timedelta(seconds=1)
NO_ANSWER = [ACCEPT_AND_HANG_UP, ACCEPT_AND_STALL, "299", "399"]
NEVER_LEFT = [HANG_UP_AT_ADDRESS, STALL_AT_ADDRESS, HANG_UP_AT_TEXT, STALL_AT_TEXT]


def claimed(message, now):
    """What a worker leaves behind that dies between its claim and its answer."""
    Message.objects.filter(pk=message.pk).update(state=State.SENDING, lease_until=now + LEASE_LASTS, attempts=1)


def sweep_for_a_day(now):
    for minutes in range(0, 24 * 60, 45):
        actions.send_waiting(now + timedelta(minutes=minutes))


@pytest.mark.parametrize("behaviour", NO_ANSWER)
def test_a_client_is_never_written_to_twice(sink, settings, to_client, behaviour):
    settings.EMAIL_TIMEOUT = 0.3
    sink.script["lena@karoo.example"] = [behaviour]
    message = to_client()

    sweep_for_a_day(NOW)
    message.refresh_from_db()

    assert (message.state, message.attempts) == (State.IN_DOUBT, 1)
    assert len(sink.accepted()) <= 1
    assert list(Message.objects.needing_a_person()) == [message]


@pytest.mark.parametrize("behaviour", NEVER_LEFT)
def test_what_has_certainly_not_left_is_no_doubt(sink, settings, to_client, behaviour):
    settings.EMAIL_TIMEOUT = 0.3
    sink.script["lena@karoo.example"] = [behaviour]
    message = to_client()

    sweep_for_a_day(NOW)
    message.refresh_from_db()

    assert (message.state, message.attempts, len(sink.accepted())) == (State.SENT, 2, 1)


def test_a_client_who_may_have_heard_nothing_is_doubted_too(sink, to_client):
    sink.script["lena@karoo.example"] = [HANG_UP_AFTER_TEXT]
    message = to_client()

    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert (message.state, sink.accepted()) == (State.IN_DOUBT, [])


def test_a_colleague_hears_again_under_the_same_message_id(sink, to_staff):
    sink.script["thandi@word.example"] = [ACCEPT_AND_HANG_UP]
    message = to_staff()

    sweep_for_a_day(NOW)
    message.refresh_from_db()

    assert (message.state, message.attempts) == (State.SENT, 2)
    assert sink.times() == {message.message_id: 2}


def test_doubts_about_a_colleague_end_too(sink, to_staff):
    sink.script["thandi@word.example"] = [HANG_UP_AFTER_TEXT] * 20
    message = to_staff()

    sweep_for_a_day(NOW)
    message.refresh_from_db()

    assert (message.state, message.attempts) == (State.FAILED, MOST_ATTEMPTS)
    assert list(Message.objects.needing_a_person()) == [message]


def test_a_dead_workers_letter_to_a_client_is_shown_when_its_lease_ends(sink, to_client):
    message = to_client()
    claimed(message, NOW)

    actions.send_waiting(NOW + LEASE_LASTS - SECOND)
    message.refresh_from_db()
    assert message.state == State.SENDING

    actions.send_waiting(NOW + LEASE_LASTS)
    message.refresh_from_db()
    assert (message.state, sink.accepted()) == (State.IN_DOUBT, [])


def test_a_dead_workers_nudge_to_a_colleague_goes_again(sink, to_staff):
    message = to_staff()
    claimed(message, NOW)

    actions.send_waiting(NOW + LEASE_LASTS)
    actions.send_waiting(NOW + LEASE_LASTS + HOUR)

    assert sink.times() == {message.message_id: 1}


def test_a_person_sends_it_again_under_the_same_message_id(sink, to_client):
    sink.script["lena@karoo.example"] = [ACCEPT_AND_HANG_UP]
    message = to_client()
    actions.send_waiting(NOW)

    pressed_twice = [actions.resend(message, NOW + HOUR), actions.resend(message, NOW + HOUR)]
    actions.send_waiting(NOW + HOUR)
    message.refresh_from_db()

    assert pressed_twice == [True, False]
    assert (message.state, sink.times()) == (State.SENT, {message.message_id: 2})


def test_a_person_says_that_it_did_arrive(sink, to_client):
    sink.script["lena@karoo.example"] = [ACCEPT_AND_HANG_UP]
    message = to_client()
    # The worker was down for an hour: it cannot have arrived before it was taken up.
    actions.send_waiting(NOW + HOUR)

    pressed_twice = [actions.mark_sent(message, NOW + DAY), actions.mark_sent(message, NOW + DAY)]
    message.refresh_from_db()

    assert pressed_twice == [True, False]
    assert message.state == State.SENT
    assert NOW + HOUR <= message.sent_at <= NOW + HOUR + SECOND
    assert not Message.objects.needing_a_person().exists()


@pytest.mark.parametrize("act", [actions.resend, actions.mark_sent, actions.see_to, actions.undo])
def test_nothing_is_decided_about_a_message_that_was_sent(sink, to_client, act):
    message = to_client()
    actions.send_waiting(NOW)

    decided = act(message, NOW)
    actions.send_waiting(NOW + HOUR)

    assert (decided, len(sink.accepted())) == (False, 1)
