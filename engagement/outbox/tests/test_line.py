"""How the mail server answers, and what becomes of it. What it took is read from its own log."""

import signal
import socket
from contextlib import contextmanager
from datetime import timedelta

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from conftest import NOW
from engagement.outbox import actions
from engagement.outbox.models import MOST_ATTEMPTS, Message, State
from engagement.outbox.tests.sink import (
    ACCEPT,
    ACCEPT_AND_BABBLE,
    ACCEPT_AND_CLOSE,
    ACCEPT_AND_HANG_UP,
    ACCEPT_AND_STALL,
    BABBLE_AFTER_TEXT,
    FORWARD,
    HANG_UP_AFTER_TEXT,
    HANG_UP_AT_ADDRESS,
    HANG_UP_AT_TEXT,
    STALL_AFTER_TEXT,
    STALL_AT_ADDRESS,
    STALL_AT_TEXT,
)

MINUTE = timedelta(minutes=1)
AT_FIRST, LATER, NEVER, DOUBT = "at first", "later", "never", "doubt"

# What a server may do with a message, and what comes of it for a client.
BEHAVIOURS = {
    ACCEPT: AT_FIRST,
    ACCEPT_AND_BABBLE: AT_FIRST,
    ACCEPT_AND_CLOSE: AT_FIRST,
    FORWARD: AT_FIRST,
    "421": LATER,
    "432": LATER,
    "450": LATER,
    "451": LATER,
    "452": LATER,
    "rcpt 421": LATER,
    "rcpt 450": LATER,
    "data 421": LATER,
    "data 451": LATER,
    HANG_UP_AT_ADDRESS: LATER,
    HANG_UP_AT_TEXT: LATER,
    STALL_AT_ADDRESS: LATER,
    STALL_AT_TEXT: LATER,
    "550": NEVER,
    "552": NEVER,
    "554": NEVER,
    "rcpt 550": NEVER,
    "rcpt 553": NEVER,
    "data 554": NEVER,
    ACCEPT_AND_HANG_UP: DOUBT,
    ACCEPT_AND_STALL: DOUBT,
    HANG_UP_AFTER_TEXT: DOUBT,
    STALL_AFTER_TEXT: DOUBT,
    BABBLE_AFTER_TEXT: DOUBT,
    "299": DOUBT,
}
STATES = {AT_FIRST: State.SENT, LATER: State.SENT, NEVER: State.FAILED, DOUBT: State.IN_DOUBT}
TEXTS_KEPT = {ACCEPT_AND_HANG_UP: 1, ACCEPT_AND_STALL: 1}


@pytest.fixture(autouse=True)
def _nobody_waits_long(settings):
    settings.EMAIL_TIMEOUT = 0.3


def for_hours(hours=6):
    for minute in range(0, hours * 60, 30):
        actions.send_waiting(NOW + minute * MINUTE)


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_whatever_the_server_does_a_client_hears_once_or_somebody_here_decides(sink, to_client, behaviour):
    sink.script["lena@karoo.example"] = [behaviour]
    before, message = to_client("before", address="b@karoo.example"), to_client()
    after = to_client("after", address="c@karoo.example")

    for_hours()
    message.refresh_from_db()

    comes_of_it = BEHAVIOURS[behaviour]
    heard = sink.recipients().count("lena@karoo.example")
    assert message.state == STATES[comes_of_it]
    assert heard == (1 if comes_of_it in (AT_FIRST, LATER) else TEXTS_KEPT.get(behaviour, 0))
    assert message.attempts == (2 if comes_of_it == LATER else 1)
    assert (message in Message.objects.needing_a_person()) == (comes_of_it in (NEVER, DOUBT))
    # Those before and behind it on the same line are none the worse.
    assert [sink.times()[other.message_id] for other in (before, after)] == [1, 1]


@pytest.mark.parametrize("behaviour", BEHAVIOURS)
def test_whatever_the_server_does_a_colleague_hears_under_one_message_id(sink, to_staff, behaviour):
    sink.script["thandi@word.example"] = [behaviour]
    message = to_staff()

    for_hours()
    message.refresh_from_db()

    comes_of_it = BEHAVIOURS[behaviour]
    assert message.state == (State.FAILED if comes_of_it == NEVER else State.SENT)
    assert sink.times()[message.message_id] == (comes_of_it != NEVER) + TEXTS_KEPT.get(behaviour, 0)


