"""Word from a client reaches somebody who works here and may see the client."""

import pytest

from clients import actions
from clients.models import Client
from clients.tests.agreements import SEEN, draft, send
from conftest import NOW
from engagement.outbox.models import Message
from engagement.staff.models import User


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


@pytest.fixture
def sent(karoo, lena, mara):
    """Sent by Mara; Thandi leads the client."""
    agreement = draft(karoo, mara).agreement
    send(agreement, lena, mara)
    return agreement


def heard(agreement):
    actions.ask_question(agreement, text="Does it fit?", seen=SEEN, now=NOW)
    return [message.person.name for message in Message.objects.filter(occasion__startswith="question:").order_by("pk")]


def leave(*people):
    User.objects.filter(pk__in=[person.pk for person in people]).update(is_active=False)


def test_whoever_sent_it_and_the_lead_hear(sent, sam, ada):
    assert heard(sent) == ["Mara Botha", "Thandi Mokoena"]


def test_whoever_has_left_does_not_hear(sent, ada, mara):
    leave(mara)

    assert heard(sent) == ["Thandi Mokoena"]


def test_the_managers_hear_when_nobody_of_them_is_left(sent, sam, ada, mara, thandi, make_person):
    make_person("Max Manager", "manager")
    leave(mara, thandi)

    assert heard(sent) == ["Ada Admin", "Max Manager"]


def test_the_managers_hear_when_nobody_has_a_password_yet(sent, ada, mara, thandi):
    for person in (mara, thandi):
        person.set_unusable_password()
        person.save(update_fields=["password"])

    assert heard(sent) == ["Ada Admin"]


def test_whoever_was_shut_out_since_does_not_hear(karoo, lena, mara, sam, thandi, ada):
    Client.objects.filter(pk=karoo.pk).update(lead=sam)
    karoo.refresh_from_db()
    agreement = draft(karoo, sam).agreement
    send(agreement, lena, sam)
    Client.objects.filter(pk=karoo.pk).update(lead=thandi, restricted=True)

    assert heard(agreement) == ["Thandi Mokoena"]
