from datetime import timedelta
from itertools import pairwise

import pytest
from django.dispatch import receiver

from conftest import HOUR, NOW
from engagement.outbox import actions, sending
from engagement.outbox.models import LEASE_LASTS, MOST_ATTEMPTS, Message, State
from engagement.outbox.signals import message_leaving, message_settled
from engagement.outbox.tests.sink import ACCEPT_AND_BABBLE

SECOND = timedelta(seconds=1)


@pytest.fixture
def settled():
    """What the rooms above were told, in order."""
    heard = []

    @receiver(message_settled)
    def listen(sender, message, now, **kwargs):
        heard.append((message.occasion, message.state))

    yield heard
    message_settled.disconnect(listen)


def test_what_is_due_leaves_once(sink, to_client, settled):
    message = to_client(reply_to="thandi@word.example")

    actions.send_waiting(NOW)
    actions.send_waiting(NOW)
    message.refresh_from_db()

    (mail,) = sink.accepted()
    assert (mail["To"], mail["Reply-To"], mail["Subject"]) == (
        "lena@karoo.example",
        "thandi@word.example",
        "How it stands",
    )
    assert (mail["Message-ID"], mail["Auto-Submitted"]) == (message.message_id, "auto-generated")
    assert mail.get_content().strip() == "It is on its way."
    assert (message.state, message.attempts, message.error) == (State.SENT, 1, "")
    assert NOW <= message.sent_at <= NOW + SECOND
    assert settled == [("word to Lena", State.SENT)]


def test_what_is_not_due_waits(sink, to_client):
    to_client(not_before=NOW + SECOND)

    actions.send_waiting(NOW)

    assert sink.accepted() == []


def test_an_occasion_is_written_once(to_client):
    first, second = to_client(), to_client(body="Pressed twice.")

    assert (first is not None, second) == (True, None)
    assert Message.objects.get().body == "It is on its way.\n"


@pytest.mark.parametrize("answer", ["550", "552", "554", "rcpt 550", "rcpt 553"])
def test_a_message_refused_for_good_fails_at_once_and_is_shown(sink, to_client, settled, answer):
    sink.script["lena@karoo.example"] = [answer]
    message = to_client()

    actions.send_waiting(NOW)
    actions.send_waiting(NOW + 24 * HOUR)
    message.refresh_from_db()

    assert (message.state, message.attempts) == (State.FAILED, 1)
    assert answer.removeprefix("rcpt ") in message.error
    assert list(Message.objects.needing_a_person()) == [message]
    assert settled == [("word to Lena", State.FAILED)]
    assert sink.accepted() == []


@pytest.mark.parametrize("answer", ["421", "450", "451", "452", "rcpt 450", "rcpt 421"])
def test_a_message_refused_for_now_goes_later(sink, to_client, settled, answer):
    sink.script["lena@karoo.example"] = [answer]
    message = to_client()

    actions.send_waiting(NOW)
    message.refresh_from_db()
    assert (message.state, message.not_before > NOW, settled) == (State.WAITING, True, [])
    assert answer.removeprefix("rcpt ") in message.error

    actions.send_waiting(message.not_before)
    message.refresh_from_db()
    assert (message.state, message.attempts, message.error) == (State.SENT, 2, "")
    assert len(sink.accepted()) == 1


def test_each_pause_is_longer_than_the_one_before_and_the_tries_end(sink, to_client):
    sink.script["lena@karoo.example"] = ["450"] * 20
    message, moments = to_client(), [NOW]

    while message.state == State.WAITING:
        actions.deliver(message.pk, moments[-1])
        message.refresh_from_db()
        moments.append(message.not_before)

    pauses = [after - before for before, after in pairwise(moments[:-1])]
    assert pauses == sorted(pauses)
    assert pauses[0] == 10 * SECOND
    assert (message.state, message.attempts, len(sink.accepted())) == (State.FAILED, MOST_ATTEMPTS, 0)


@pytest.mark.parametrize("audience", ["to_client", "to_staff"])
def test_a_server_that_cannot_be_reached_is_no_doubt(sink, settings, request, audience):
    settings.EMAIL_PORT = 1
    message = request.getfixturevalue(audience)()

    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert (message.state, message.attempts) == (State.WAITING, 0)


