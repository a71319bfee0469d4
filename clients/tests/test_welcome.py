"""A scope is signed: the client is welcomed in their language, and somebody here greets them."""

from datetime import UTC, date, datetime

import pytest
from django.db import transaction

from clients import actions
from clients.actions import mark_left, save_contact
from clients.actions.welcome import confirm_by, greet, welcome
from clients.models import Agreement, Client, Contact, Entry, PrivateLink, Scope
from clients.signals import scope_signed
from clients.tests import agreements
from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State


@pytest.fixture
def signed(karoo, lena, thandi):
    """A scope that both sides signed, as the last signature leaves it."""

    def sign(at=NOW, contact=lena, client=karoo, **fields):
        scope = Scope.objects.create(
            client=client, number=fields.pop("number", "2026-014"), title="Shop fittings", made_at=at, **fields
        )
        scope.agreement.contact = contact
        scope.agreement.state, scope.agreement.signed_at, scope.agreement.sent_by = "signed", at, thandi
        scope.agreement.renew_address()
        scope.agreement.save()
        scope.signed_on = at.astimezone(client.zoneinfo).date()
        scope.save()
        return Scope.objects.select_related("client__lead", "agreement__contact__client").get(pk=scope.pk)

    return sign


@pytest.fixture
def welcomed(signed):
    def write(at=NOW, **fields):
        scope = signed(at=at, **fields)
        scope_signed.send(sender=Scope, scope=scope, now=at)
        return Message.objects.get(occasion=f"welcome:{scope.agreement_id}")

    return write


def test_the_last_signature_writes_the_welcome(welcomed, karoo, thandi):
    message = welcomed()

    assert (message.address, message.language, message.kind) == ("lena@karoo.example", "en", f"client {karoo.pk}")
    assert (message.reply_to, message.written_by) == (thandi.email, thandi)
    assert message.subject == "Shop fittings: what happens next"
    assert Entry.objects.get(kind="welcome_written").data["message"] == message.pk


def test_who_signed_on_paper_is_welcomed_too(karoo, lena, thandi):
    scope = agreements.draft(karoo, thandi)

    actions.record_paper(scope, signed_on=NOW.date(), name="a.pdf", content=b"%PDF-1.7", by=thandi, now=NOW)

    assert Message.objects.get(occasion=f"welcome:{scope.agreement_id}").address == lena.email


@pytest.mark.parametrize("firm_signs", ["when it sends", "after the client"])
def test_signing_by_the_front_door_writes_one_welcome(karoo, lena, thandi, firm_signs):
    scope = agreements.draft(karoo, thandi)
    name = thandi.name if firm_signs == "when it sends" else ""
    version = agreements.send(scope.agreement, lena, thandi, name=name)
    assert not Message.objects.filter(occasion__startswith="welcome:").exists()

    agreements.sign(scope.agreement, version)
    if not name:
        assert not Message.objects.filter(occasion__startswith="welcome:").exists()
        agreements.countersign(scope.agreement, thandi)

    message = Message.objects.get(occasion__startswith="welcome:")
    assert message.address == lena.email
    assert Agreement.objects.to_greet().get() == scope.agreement


def test_it_says_the_next_three_steps(welcomed, karoo):
    body = welcomed().body

    assert "Dear Lena Karoo," in body
    assert "Shop fittings (2026-014) was signed on Wednesday 18 November." in body
    assert "1. Thandi Mokoena leads the work for you. Call 021 555 0100, or answer this message." in body
    assert "2. By Friday 20 November we confirm to you what we deliver, and on which day." in body
    assert "3. You hear from us when something is done, and before a date changes." in body


@pytest.mark.parametrize(
    ("cadence", "sentence"),
    [
        ({"word_on": 4}, "3. You hear from us every Friday, for the first time on Friday 20 November."),
        ({"word_every_days": 10}, "3. You hear from us at least every 10 days, for the first time by Saturday 28 Nov"),
    ],
)
def test_it_says_when_they_hear_from_us(welcomed, karoo, cadence, sentence):
    Client.objects.filter(pk=karoo.pk).update(**cadence)

    assert sentence in welcomed().body


def test_a_later_first_day_is_said(welcomed):
    assert "The work begins on Tuesday 1 December." in welcomed(starts_on=date(2026, 12, 1)).body


def test_it_carries_the_progress_page_and_the_signed_document_as_marks(welcomed, karoo, lena):
    message = welcomed()

    link = PrivateLink.objects.get(client=karoo)
    assert (link.contact, link.scope.number, link.made_by) == (lena, "2026-014", None)
    assert f"[progress page {link.pk}]" in message.body
    assert f"[signing page {Agreement.objects.get().pk}]" in message.body
    assert "http" not in message.body


def test_a_link_that_they_hold_is_used_again(welcomed, karoo, lena):
    mine = PrivateLink.objects.create(client=karoo, contact=lena, made_at=NOW, expires_at=NOW + 90 * DAY)
    PrivateLink.objects.create(client=karoo, contact=lena, made_at=NOW, expires_at=NOW + DAY)

    assert f"[progress page {mine.pk}]" in welcomed().body
    assert PrivateLink.objects.count() == 2


