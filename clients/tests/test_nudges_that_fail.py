"""A reminder that cannot be written, or comes back, stops no other and does not end in silence."""

import logging

import pytest

from clients import actions
from clients.agreement_page import agreement_context
from clients.models import Agreement, Client, Contact, Entry
from clients.tests.agreements import draft
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox import health
from engagement.outbox.models import Message, State

FAR = 60 * DAY


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def waiting(karoo, lena, thandi):
    def make(now=NOW, lasts=FAR):
        agreement = draft(karoo, thandi, now).agreement
        actions.send(agreement, contact=lena, valid_until=(now + lasts).date(), by=thandi, now=now)
        return agreement

    return make


@pytest.fixture
def breaks(monkeypatch):
    """Nothing can be written for one agreement."""

    def of(agreement):
        save = Message.save

        def broken(self, *args, **kwargs):
            if self.occasion.startswith((f"sign nudge:{agreement.pk}:", f"lapsed:{agreement.pk}:")):
                raise OSError("no room")
            return save(self, *args, **kwargs)

        monkeypatch.setattr(Message, "save", broken)

    return of


def nudged():
    found = Message.objects.filter(occasion__startswith="sign nudge:").order_by("pk")
    return [int(message.occasion.split(":")[1]) for message in found]


def sent_mail(occasion):
    """As the mail server took it."""
    Message.objects.filter(occasion=occasion).update(state=State.SENT, sent_at=NOW)
    return Message.objects.get(occasion=occasion)


# Behind one that breaks


def test_the_reminder_behind_one_that_cannot_be_written_has_its_turn(waiting, breaks, monkeypatch):
    monkeypatch.setattr("clients.actions.closing.AT_ONCE", 1)
    first, second = waiting(), waiting(NOW + HOUR)
    breaks(first)
    now = NOW + 4 * DAY

    done = [actions.nudge_due(now), actions.nudge_due(now)]

    first.refresh_from_db()
    assert done == [0, 1]
    assert nudged() == [second.pk]
    assert (first.nudges, first.next_nudge_at) == (0, now + HOUR)


def test_the_one_behind_one_that_cannot_lapse_has_its_turn(waiting, breaks, monkeypatch, caplog):
    monkeypatch.setattr("clients.actions.closing.AT_ONCE", 1)
    first, second = waiting(lasts=7 * DAY), waiting(lasts=8 * DAY)
    breaks(first)

    with caplog.at_level(logging.ERROR):
        done = actions.lapse_due(NOW + 20 * DAY)

    states = [Agreement.objects.get(pk=agreement.pk).state for agreement in (first, second)]
    assert (done, states) == (1, ["sent", "lapsed"])
    assert f"Agreement {first.pk} could not lapse" in caplog.text


def test_a_turn_has_its_end(waiting, monkeypatch):
    monkeypatch.setattr("clients.actions.closing.AT_ONCE", 2)
    for _each in range(3):
        waiting(lasts=7 * DAY)

    assert [actions.lapse_due(NOW + 20 * DAY) for _turn in range(3)] == [2, 1, 0]


def test_what_does_not_lapse_is_seen_by_whoever_watches(waiting):
    agreement = waiting(lasts=7 * DAY)
    Message.objects.update(state=State.SENT)
    Agreement.objects.update(next_nudge_at=None)
    end = Agreement.objects.get(pk=agreement.pk).valid_until_at
    health.beat(end + HOUR)

    assert health.read(end + HOUR).delayed_since == end


# To nobody


def has_left(lena, thandi):
    actions.mark_left(lena, thandi, NOW)


def is_put_away(lena, thandi):
    Client.objects.filter(pk=lena.client_id).update(archived_at=NOW)


