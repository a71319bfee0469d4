"""A worker dies at a named place, again and again. What left is counted at the mail server, not in our tables."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from engagement import checks
from engagement.outbox import actions, failpoint
from engagement.outbox.models import LEASE_LASTS, Audience, Message, State
from engagement.outbox.tests.machinery import SENDER, write

# FAILPOINTS=20 dies twenty times at each place, for colleagues and for clients: make soak.
TIMES = int(os.environ.get("FAILPOINTS", "1"))
# How often the text leaves by the place at which the worker dies, before anybody looks after it.
LEFT_BY = {
    "claim": 0,
    "render": 0,
    "before_send": 0,
    "in_retry": 0,
    "after_accept": 1,
    "before_commit": 1,
    "after_commit": 1,
    "before_ack": 1,
}
IS_NOTED = {"after_commit", "before_ack"}
SOURCES = Path(failpoint.__file__).parent


@pytest.fixture
def die(machinery):
    """Lets a worker die at a place; the places are those of the product."""
    sender = machinery.start(SENDER)

    def at(place):
        sender.stdin.write(f"{place}\n")
        sender.stdin.flush()
        return int(sender.stdout.readline())

    return at


def what_comes_of(place, audience, number, sink, die):
    """Die with one message in hand, and let those who come after look after it: how often it had left by then."""
    message = write(audience, f"{place}{number}", timezone.now())
    if place == "in_retry":
        sink.script[message.address] = ["450"]
    assert die(place) == 137
    left = sink.times()[message.message_id]
    # What the dead held is looked after when their leases end, five minutes later, by whoever works then.
    later = timezone.now() + LEASE_LASTS
    actions.send_waiting(later)
    shown = Message.objects.needing_a_person().filter(pk=message.pk).exists()
    actions.send_waiting(later + timedelta(minutes=1))
    message.refresh_from_db()
    return left, sink.times()[message.message_id], message.state, shown


def what_must_come(place, audience):
    left = LEFT_BY[place]
    if place in IS_NOTED:
        return left, left, State.SENT, False
    if audience == Audience.CLIENT:
        return left, left, State.IN_DOUBT, True
    # Said again, and heard twice only where it had left, under the same Message-ID.
    return left, left + 1, State.SENT, False


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_a_worker_dies_anywhere_and_nobody_is_forgotten_and_no_client_hears_twice(sink, die):
    every = [(place, audience) for place in LEFT_BY for audience in Audience.values]

    came = {one: [what_comes_of(*one, number, sink, die) for number in range(TIMES)] for one in every}

    assert came == {one: [what_must_come(*one)] * TIMES for one in every}


def test_every_place_in_the_product_is_died_at():
    named = set()
    for source in SOURCES.glob("*.py"):
        named |= {
            line.split('"')[1] for line in source.read_text().splitlines() if line.strip().startswith("failpoint(")
        }

    assert named == LEFT_BY.keys()


def test_a_real_run_names_no_place(monkeypatch):
    assert failpoint.NAMED == ""
    assert checks.no_place_to_die(None) == []

    monkeypatch.setattr(failpoint, "NAMED", "after_accept")
    (found,) = checks.no_place_to_die(None)

    assert found.is_serious()
    assert "FAILPOINT" in found.msg
