"""Of some receivers the mail server never says anything. The others do not wait for them."""

from datetime import timedelta

import pytest

from conftest import NOW
from engagement.outbox.actions import send_waiting
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.sending import SILENCE_LASTS
from engagement.outbox.tests.machinery import write
from engagement.outbox.tests.sink import STALL_AFTER_TEXT, STALL_AT_ADDRESS, STALL_AT_TEXT

pytestmark = pytest.mark.django_db

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def impatient(sink, settings):
    settings.EMAIL_TIMEOUT = 0.3
    return sink


def five_places(sink, audience, stall):
    """Twenty-five messages, a fifth of them to where nobody answers."""
    for number in range(25):
        place = "hole" if number % 5 == 0 else f"place{number % 5}"
        message = write(audience, number, NOW, address=f"{number}@{place}.example")
        if place == "hole":
            sink.script[message.address] = [stall] * 3
    return Message.objects.filter(address__endswith="@hole.example").order_by("pk")


@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.parametrize("stall", [STALL_AT_ADDRESS, STALL_AT_TEXT])
def test_others_leave_with_the_same_turn_and_one_wait_is_enough(impatient, audience, stall):
    in_the_hole = five_places(impatient, audience, stall)

    assert send_waiting(NOW) == 20

    assert Message.objects.filter(state=State.SENT).count() == len(impatient.recipients()) == 20
    tried, *put_off = in_the_hole
    assert [len(impatient.script[message.address]) for message in (tried, *put_off)] == [2, 3, 3, 3, 3]
    assert (tried.state, tried.attempts) == (State.WAITING, 1)
    # Nobody knows yet whether anything is wrong with these.
    assert {(message.state, message.attempts) for message in put_off} == {(State.WAITING, 0)}
    assert all(SILENCE_LASTS <= message.not_before - NOW < SILENCE_LASTS + MINUTE for message in put_off)
    assert "another address at hole.example" in put_off[0].error


def test_silence_after_a_text_puts_one_client_in_doubt_in_a_turn(impatient):
    in_the_hole = five_places(impatient, Audience.CLIENT, STALL_AFTER_TEXT)

    send_waiting(NOW)

    assert [message.state for message in in_the_hole] == [State.IN_DOUBT, *[State.WAITING] * 4]


def test_whoever_was_put_off_leaves_when_the_server_answers(impatient):
    five_places(impatient, Audience.STAFF, STALL_AT_ADDRESS)
    send_waiting(NOW)
    impatient.script.clear()

    send_waiting(NOW + 2 * MINUTE)

    assert {message.state for message in Message.objects.all()} == {State.SENT}
    assert len(impatient.recipients()) == 25


def test_a_refusal_is_no_silence(impatient):
    in_the_hole = five_places(impatient, Audience.CLIENT, "rcpt 450")

    send_waiting(NOW)

    assert {message.attempts for message in in_the_hole} == {1}


@pytest.mark.parametrize("audience", Audience.values)
def test_whoever_shares_their_place_with_the_dead_is_reached(impatient, audience):
    """Those who are never answered for stand first, and go on being tried."""
    dead = [write(audience, number, NOW, address=f"{number}@one.example") for number in range(3)]
    for message in dead:
        impatient.script[message.address] = [STALL_AT_ADDRESS] * 20
    for number in range(3, 12):
        write(audience, number, NOW, address=f"{number}@one.example")

    for tick in range(8):
        send_waiting(NOW + tick * 15 * SECOND)

    assert len(impatient.recipients()) == 9
