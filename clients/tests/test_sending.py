"""From a draft to what somebody can sign: frozen, kept, hashed, on its way; or not at all."""

import hashlib
import re
from contextlib import nullcontext
from datetime import date, timedelta

import pytest
import typst

from clients import actions
from clients.content import fingerprint
from clients.models import Agreement, Contact, Entry, SentVersion
from clients.tests.agreements import LINES, SEEN, addendum_to, code_for, draft, send, sign, signed
from clients.tokens import hashed
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.outbox.tests.sink import Sink

PDF = b"%PDF-1.7"
STALE = "What it asks them to sign was signed, changed or closed before this left."


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: PDF)


@pytest.fixture
def sink(tmp_path, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    with Sink(tmp_path) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 2
        yield server


@pytest.fixture
def agreement(karoo, thandi):
    return draft(karoo, thandi).agreement


@pytest.fixture
def ben(karoo, thandi):
    contact = Contact(client=karoo, name="Ben Karoo", email="ben@karoo.example")
    actions.save_contact(contact, thandi, NOW - 30 * DAY)
    return contact


def nothing_was_done(agreement):
    found = Agreement.objects.get(pk=agreement.pk)
    return (found.state, found.token_hash, found.contact_id, found.sent_at, found.versions.count()) == (
        "draft",
        "",
        None,
        None,
        0,
    ) and not Message.objects.exists()


# Refused


def without_an_address(lena, karoo, thandi):
    Contact.objects.filter(pk=lena.pk).update(email="")


def who_has_left(lena, karoo, thandi):
    actions.mark_left(lena, thandi, NOW)


def of_another_client(lena, karoo, thandi):
    other = actions.make_client(type(karoo)(name="Somebody else"), thandi, NOW)
    Contact.objects.filter(pk=lena.pk).update(client=other)


def of_a_client_put_away(lena, karoo, thandi):
    type(karoo).objects.filter(pk=karoo.pk).update(archived_at=NOW)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (without_an_address, "Lena Karoo has no e-mail address on file"),
        (who_has_left, "Choose a contact of this client"),
        (of_another_client, "Choose a contact of this client"),
        (of_a_client_put_away, "This client is archived"),
    ],
)
def test_it_is_not_sent_to_a_contact(agreement, karoo, lena, thandi, make, words):
    make(lena, karoo, thandi)

    with pytest.raises(actions.Refused, match=words):
        send(agreement, Contact.objects.get(pk=lena.pk), thandi)

    assert nothing_was_done(agreement)


@pytest.mark.parametrize("lines", [[], [{"kind": "tax", "service": "VAT", "rate": 15}]])
def test_a_scope_without_a_service_is_not_sent(karoo, lena, thandi, lines):
    agreement = draft(karoo, thandi, lines=lines).agreement

    with pytest.raises(actions.Refused, match="Add at least one service"):
        send(agreement, lena, thandi)

    assert nothing_was_done(agreement)


def test_an_addendum_that_changes_nothing_is_not_sent(karoo, lena, thandi):
    scope = signed(karoo, lena, thandi)
    nothing = addendum_to(scope, thandi, [])
    terms = addendum_to(scope, thandi, [], terms="Paid within 30 days.")

    with pytest.raises(actions.Refused, match="Say what it changes"):
        send(nothing.agreement, lena, thandi)

    assert send(terms.agreement, lena, thandi).content["terms"] == "Paid within 30 days."


@pytest.mark.parametrize(
    ("zone", "now", "until", "is_sent"),
    [
        ("Africa/Johannesburg", NOW, date(2026, 11, 17), False),
        ("Africa/Johannesburg", NOW, date(2026, 11, 18), True),
        # Eleven in the evening in London is the next day in Johannesburg already, and the day before in New York.
        ("Africa/Johannesburg", NOW + 14 * HOUR, date(2026, 11, 18), False),
        ("America/New_York", NOW - 6 * HOUR, date(2026, 11, 17), True),
        ("Pacific/Kiritimati", NOW + 2 * HOUR, date(2026, 11, 18), False),
    ],
)
def test_the_last_day_is_a_day_of_the_client(agreement, karoo, lena, thandi, zone, now, until, is_sent):
    type(karoo).objects.filter(pk=karoo.pk).update(zone=zone)

    refused = pytest.raises(actions.Refused, match="must be today or in the future")
    with nullcontext() if is_sent else refused:
        actions.send(agreement, contact=lena, valid_until=until, by=thandi, now=now)

    assert (Agreement.objects.get(pk=agreement.pk).state == "sent") == is_sent