def test_the_addresses_go_out_and_are_not_kept(welcomed, settings, mailoutbox):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    message = welcomed()

    outbox.deliver(message.pk, message.not_before)

    message.refresh_from_db()
    assert message.state == State.SENT
    assert "/p/" in mailoutbox[0].body
    assert f"/s/{Agreement.objects.get().token()}/" in mailoutbox[0].body
    assert "[" not in mailoutbox[0].body
    assert "/s/" not in message.body


@pytest.mark.parametrize(
    ("signed_at", "leaves_at"),
    [
        # Eleven in the morning there: after the moment in which it can be taken back.
        (NOW, NOW + outbox.HOLD),
        # Eight in the evening there, and two in the morning: at eight.
        (datetime(2026, 11, 18, 18, 0, tzinfo=UTC), datetime(2026, 11, 19, 6, 0, tzinfo=UTC)),
        (datetime(2026, 11, 19, 0, 0, tzinfo=UTC), datetime(2026, 11, 19, 6, 0, tzinfo=UTC)),
    ],
)
def test_it_leaves_when_we_write_to_clients(welcomed, signed_at, leaves_at):
    assert welcomed(at=signed_at).not_before == leaves_at


def test_it_is_written_in_their_zone_and_language(welcomed, lena):
    Contact.objects.filter(pk=lena.pk).update(zone="Pacific/Auckland", language="nl")
    lena.refresh_from_db()

    message = welcomed()

    assert message.language == "nl"
    # Ten in the evening in Auckland: it waits for the morning there.
    assert message.not_before == datetime(2026, 11, 18, 19, 0, tzinfo=UTC)


def test_it_is_written_once(welcomed, signed):
    welcomed()
    scope = Scope.objects.select_related("client", "agreement").get()

    assert welcome(scope, NOW + HOUR) is None
    assert (Message.objects.count(), PrivateLink.objects.count()) == (1, 1)
    assert Entry.objects.filter(kind="link_made").count() == 1


@pytest.mark.parametrize("reason", ["no address", "nobody there", "archived", "long ago"])
def test_nobody_is_written_to_who_cannot_be_or_need_not(signed, karoo, lena, thandi, reason):
    scope = signed(at=NOW - 40 * DAY if reason == "long ago" else NOW)
    match reason:
        case "no address":
            scope.agreement.contact.email = ""
        case "nobody there":
            mark_left(lena, thandi, NOW)
            scope.agreement.contact.left_at = NOW
        case "archived":
            scope.client.archived_at = NOW

    assert welcome(scope, NOW) is None
    assert Message.objects.count() == 0


def test_of_a_paper_the_main_contact_is_welcomed(karoo, lena):
    scope = Scope.objects.create(client=karoo, number="2026-014", title="Shop fittings", signed_on=NOW.date())

    message = welcome(scope, NOW)

    assert message.address == lena.email
    assert "The paper that we both signed is on file with us." in message.body
    assert "signing page" not in message.body


def test_who_has_left_overnight_is_not_written_to(welcomed, lena, karoo, thandi):
    message = welcomed(at=datetime(2026, 11, 18, 18, 0, tzinfo=UTC))
    save_contact(Contact(client=karoo, name="Ben Karoo", email="ben@karoo.example"), thandi, NOW)
    mark_left(lena, thandi, NOW)

    outbox.deliver(message.pk, message.not_before)

    message.refresh_from_db()
    assert message.state == State.FAILED


def test_a_new_address_is_not_missed(welcomed, lena):
    message = welcomed()
    Contact.objects.filter(pk=lena.pk).update(email="new@karoo.example")

    outbox.deliver(message.pk, message.not_before)

    message.refresh_from_db()
    assert (message.state, message.error) == (
        State.FAILED,
        "The contact's address changed before this left. Greet them yourself.",
    )


def test_a_signature_that_is_undone_takes_the_welcome_with_it(signed):
    scope = signed()

    with transaction.atomic():
        scope_signed.send(sender=Scope, scope=scope, now=NOW)
        assert Message.objects.count() == 1
        transaction.set_rollback(True)

    assert (Message.objects.count(), PrivateLink.objects.count()) == (0, 0)


def test_somebody_greets_them_once(signed, thandi, sam):
    agreement = signed().agreement

    assert greet(agreement, thandi, NOW) is True
    assert greet(agreement, sam, NOW + HOUR) is False

    agreement.refresh_from_db()
    assert (agreement.greeted_at, agreement.greeted_by) == (NOW, thandi)
    assert Entry.objects.get(kind="greeted").by == thandi


def test_what_is_not_signed_is_not_greeted(karoo, thandi):
    draft = Scope.objects.create(client=karoo, number="2026-015", title="Draft", made_at=NOW)

    assert greet(draft.agreement, thandi, NOW) is False
    assert Entry.objects.filter(kind="greeted").count() == 0


def test_the_day_of_the_dates_is_a_working_day_of_theirs(karoo, firm):
    # Signed on a Friday: Tuesday.
    assert confirm_by(karoo, firm, date(2026, 11, 20)) == date(2026, 11, 24)
