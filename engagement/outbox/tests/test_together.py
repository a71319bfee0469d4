"""What is claimed, asked for and noted together: nobody pays for the others, and what changes meanwhile is heeded.

Mails are laid down here, as into a folder: that is where several are asked for and noted together. What goes over a
wire is asked for one by one.
"""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.dispatch import receiver

from conftest import HOUR, NOW
from engagement.outbox import actions, sending
from engagement.outbox.models import LEASE_LASTS, MOST_ATTEMPTS, Audience, Heartbeat, Hold, Message, State
from engagement.outbox.signals import message_leaving, message_settled

SECOND = timedelta(seconds=1)
HOW_MANY = 10


class PowerCut(BaseException):
    """Nobody in the product catches it: what is in hand stays there, as when a worker dies."""


@pytest.fixture(autouse=True)
def _laid_down(db, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def when():
    """Something that happens as a certain message leaves: its number counts from one."""
    acts = {}

    @receiver(message_leaving)
    def act(sender, message, now, **kwargs):
        happens = acts.get(int(message.address.split("@")[0]))
        if happens:
            happens(message, now)

    yield acts
    message_leaving.disconnect(act)


@pytest.fixture
def clocks(monkeypatch):
    """The two clocks of this machine, and what each of them is ahead: nothing else takes as long as that."""
    monkeypatch.setattr(sending, "READ_LASTS", 10.0)
    ahead = {"time": 0.0, "monotonic": 0.0}
    for name in ahead:
        real = getattr(time, name)
        monkeypatch.setattr(sending, name, lambda name=name, real=real: real() + ahead[name])
    return ahead


def write(how_many=HOW_MANY, *, first=1, audience=Audience.STAFF, **changes):
    rows = [
        {
            "occasion": f"{number}",
            "audience": audience,
            "address": f"{number}@word.example",
            "subject": "S",
            "body": "B",
        }
        for number in range(first, first + how_many)
    ]
    return actions.write_all([row | changes for row in rows], NOW)


def numbers(mails):
    return sorted(int(mail.to[0].split("@")[0]) for mail in mails)


def outcomes():
    return list(Message.objects.order_by("pk").values_list("state", "attempts"))


def hold_everything(message, now):
    hold = Hold.objects.create(why=Hold.Why.RESTORED, held_at=now, as_of=now)
    Heartbeat.objects.create(pk=1, beat_at=now, hold=hold)


def cut(message, now):
    raise PowerCut


@pytest.mark.parametrize("poison", [[1], [4], [1, 2, 7]])
def test_what_kills_its_worker_costs_the_others_one_attempt_and_one_lease(when, mailoutbox, poison):
    write()
    when |= dict.fromkeys(poison, cut)

    # Ticks come every five seconds; what somebody died of in one of them is looked after five minutes later.
    for second in [turn * 301 + tick for turn in range(MOST_ATTEMPTS + 1) for tick in (0, 5, 10, 15)]:
        with suppress(PowerCut):
            actions.send_waiting(NOW + second * SECOND)

    killers = Message.objects.filter(occasion__in=poison)
    others = Message.objects.exclude(pk__in=killers)
    assert set(killers.values_list("state", "attempts")) == {(State.FAILED, MOST_ATTEMPTS)}
    assert set(others.values_list("state", flat=True)) == {State.SENT}
    assert max(others.values_list("attempts", flat=True)) <= 2
    assert others.latest("sent_at").sent_at <= NOW + LEASE_LASTS + 30 * SECOND
    assert {*numbers(mailoutbox)} == {*range(1, HOW_MANY + 1)} - {*poison}


@pytest.mark.parametrize("audience", Audience.values)
def test_what_goes_by_itself_takes_no_other_with_it(when, audience):
    """A client's message always does, and a colleague's once it was tried."""
    (suspect,) = write(1, audience=audience, attempts=1, not_before=NOW - HOUR)
    write(HOW_MANY - 1, first=2)
    when[1] = cut

    with suppress(PowerCut):
        actions.send_waiting(NOW)

    in_hand = Message.objects.filter(state=State.SENDING)
    assert list(in_hand) == [suspect]
    assert set(outcomes()) - {(State.SENDING, 2)} <= {(State.SENT, 1), (State.WAITING, 0)}


def test_those_that_were_tried_before_keep_no_newcomer_waiting(mailoutbox, monkeypatch):
    monkeypatch.setattr(sending, "ALONE_FOR", 0.0)
    write(attempts=1, not_before=NOW - HOUR)
    # More than are claimed first.
    write(15, first=HOW_MANY + 1)

    actions.send_waiting(NOW)

    order = [int(mail.to[0].split("@")[0]) for mail in mailoutbox]
    assert sorted(order) == [*range(1, HOW_MANY + 16)]
    assert order.index(HOW_MANY + 15) <= 15


def test_a_hold_that_falls_after_the_claim_stops_all_of_it(mailoutbox, monkeypatch):
    write()
    monkeypatch.setattr(sending, "failpoint", lambda name: hold_everything(None, NOW) if name == "claim" else None)

    actions.send_waiting(NOW)

    assert (numbers(mailoutbox), outcomes()) == ([], [(State.WAITING, 0)] * HOW_MANY)


def test_a_hold_that_falls_in_the_middle_is_heeded_a_moment_later(when, clocks, mailoutbox):
    write()

    def hold_and_wait(message, now):
        hold_everything(message, now)
        clocks["monotonic"] += sending.READ_LASTS

    when[3] = hold_and_wait
    actions.send_waiting(NOW)

    assert numbers(mailoutbox) == [1, 2]
    assert outcomes() == [(State.SENT, 1)] * 2 + [(State.WAITING, 0)] * (HOW_MANY - 2)


def test_a_reader_who_leaves_in_the_middle_hears_nothing_a_moment_later(when, clocks, mailoutbox, sam):
    write(person=sam)

    def leave_and_wait(message, now):
        type(sam).objects.filter(pk=sam.pk).update(is_active=False)
        clocks["monotonic"] += sending.READ_LASTS

    when[3] = leave_and_wait
    actions.send_waiting(NOW)

    assert numbers(mailoutbox) == [1, 2, 3]
    assert outcomes() == [(State.SENT, 1)] * 3 + [(State.DROPPED, 1)] * (HOW_MANY - 3)


def test_over_a_wire_a_hold_that_falls_in_the_middle_is_heeded_at_once(when, sink):
    write()
    when[3] = hold_everything

    actions.send_waiting(NOW)

    assert sink.recipients() == ["1@word.example", "2@word.example"]
    assert outcomes() == [(State.SENT, 1)] * 2 + [(State.WAITING, 0)] * (HOW_MANY - 2)


@pytest.mark.parametrize(
    "moved",
    [{"time": 3600.0}, {"monotonic": 3600.0}, {"time": -3600.0, "monotonic": 3600.0}],
    ids=["the machine was suspended", "the process was stopped, and the clock is put right later", "and put back"],
)
def test_a_worker_that_sleeps_in_the_middle_sends_nothing_that_was_given_to_another(when, clocks, mailoutbox, moved):
    write()

    def sleep(message, now):
        when.clear()
        for name, seconds in moved.items():
            clocks[name] += seconds
        # Two who begin now have no more to do with these clocks than anybody else.
        actions.send_waiting(now + HOUR)
        actions.send_waiting(now + HOUR + 20 * SECOND)

    when[4] = sleep
    actions.send_waiting(NOW)

    # What had been laid down and was not noted yet is said again, as after a death; the others once.
    assert numbers(mailoutbox) == sorted([*range(1, HOW_MANY + 1), 1, 2, 3])
    assert outcomes() == [(State.SENT, 2)] * HOW_MANY


def test_a_worker_that_sleeps_takes_nothing_out_of_the_hands_of_another(when, clocks, mailoutbox):
    write()

    def sleep(message, now):
        later = now + HOUR
        actions.settle_abandoned(later)
        # Claimed by another, who is at it still when this one wakes up.
        Message.objects.update(state=State.SENDING, lease_until=later + LEASE_LASTS, attempts=2)
        clocks["time"] += 3600.0

    when[4] = sleep
    actions.send_waiting(NOW)

    assert numbers(mailoutbox) == [1, 2, 3]
    assert outcomes() == [(State.SENDING, 2)] * HOW_MANY


def test_what_is_given_back_as_the_turn_ends_was_never_tried(when, clocks, mailoutbox):
    write()

    def take_long(message, now):
        clocks["monotonic"] += sending.TURN_LASTS.total_seconds() + 1

    when[3] = take_long
    actions.send_waiting(NOW)

    assert numbers(mailoutbox) == [1, 2, 3]
    assert outcomes() == [(State.SENT, 1)] * 3 + [(State.WAITING, 0)] * (HOW_MANY - 3)

    actions.send_waiting(NOW)

    assert outcomes() == [(State.SENT, 1)] * HOW_MANY


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_noted_keeps_no_other_from_being_noted(mailoutbox):
    @receiver(message_settled)
    def stumble(sender, message, now, **kwargs):
        if message.occasion in "25":
            raise ZeroDivisionError

    write()
    try:
        actions.send_waiting(NOW)
    finally:
        message_settled.disconnect(stumble)

    assert numbers(mailoutbox) == [*range(1, HOW_MANY + 1)]
    unknown = Message.objects.exclude(state=State.SENT).order_by("pk")
    assert list(unknown.values_list("occasion", "state")) == [("2", State.SENDING), ("5", State.SENDING)]


@pytest.mark.django_db
def test_a_secret_text_is_wiped_also_among_others_that_are_laid_down(to_staff, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for number in range(3):
        to_staff(f"nudge {number}")
    to_staff("invitation", body="https://word.example/join/x", is_secret=True)
    to_staff("nudge 4")

    sending.send_waiting(NOW)

    kept = Message.objects.order_by("pk").values_list("state", "body")
    assert [(state, bool(body)) for state, body in kept] == [("sent", True)] * 3 + [("sent", False), ("sent", True)]