@pytest.mark.parametrize("answer", ["421", "451", "hang up", "550"])
def test_a_sender_who_is_refused_has_sent_nothing(sink, to_client, answer):
    sink.to_senders = [answer]
    message = to_client()

    for_hours()
    message.refresh_from_db()

    assert (message.state, len(sink.accepted())) == ((State.FAILED, 0) if answer == "550" else (State.SENT, 1))


def test_many_leave_over_one_line(sink, to_staff, to_client):
    for number in range(6):
        to_staff(f"nudge {number}")
        to_client(f"word {number}")

    actions.send_waiting(NOW)

    assert (len(sink.accepted()), sink.lines) == (12, 1)


@pytest.mark.parametrize("closes", ["421", "hang up"])
def test_a_line_that_was_closed_meanwhile_costs_no_attempt(sink, to_client, closes):
    """Servers close after so many messages, or when somebody was silent for long."""
    sink.to_senders = ["250", closes, "250", closes, "250"]
    for number in range(3):
        to_client(f"word {number}")

    actions.send_waiting(NOW)

    assert list(Message.objects.values_list("state", "attempts")) == [(State.SENT, 1)] * 3
    assert (len(sink.accepted()), sink.lines) == (3, 3)


def test_a_message_has_one_reader_so_none_is_half_refused(sink, to_client):
    """Two addresses are two messages: one that is refused says nothing of the other."""
    sink.script["b@karoo.example"] = ["rcpt 550"]
    for name in "abc":
        to_client(f"word to {name}", address=f"{name}@karoo.example")

    for_hours(3)

    assert sink.recipients() == ["a@karoo.example", "c@karoo.example"]
    assert dict(Message.objects.values_list("address", "state")) == {
        "a@karoo.example": State.SENT,
        "b@karoo.example": State.FAILED,
        "c@karoo.example": State.SENT,
    }


def test_a_server_that_never_takes_it_is_given_up_and_shown(sink, to_staff):
    sink.script["thandi@word.example"] = ["450"] * 20
    message = to_staff()

    for_hours(12)
    message.refresh_from_db()

    assert (message.state, message.attempts) == (State.FAILED, MOST_ATTEMPTS)


@contextmanager
def our_time_is_up(seconds=0.2):
    """As Celery ends a task that lasts too long: wherever it is just then."""

    def end(*frame):
        raise SoftTimeLimitExceeded

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Python's own smtplib leaves the line that never became one to be collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_worker_whose_time_is_up_while_it_connects_has_sent_nothing(sink, settings, to_client):
    settings.EMAIL_TIMEOUT = 1
    message = to_client()

    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.EMAIL_PORT = silent.getsockname()[1]
        with our_time_is_up():
            actions.deliver(message.pk, NOW)
    message.refresh_from_db()

    assert (message.state, "SoftTimeLimitExceeded" in message.error) == (State.WAITING, True)


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [(STALL_AT_ADDRESS, State.WAITING), (STALL_AT_TEXT, State.WAITING), (ACCEPT_AND_STALL, State.IN_DOUBT)],
)
def test_a_worker_whose_time_is_up_doubts_only_what_may_have_left(sink, settings, to_client, behaviour, state):
    settings.EMAIL_TIMEOUT = 1
    sink.script["lena@karoo.example"] = [behaviour]
    message = to_client()

    with our_time_is_up():
        actions.deliver(message.pk, NOW)
    message.refresh_from_db()

    assert (message.state, "SoftTimeLimitExceeded" in message.error) == (state, True)


def test_an_answer_that_comes_late_is_not_taken_for_the_next_messages(sink, settings, to_client):
    settings.EMAIL_TIMEOUT, sink.pause = 2, 0.5
    to_client(), to_client("another word")

    with our_time_is_up():
        actions.send_waiting(NOW)

    assert list(Message.objects.order_by("pk").values_list("state", "attempts")) == [
        (State.IN_DOUBT, 1),
        (State.SENT, 1),
    ]