def test_the_lead_and_managers_send_and_nobody_else(karoo, lena, thandi, mara, sam):
    karoo.members.add(sam)
    first, second, third = (draft(karoo, thandi).agreement for _number in range(3))

    with pytest.raises(actions.Refused, match="The client's lead or a manager does this"):
        send(first, lena, sam)
    send(second, lena, thandi)
    send(third, lena, mara)

    assert [Agreement.objects.get(pk=one.pk).state for one in (first, second, third)] == ["draft", "sent", "sent"]
    assert not Message.objects.filter(occasion__startswith=f"to sign:{first.pk}:").exists()


# Kept


def test_what_is_sent_is_kept_as_it_was_sent(agreement, lena, thandi, monkeypatch):
    monkeypatch.undo()

    version = send(agreement, lena, thandi)

    kept = SentVersion.objects.get()
    assert kept == version
    assert (kept.version, kept.contact, kept.by, kept.sent_at) == (1, lena, thandi, NOW)
    assert kept.sha256 == fingerprint(kept.content)
    assert kept.pdf_sha256 == hashlib.sha256(bytes(kept.pdf)).hexdigest()
    assert bytes(kept.pdf).startswith(b"%PDF-")
    assert kept.content["contact"] == {"name": "Lena Karoo", "role": "", "email": "lena@karoo.example"}


def test_the_record_says_what_was_sent_to_whom_and_how(agreement, karoo, lena, thandi):
    version = send(agreement, lena, thandi, name="")

    entry = karoo.record.get(kind="agreement_sent")
    assert (entry.subject, entry.by, entry.at) == (agreement.record_subject, thandi, NOW)
    assert entry.data == {
        "version": 1,
        "text_sha256": version.sha256,
        "pdf_sha256": version.pdf_sha256,
        "contact": "Lena Karoo",
        "address": "lena@karoo.example",
        "by_mail": True,
        "valid_until": "2026-12-02",
    }


def test_with_a_name_the_firm_signs_at_once(agreement, lena, thandi):
    version = send(agreement, lena, thandi, name="  Thandi Mokoena ")

    (signature,) = agreement.signatures.all()
    assert (signature.side, signature.name, signature.user, signature.version) == (
        "firm",
        "Thandi Mokoena",
        thandi,
        version,
    )
    assert (signature.text_sha256, signature.pdf_sha256) == (version.sha256, version.pdf_sha256)
    assert agreement.state == "sent"


def test_without_a_name_the_firm_has_not_signed(agreement, lena, thandi):
    send(agreement, lena, thandi, name="  ")

    assert not agreement.signatures.exists()


def test_what_was_taken_back_is_sent_as_the_next_version(agreement, lena, thandi):
    first = send(agreement, lena, thandi)
    actions.revise(agreement, by=thandi, now=NOW + HOUR)
    actions.save_draft(agreement.scope, {"title": "Shop fittings, again"}, [{"service": "All"}], by=thandi, now=NOW)

    second = send(agreement, lena, thandi, NOW + 2 * HOUR)

    assert [version.version for version in agreement.versions.all()] == [1, 2]
    assert (first.content["title"], second.content["title"]) == ("Shop fittings", "Shop fittings, again")
    assert (first.content["version"], second.content["version"]) == (1, 2)
    assert first.sha256 != second.sha256
    assert SentVersion.objects.get(pk=first.pk).content == first.content


def test_nothing_is_sent_but_what_was_looked_at(agreement, lena, thandi):
    looked_at = Agreement.objects.get(pk=agreement.pk)
    looked_at.contact, looked_at.valid_until = lena, (NOW + 14 * DAY).date()
    shown = fingerprint(actions.preview(looked_at, NOW))
    actions.save_draft(agreement.scope, {"title": "Two shops"}, LINES, by=thandi, now=NOW)

    with pytest.raises(actions.Changed, match="Nothing was sent"):
        send(agreement, lena, thandi, shown=shown)
    assert nothing_was_done(agreement)

    actions.save_draft(agreement.scope, {"title": "Shop fittings"}, LINES, by=thandi, now=NOW)

    assert send(agreement, lena, thandi, shown=shown).sha256 == shown


def test_a_draft_that_was_never_sent_stays_at_its_first_version(agreement, lena, thandi):
    actions.withdraw(agreement, why="Not yet.", by=thandi, now=NOW)
    actions.revise(agreement, by=thandi, now=NOW)

    assert send(agreement, lena, thandi).version == 1


def test_the_firms_signature_is_under_its_own_version_alone(agreement, lena, thandi):
    send(agreement, lena, thandi)
    actions.revise(agreement, by=thandi, now=NOW)
    version = send(agreement, lena, thandi, name="")

    sign(agreement, version)

    # The text of version 2 is not signed by the firm, though that of version 1 was.
    assert Agreement.objects.get(pk=agreement.pk).state == "accepted"


# The address


