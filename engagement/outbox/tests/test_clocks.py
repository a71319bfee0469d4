"""Clocks that disagree, jump and stand still: what is late may be late by that much, and nothing leaves twice."""

import random
from collections import Counter
from datetime import timedelta

import pytest

from conftest import DAY, HOUR, NOW
from engagement.outbox import actions
from engagement.outbox.models import Message, State

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


@pytest.mark.parametrize("apart", [90 * SECOND, HOUR, DAY])
def test_two_machines_whose_clocks_disagree_send_each_message_once(sink, to_client, to_staff, apart):
    for number in range(12):
        write = to_client if number % 2 else to_staff
        write(f"word {number}", address=f"n{number}@karoo.example", not_before=NOW + number * 10 * SECOND)

    for second in range(0, 240, 10):
        for clock in (NOW + second * SECOND, NOW + second * SECOND - apart):
            actions.send_waiting(clock)

    assert Counter(sink.recipients()) == {f"n{number}@karoo.example": 1 for number in range(12)}
    assert set(Message.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


def test_a_clock_that_jumps_doubles_nothing(sink, to_client, to_staff):
    seed = random.SystemRandom().randrange(10**6)
    print("seed", seed)  # noqa: T201, pytest shows it when the test fails
    chance, clock = random.Random(seed), NOW
    for number in range(30):
        write = to_client if number % 2 else to_staff
        write(f"word {number}", address=f"n{number}@karoo.example", not_before=clock)
        clock += chance.choice([-HOUR, DAY, MINUTE, MINUTE, MINUTE])
        actions.send_waiting(clock)
    actions.send_waiting(clock + 40 * DAY)

    assert Counter(sink.recipients()) == {f"n{number}@karoo.example": 1 for number in range(30)}


def test_two_hours_without_a_clock_are_caught_up_with_at_the_first_tick(sink, to_client, to_staff):
    for number in range(30):
        write = to_client if number % 2 else to_staff
        write(f"word {number}", address=f"n{number}@karoo.example", not_before=NOW + number * 4 * MINUTE)

    actions.send_waiting(NOW + 2 * HOUR)

    assert Counter(sink.recipients()) == {f"n{number}@karoo.example": 1 for number in range(30)}
