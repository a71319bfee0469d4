"""Whatever somebody is called or types, a mail has the headers that we wrote, and goes to whom we sent it."""

from __future__ import annotations

import pytest

from clients import actions as agreeing
from clients.actions import make_link
from clients.models import Client, Contact
from clients.tests import agreements
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.tests.sink import Sink
from engagement.staff.models import Firm, User
from engagement.tests.corpora import FULL, corpus, some
from promises import actions, drafts

pytestmark = pytest.mark.django_db

HOSTILE = corpus("headers")
HEADERS = {
    *("auto-submitted", "content-transfer-encoding", "content-type", "date", "from", "message-id", "mime-version"),
    *("subject", "to"),
}
LENA = "lena@karoo.example"


@pytest.fixture
def sink(tmp_path, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Word & Co <office@word.example>"
    with Sink(tmp_path) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 5
        yield server


def kept_by_the_database(text):
    return text.replace("\0", "")


def send_all():
    while Message.objects.ready(NOW + DAY).exists():
        assert outbox.send_waiting(NOW + DAY)


def faults_of(mail):
    """Whatever such a mail has that we did not write."""
    names = [name.lower() for name in mail]
    found = [name for name in names if name not in HEADERS | {"reply-to"}]
    found += [name for name in set(names) if names.count(name) > 1]
    found += [str(mail["From"])] if str(mail["From"]) != "Word & Co <office@word.example>" else []
    found += ["parts"] if mail.is_multipart() or mail.get_content_type() != "text/plain" else []
    return found + ([str(mail["Subject"])[:80]] if "\n" in str(mail["Subject"]) else [])


def test_there_are_two_hundred():
    assert len(HOSTILE) == 200


def test_no_subject_and_no_text_adds_a_header_or_a_receiver(sink):
    for at, text in enumerate(HOSTILE):
        text = kept_by_the_database(text)
        told = {"audience": Audience.CLIENT, "address": f"to{at}@karoo.example", "reply_to": "office@word.example"}
        outbox.write(occasion=f"subject {at}", now=NOW, subject=text, body=f"{text}\n", **told)
    outbox.write_all(
        [
            {
                "occasion": "all",
                "audience": Audience.STAFF,
                "address": "x@word.example",
                "subject": "a\nBcc: b@x.example",
            }
        ],
        NOW,
    )

    send_all()

    wanted = sorted([*(f"to{at}@karoo.example" for at in range(200)), "x@word.example"])
    assert sorted(sink.recipients()) == wanted
    assert {str(mail["Subject"])[:60]: found for mail in sink.accepted() if (found := faults_of(mail))} == {}
    read = {str(mail["Subject"]) for mail in sink.accepted()}
    assert {subject for subject in HOSTILE if subject.startswith("=?") and subject not in read} == set()
    assert sorted(str(mail["To"]) for mail in sink.accepted()) == wanted
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


def test_no_address_sends_to_anybody_else_and_none_stops_the_others(sink):
    for at, text in enumerate(some(HOSTILE, 40)):
        text = kept_by_the_database(text)[:240]
        for column in ("address", "reply_to"):
            told = {"audience": Audience.CLIENT, "address": LENA, "subject": "x", "body": "x", column: text}
            outbox.write(occasion=f"{column} {at}", now=NOW, **told)
    outbox.write(occasion="last", now=NOW, audience=Audience.CLIENT, address=LENA, subject="last", body="x")

    send_all()

    # An address of nobody's is refused before anything is said to a server; one to answer to may be left out.
    assert set(sink.recipients()) == {LENA}
    assert {str(mail["Reply-To"])[:60]: found for mail in sink.accepted() if (found := faults_of(mail))} == {}
    assert "last" in [str(mail["Subject"]) for mail in sink.accepted()]
    assert not Message.objects.filter(occasion__startswith="address", state=State.SENT).exists()
    assert not Message.objects.filter(state__in=[State.WAITING, State.SENDING, State.IN_DOUBT]).exists()


@pytest.mark.parametrize("text", some([*HOSTILE[:60:4], *HOSTILE[63:]], 200 if FULL else 12))
def test_names_of_people_and_things_add_nothing_either(
    sink, karoo, lena, thandi, mara, firm, make_promise, text, monkeypatch
):
    """Through the front doors: what is written when they are called so."""
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")
    name = kept_by_the_database(text)
    Firm.objects.update(name=name[:100] or "x")
    Client.objects.update(name=name[:120] or "x")
    Contact.objects.update(name=name[:100] or "x")
    User.objects.filter(pk=thandi.pk).update(name=name[:100] or "x")
    karoo.refresh_from_db()
    lena = Contact.objects.get(pk=lena.pk)
    thandi.refresh_from_db()
    firm = Firm.objects.get()
    promise = make_promise(name[:300] or "x")
    draft = drafts.draft(
        [drafts.About(promise, "may_be_late", None)], client=karoo, contact=lena, by=thandi, firm=firm, now=NOW
    )
    said = [actions.Said(promise, "may_be_late")]
    written = {"subject": draft.subject, "body": draft.body, "occasion": "told", "by": thandi, "now": NOW}
    actions.write_to_client(said, client=karoo, contact=lena, **written)
    scope = agreements.draft(karoo, thandi, NOW, title=name[:200] or "x")
    agreements.send(scope.agreement, lena, thandi, NOW, name="")
    make_link(karoo, thandi, NOW - DAY, contact=lena)
    agreeing.send_new_link(LENA, NOW)
    actions.look_at_due(NOW + DAY - HOUR)

    send_all()

    assert {LENA} <= set(sink.recipients()) <= {LENA, thandi.email, mara.email}
    assert [found for mail in sink.accepted() if (found := faults_of(mail))] == []
    assert len(sink.recipients()) >= 3
    left = Message.objects.exclude(state__in=[State.SENT, State.DROPPED])
    assert list(left.values_list("subject", "state", "error", "not_before")) == []