@pytest.mark.parametrize("how", ["refuses", "closed for today"])
def test_a_server_that_is_away_for_a_day_fails_nothing(sink, settings, to_client, to_staff, how):
    port, away = settings.EMAIL_PORT, 1 if how == "refuses" else settings.EMAIL_PORT
    settings.EMAIL_PORT, sink.refuses_everybody = away, how != "refuses"
    for number in range(3):
        to_client(f"word {number}"), to_staff(f"nudge {number}")

    for minutes in range(0, 24 * 60, 20):
        actions.send_waiting(NOW + timedelta(minutes=minutes))
    waiting = set(Message.objects.values_list("state", "attempts"))
    settings.EMAIL_PORT, sink.refuses_everybody = port, False
    actions.send_waiting(NOW + 24 * HOUR)

    assert waiting == {(State.WAITING, 0)}
    assert set(Message.objects.values_list("state", "attempts")) == {(State.SENT, 1)}
    assert len(sink.accepted()) == 6


def test_a_turn_asks_a_server_that_is_away_once(sink, to_client, to_staff):
    sink.refuses_everybody = True
    for number in range(3):
        to_client(f"word {number}"), to_staff(f"nudge {number}")

    actions.send_waiting(NOW)

    assert sink.lines == 1
    # Only the one that was tried waits longer than before, and not for long.
    assert Message.objects.filter(not_before=NOW).count() == 5
    assert Message.objects.latest("not_before").not_before <= NOW + timedelta(minutes=5)


def test_a_server_that_is_closed_for_today_is_no_doubt(sink, to_client):
    sink.refuses_everybody = True
    message = to_client()

    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert message.state == State.WAITING


def test_a_goodbye_that_fails_is_no_doubt(sink, to_client):
    sink.script["lena@karoo.example"] = [ACCEPT_AND_BABBLE]
    message = to_client()

    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert (message.state, len(sink.accepted())) == (State.SENT, 1)


def test_one_message_that_cannot_be_sent_stops_no_other(sink, to_client, to_staff):
    sink.script["lena@karoo.example"] = ["554"]
    to_client(not_before=NOW - HOUR)
    to_staff()

    actions.send_waiting(NOW)

    assert sink.recipients() == ["thandi@word.example"]


def test_a_message_that_cannot_be_worded_stops_no_other_and_is_shown_in_the_end(sink, to_client, to_staff):
    @receiver(message_leaving)
    def stumble(sender, message, now, **kwargs):
        if message.occasion == "word to Lena":
            raise ZeroDivisionError("no words")

    bad, moment = to_client(not_before=NOW - HOUR), NOW
    to_staff()
    try:
        while bad.state == State.WAITING and bad.attempts < MOST_ATTEMPTS:
            actions.send_waiting(moment)
            bad.refresh_from_db()
            moment = max(moment, bad.not_before)
    finally:
        message_leaving.disconnect(stumble)

    assert sink.recipients() == ["thandi@word.example"]
    # It has certainly not left, so there is no doubt about it.
    assert (bad.state, "no words" in bad.error) == (State.FAILED, True)
    assert list(Message.objects.needing_a_person()) == [bad]


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_kept_of_one_message_stops_no_other(sink, to_client, to_staff):
    @receiver(message_settled)
    def stumble(sender, message, now, **kwargs):
        if message.occasion == "word to Lena":
            raise ZeroDivisionError

    accepted = to_client(not_before=NOW - HOUR)
    to_staff()
    try:
        actions.send_waiting(NOW)
        actions.send_waiting(NOW + LEASE_LASTS + SECOND)
        to_staff("another nudge")
        actions.send_waiting(NOW + LEASE_LASTS + 2 * SECOND)
    finally:
        message_settled.disconnect(stumble)
    actions.send_waiting(NOW + 3 * LEASE_LASTS)
    accepted.refresh_from_db()

    assert sink.recipients() == ["lena@karoo.example", "thandi@word.example", "thandi@word.example"]
    assert accepted.state == State.IN_DOUBT


def test_a_message_can_be_undone_while_it_is_held(sink, to_client, settled):
    message = to_client(not_before=NOW + actions.HOLD)

    undone = actions.undo(message, NOW + actions.HOLD - SECOND)
    actions.send_waiting(NOW + HOUR)

    assert (undone, sink.accepted(), settled) == (True, [], [("word to Lena", State.UNDONE)])


def test_a_message_cannot_be_undone_at_the_moment_it_may_leave(sink, to_client):
    message = to_client(not_before=NOW + actions.HOLD)

    undone = actions.undo(message, NOW + actions.HOLD)
    actions.send_waiting(NOW + actions.HOLD)

    assert (undone, len(sink.accepted())) == (False, 1)


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_the_button_says_the_same_as_the_act(to_client, seconds):
    message = to_client(not_before=NOW + actions.HOLD)
    moment = NOW + actions.HOLD + seconds * SECOND

    offered = message.can_be_undone(moment)

    assert offered == actions.undo(message, moment)


