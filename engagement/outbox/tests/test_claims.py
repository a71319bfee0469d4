"""Whoever holds a row may settle it, and nobody else. The races on real servers are in promises/tests/test_races.py."""

from datetime import timedelta

import pytest

from conftest import HOUR, NOW
from engagement.outbox import actions
from engagement.outbox.models import LEASE_LASTS, Heartbeat, Hold, Message, State
from engagement.outbox.signals import message_leaving
from engagement.outbox.tests.sink import ACCEPT_AND_HANG_UP

SECOND = timedelta(seconds=1)


class Meanwhile:
    """Something that happens while a worker sits on the first message it is about to send."""

    def __init__(self, act):
        self.act = act

    def __enter__(self):
        message_leaving.connect(self)

    def __exit__(self, *error):
        message_leaving.disconnect(self)

    def __call__(self, sender, message, now, **kwargs):
        act, self.act = self.act, None
        if act:
            act(message, now)


def test_the_slower_of_two_workers_changes_nothing(sink, to_client):
    message = to_client()
    taken = []

    with Meanwhile(lambda held, now: taken.append(actions.deliver(held.pk, now))):
        actions.deliver(message.pk, NOW)

    assert (taken, len(sink.accepted())) == ([False], 1)


def test_a_worker_that_slept_through_its_lease_cannot_settle_its_successors(sink, to_staff):
    message = to_staff()
    sink.script["thandi@word.example"] = ["accept", "450"]

    def sleep(held, now):
        actions.send_waiting(now + LEASE_LASTS + HOUR)
        actions.send_waiting(now + LEASE_LASTS + 2 * HOUR)

    with Meanwhile(sleep):
        settled = actions.deliver(message.pk, NOW)
    message.refresh_from_db()

    # The successor's word stands: accepted, at its hour.
    assert (settled, message.state) == (False, State.SENT)
    assert message.sent_at >= NOW + LEASE_LASTS + HOUR


def test_a_worker_that_slept_cannot_settle_what_a_person_sent_again(sink, to_client):
    message = to_client()
    sink.script["lena@karoo.example"] = ["accept"]

    def sleep(held, now):
        later = now + LEASE_LASTS + HOUR
        actions.settle_abandoned(later)
        assert actions.resend(held, later)
        # Claimed by another worker, which is still at it when the first one wakes up.
        held_again = type(held).objects.filter(pk=held.pk)
        held_again.update(state=State.SENDING, attempts=1, lease_until=later + LEASE_LASTS)

    with Meanwhile(sleep):
        settled = actions.deliver(message.pk, NOW)
    message.refresh_from_db()

    assert (settled, message.state) == (False, State.SENDING)
    assert sink.accepted() == []


def test_an_attempt_longer_than_a_day_old_is_not_forgotten(sink, to_client):
    sink.script["lena@karoo.example"] = [ACCEPT_AND_HANG_UP]
    message = to_client()

    actions.deliver(message.pk, NOW)
    refused = actions.deliver(message.pk, NOW + 24 * HOUR)

    assert (refused, len(sink.accepted())) == (False, 1)


@pytest.mark.parametrize("audience", ["to_staff", "to_client"])
def test_what_was_claimed_before_a_hold_stays(sink, request, audience):
    for number in range(3):
        request.getfixturevalue(audience)(f"word {number}")

    def hold_everything(message, now):
        hold = Hold.objects.create(why=Hold.Why.RESTORED, held_at=now, as_of=now)
        Heartbeat.objects.create(pk=1, beat_at=now, hold=hold)

    with Meanwhile(hold_everything):
        actions.send_waiting(NOW)

    assert sink.accepted() == []
    assert set(Message.objects.values_list("state", "attempts")) == {(State.WAITING, 0)}