def test_only_a_hash_of_the_address_is_kept(agreement, lena, thandi, settings):
    send(agreement, lena, thandi)

    token = agreement.token()
    assert re.fullmatch(r"[\w-]{43}", token)
    assert actions.signing_address(agreement) == f"{settings.SITE_URL}/s/{token}/"
    assert agreement.token_hash == hashed(token)
    assert token not in str(list(Agreement.objects.values()))
    assert Agreement.objects.for_token(token).get() == agreement


def test_before_it_is_sent_there_is_no_address(agreement):
    assert actions.signing_address(agreement) is None
    assert not Agreement.objects.for_token("").exists()


def test_the_address_stays_for_the_same_contact(agreement, lena, thandi):
    send(agreement, lena, thandi)
    before = actions.signing_address(agreement)

    actions.revise(agreement, by=thandi, now=NOW)
    send(agreement, lena, thandi)

    assert actions.signing_address(agreement) == before


def test_another_contact_gets_another_address_and_the_old_one_opens_nothing(agreement, lena, ben, thandi):
    send(agreement, lena, thandi)
    before = agreement.token()

    actions.revise(agreement, by=thandi, now=NOW)
    send(agreement, ben, thandi)

    assert agreement.token() != before
    assert not Agreement.objects.for_token(before).exists()


def test_naming_the_signer_of_a_draft_does_not_hand_them_the_address_of_another(agreement, lena, ben, thandi):
    send(agreement, lena, thandi)
    before = agreement.token()
    actions.revise(agreement, by=thandi, now=NOW)

    Agreement.objects.filter(pk=agreement.pk).update(contact=ben)
    send(agreement, ben, thandi)

    assert not Agreement.objects.for_token(before).exists()


def test_the_address_opens_nothing_once_the_client_is_put_away(agreement, karoo, lena, thandi):
    send(agreement, lena, thandi)

    type(karoo).objects.filter(pk=karoo.pk).update(archived_at=NOW)

    assert not Agreement.objects.for_token(agreement.token()).exists()


# The mail


def to_sign():
    return Message.objects.filter(occasion__startswith="to sign:").order_by("pk")


def test_the_mail_is_kept_with_a_mark_and_leaves_with_the_address(agreement, lena, thandi, sink):
    send(agreement, lena, thandi)

    outbox.send_waiting(NOW)

    address = actions.signing_address(agreement)
    kept, (left,) = to_sign().get(), sink.accepted()
    assert f"[signing page {agreement.pk}]" in kept.body
    assert agreement.token() not in kept.body
    assert (kept.state, left["To"], left["Reply-To"]) == (State.SENT, lena.email, thandi.email)
    assert left["Subject"] == "To read and sign: Shop fittings (2026-001)"
    assert address in left.get_content().splitlines()
    assert "signing page" not in left.get_content()
    assert "1,312.15." in left.get_content()
    assert "until Wednesday 2 December 2026" in left.get_content()


def test_what_is_sent_to_a_restricted_client_is_not_read_by_whoever_is_shut_out(client, secret, thandi, sam):
    secret.members.add(sam)
    contact = Contact(client=secret, name="Sol Quiet", email="sol@quiet.example")
    actions.save_contact(contact, thandi, NOW)
    scope = draft(secret, sam)
    send(scope.agreement, contact, thandi)
    mail = to_sign().get()
    Message.objects.filter(pk=mail.pk).update(written_by=sam)
    client.force_login(sam)
    assert client.get(f"/sent/{mail.pk}/").status_code == 200

    secret.members.remove(sam)

    assert client.get(f"/sent/{mail.pk}/").status_code == 404


def test_whoever_signs_for_the_firm_as_they_send_is_seen(agreement, lena, thandi):
    send(agreement, lena, thandi, seen=SEEN)

    signature = agreement.signatures.get(side="firm")
    assert (signature.address, signature.browser, signature.zone) == (SEEN.address, SEEN.browser, SEEN.zone)


def test_no_mail_is_written_for_an_address_that_somebody_copies(agreement, lena, thandi):
    send(agreement, lena, thandi, by_mail=False)

    assert not Message.objects.exists()
    assert (agreement.by_mail, agreement.next_nudge_at) == (False, None)
    assert Entry.objects.get(kind="agreement_sent").data["by_mail"] is False
    sign(agreement, agreement.versions.get())
    assert agreement.signatures.get(side="client").channel == "copied"


def signs(agreement, lena, thandi):
    sign(agreement, agreement.versions.get())


def declines(agreement, lena, thandi):
    actions.decline(agreement, why="No.", shown=agreement.versions.get().sha256, seen=SEEN, now=NOW)


def is_withdrawn(agreement, lena, thandi):
    actions.withdraw(agreement, why="So.", by=thandi, now=NOW)