def test_a_message_that_was_tried_cannot_be_undone(sink, to_client):
    sink.script["lena@karoo.example"] = ["450"]
    message = to_client()
    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert not message.can_be_undone(NOW)
    assert not actions.undo(message, NOW)


HOSTILE = {
    "line feed": "Late\nBcc: all@karoo.example",
    "return": "Late\r\nBcc: all@karoo.example\r\n\r\nA body",
    "next line": "Late\x85Bcc: all@karoo.example",
    "vertical tab": "Late\x0bBcc: all@karoo.example",
    "form feed": "Late\x0cBcc: all@karoo.example",
    "line separator": "Late\u2028Bcc: all@karoo.example",
    "paragraph separator": "Late\u2029Bcc: all@karoo.example",
    "nul": "Late\0Bcc: all@karoo.example",
    "five thousand letters": "Late " * 1000,
    "right to left": "Late \u202eelbisiv\u202c tale",
    "emoji and letters": "Spät für Łódź 李 🚚 עברית",
    "encoded word": "=?utf-8?q?Late=0ABcc:_all@karoo.example?=",
    "blank": " \r\n ",
}


@pytest.mark.parametrize("subject", HOSTILE)
def test_a_hostile_subject_loses_nothing_and_adds_nobody(sink, to_client, subject):
    message = to_client(subject=HOSTILE[subject])

    actions.send_waiting(NOW)
    message.refresh_from_db()

    (mail,) = sink.accepted()
    assert sink.recipients() == ["lena@karoo.example"]
    assert {"Bcc", "Cc"}.isdisjoint(mail.keys())
    assert mail.get_content().strip() == "It is on its way."
    assert message.state == State.SENT
    if subject == "emoji and letters":
        assert mail["Subject"] == HOSTILE[subject]


@pytest.mark.parametrize("subject", HOSTILE)
def test_a_hostile_subject_put_in_as_it_leaves_is_no_worse(sink, to_staff, subject):
    @receiver(message_leaving)
    def word(sender, message, now, **kwargs):
        message.subject = HOSTILE[subject]

    message = to_staff()
    try:
        actions.send_waiting(NOW)
    finally:
        message_leaving.disconnect(word)
    message.refresh_from_db()

    (mail,) = sink.accepted()
    assert {"Bcc", "Cc"}.isdisjoint(mail.keys())
    assert (message.state, len(message.subject) <= 300) == (State.SENT, True)


@pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "lena@karoo.example, all@karoo.example", "x\ny@b.example"])
def test_an_address_that_is_none_fails_and_is_shown(sink, to_client, to_staff, address):
    message = to_client(address=address, not_before=NOW - HOUR)
    to_staff()

    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert sink.recipients() == ["thandi@word.example"]
    assert (message.state, bool(message.error)) == (State.FAILED, True)


def test_a_line_that_begins_with_a_dot_arrives_whole(sink, to_client):
    to_client(body="One\n.\n..two\nBcc: all@karoo.example\n")

    actions.send_waiting(NOW)

    (mail,) = sink.accepted()
    assert mail.get_content().splitlines() == ["One", ".", "..two", "Bcc: all@karoo.example"]


def test_a_person_who_left_hears_nothing(sink, to_staff, sam):
    message = to_staff(person=sam, address=sam.email)
    sam.is_active = False
    sam.save(update_fields=["is_active"])

    actions.send_waiting(NOW)
    message.refresh_from_db()

    assert (message.state, sink.accepted()) == (State.DROPPED, [])


def test_a_message_that_failed_is_shown_again_when_it_fails_again(sink, to_client):
    sink.script["lena@karoo.example"] = ["550", "550"]
    message = to_client()
    actions.send_waiting(NOW)
    assert actions.see_to(message, NOW)

    actions.resend(message, NOW)
    actions.send_waiting(NOW)

    assert list(Message.objects.needing_a_person()) == [message]


def test_a_bounce_is_known_once(sink, to_client, settled):
    message = to_client()
    actions.send_waiting(NOW)

    known = [actions.bounced(message, NOW + HOUR, "mailbox full"), actions.bounced(message, NOW + HOUR, "again")]
    message.refresh_from_db()

    assert known == [True, False]
    assert (message.state, message.bounced_at, message.error) == (State.FAILED, NOW + HOUR, "mailbox full")
    assert settled == [("word to Lena", State.SENT), ("word to Lena", State.FAILED)]


def test_a_turn_ends_in_time_and_the_next_one_goes_on(sink, to_staff, monkeypatch):
    monkeypatch.setattr(sending, "TURN_LASTS", timedelta(0))
    to_staff("first")
    to_staff("second")

    actions.send_waiting(NOW)
    monkeypatch.undo()
    actions.send_waiting(NOW)

    assert len(sink.accepted()) == 2