@pytest.mark.parametrize("happens", [has_left, is_put_away])
def test_our_people_hear_once_that_nobody_can_be_reminded(waiting, lena, thandi, happens):
    agreement = waiting()

    happens(lena, thandi)
    for days in range(3, 20):
        actions.nudge_due(NOW + days * DAY)

    agreement.refresh_from_db()
    told = Message.objects.get(occasion__startswith="no nudge:")
    assert nudged() == []
    assert (agreement.state, agreement.nudges, agreement.next_nudge_at) == ("sent", 0, None)
    assert (told.person, told.subject) == (thandi, "Lena Karoo cannot be reminded of 2026-001")


# That comes back


@pytest.mark.parametrize("which", ["to sign:{}:1", "sign nudge:{}:1:1"])
def test_a_request_that_comes_back_marks_the_contact_and_stops_the_reminders(waiting, lena, thandi, which):
    agreement = waiting()
    actions.nudge_due(NOW + 3 * DAY)
    message = sent_mail(which.format(agreement.pk))

    outbox.bounced(message, NOW + 4 * DAY, "no such user")
    for days in range(5, 20):
        actions.nudge_due(NOW + days * DAY)

    kept = Agreement.objects.select_related("client", "contact", "scope").get(pk=agreement.pk)
    entry = Entry.objects.get(kind="agreement_bounced")
    assert Contact.objects.get(pk=lena.pk).bounced_at == NOW + 4 * DAY
    assert nudged() == [agreement.pk]
    assert kept.next_nudge_at is None
    assert (entry.subject, entry.data["to"], entry.data["error"]) == (kept.record_subject, lena.email, "no such user")
    context = agreement_context(kept, thandi, NOW + 20 * DAY)
    assert "The e-mail came back: no such user." in context["letter"]
    assert "The e-mail came back" in [said.what for said in context["events"]]


def test_a_link_that_was_asked_for_again_and_came_back_is_said_to_have(waiting, lena, thandi):
    agreement = waiting()
    sent_mail(f"to sign:{agreement.pk}:1")
    actions.send_new_link(lena.email, NOW + DAY)
    asked = Message.objects.get(occasion__contains=":asked:")

    outbox.bounced(sent_mail(asked.occasion), NOW + 2 * DAY, "no such user")

    kept = Agreement.objects.select_related("client", "contact", "scope").get(pk=agreement.pk)
    assert "The e-mail came back: no such user." in agreement_context(kept, thandi, NOW + 3 * DAY)["letter"]


def test_a_reminder_to_another_address_than_the_text_names_stays_here(waiting, lena, thandi):
    waiting()
    lena.email = "lena.karoo@karoo.example"
    actions.save_contact(lena, thandi, NOW)
    actions.nudge_due(NOW + 3 * DAY)
    [nudge] = Message.objects.filter(occasion__startswith="sign nudge:")

    outbox.send_waiting(nudge.not_before)

    nudge.refresh_from_db()
    assert nudge.state == "failed"


def test_what_came_back_from_an_address_put_right_since_stops_nothing(waiting, lena, thandi):
    agreement = waiting()
    message = sent_mail(f"to sign:{agreement.pk}:1")
    lena.email = "lena.karoo@karoo.example"
    actions.save_contact(lena, thandi, NOW)

    outbox.bounced(message, NOW + DAY, "no such user")

    agreement.refresh_from_db()
    assert Contact.objects.get(pk=lena.pk).bounced_at is None
    assert agreement.next_nudge_at == NOW + 3 * DAY


def test_other_mail_that_comes_back_stops_nothing(waiting, karoo, lena):
    agreement = waiting()
    Message.objects.filter(occasion__startswith="to sign:").update(
        occasion=f"document:{agreement.pk}", state=State.SENT, sent_at=NOW
    )

    outbox.bounced(Message.objects.get(occasion=f"document:{agreement.pk}"), NOW, "no such user")

    agreement.refresh_from_db()
    assert agreement.next_nudge_at == NOW + 3 * DAY
    assert not Entry.objects.filter(kind="agreement_bounced").exists()