def is_taken_back(agreement, lena, thandi):
    actions.revise(agreement, by=thandi, now=NOW)


def leaves(agreement, lena, thandi):
    actions.mark_left(lena, thandi, NOW)


def moves(agreement, lena, thandi):
    Contact.objects.filter(pk=lena.pk).update(email="lena@elsewhere.example")


def is_put_away(agreement, lena, thandi):
    type(lena.client).objects.filter(pk=lena.client_id).update(archived_at=NOW)


@pytest.mark.parametrize("happens", [signs, declines, is_withdrawn, is_taken_back, leaves, moves, is_put_away])
def test_a_mail_that_waited_too_long_does_not_leave(agreement, lena, thandi, sink, happens):
    send(agreement, lena, thandi)

    happens(agreement, lena, thandi)
    outbox.send_waiting(NOW)

    stopped = to_sign().get()
    # What went wrong with the address is for somebody here to see to; what is over is not.
    to_be_seen_to = happens in (leaves, moves, is_put_away)
    assert (stopped.state, stopped.error) == ((State.FAILED, STALE) if to_be_seen_to else (State.DROPPED, ""))
    assert not any("/s/" in mail.get_content() and "read and sign" in mail["Subject"] for mail in sink.accepted())


def test_a_mail_about_an_older_version_does_not_leave(agreement, lena, thandi, sink):
    """The server was down over the first one; the second one says what holds."""
    send(agreement, lena, thandi)
    actions.revise(agreement, by=thandi, now=NOW)
    actions.save_draft(agreement.scope, {}, [{"service": "All", "price": 7}], by=thandi, now=NOW)
    send(agreement, lena, thandi)

    outbox.send_waiting(NOW)

    assert [mail.state for mail in to_sign()] == [State.DROPPED, State.SENT]
    (left,) = sink.accepted()
    assert "7.00." in left.get_content()


def test_a_mail_does_not_leave_after_the_last_day(agreement, lena, thandi, sink):
    send(agreement, lena, thandi)

    outbox.send_waiting(NOW + 15 * DAY)

    assert to_sign().get().error == STALE
    assert sink.accepted() == []


def test_a_mark_in_a_title_opens_nothing_for_others(agreement, karoo, lena, ben, thandi, sink):
    """Ben's mail speaks, in its title, of Lena's page."""
    send(agreement, lena, thandi)
    other = draft(karoo, thandi, title=f"See [signing page {agreement.pk}]").agreement
    send(other, ben, thandi)

    outbox.send_waiting(NOW)

    assert all(agreement.token() not in str(mail) for mail in sink.accepted() if mail["To"] == ben.email)
    assert to_sign().last().state == State.FAILED


# Whole, or not at all


def test_a_document_that_cannot_be_made_leaves_the_draft_as_it_was(agreement, karoo, lena, thandi, monkeypatch):
    def breaks(*args, **kwargs):
        raise typst.TypstError("no room")

    monkeypatch.setattr("clients.actions.sending.render", breaks)
    before = karoo.record.count()

    with pytest.raises(typst.TypstError):
        send(agreement, lena, thandi)

    assert nothing_was_done(agreement)
    assert karoo.record.count() == before


def test_a_mail_that_cannot_be_written_down_leaves_the_draft_as_it_was(agreement, karoo, lena, thandi, monkeypatch):
    def breaks(*args, **kwargs):
        raise OSError("no room")

    monkeypatch.setattr("engagement.outbox.models.Message.save", breaks)
    before = karoo.record.count()

    with pytest.raises(OSError, match="no room"):
        send(agreement, lena, thandi)

    assert nothing_was_done(agreement)
    assert not agreement.signatures.exists()
    assert karoo.record.count() == before


def test_a_signature_whose_effect_fails_is_no_signature(agreement, lena, thandi, monkeypatch):
    version = send(agreement, lena, thandi)
    code = code_for(agreement)

    def breaks(*args, **kwargs):
        raise OSError("no room")

    monkeypatch.setattr("engagement.outbox.models.Message.save", breaks)
    with pytest.raises(OSError, match="no room"):
        sign(agreement, version, code=code)
    monkeypatch.undo()

    assert Agreement.objects.get(pk=agreement.pk).state == "sent"
    assert not agreement.signatures.filter(side="client").exists()
    # The code was not spent with it: the same one signs.
    sign(agreement, version, code=code)


def test_a_second_press_sends_nothing_twice(agreement, lena, thandi):
    send(agreement, lena, thandi)

    with pytest.raises(actions.Refused, match="This is with the client now"):
        send(agreement, lena, thandi, NOW + timedelta(seconds=1))

    assert (agreement.versions.count(), to_sign().count()) == (1, 1)
