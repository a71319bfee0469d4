from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from clients.actions import (
    archive,
    link_address,
    make_link,
    mark_left,
    renew_link,
    revoke_link,
    send_new_link,
)
from clients.models import Contact, Entry, PrivateLink, Scope
from conftest import HOUR, NOW
from engagement.outbox.actions import send_waiting
from engagement.outbox.models import Message, State

SECOND = timedelta(seconds=1)


@pytest.fixture
def link(karoo, lena, thandi):
    return make_link(karoo, thandi, NOW, contact=lena)


@pytest.fixture
def as_thandi(client, thandi):
    client.force_login(thandi)
    with time_machine.travel(NOW, tick=False):
        yield client


def opens(token, now=NOW):
    return PrivateLink.objects.for_token(token, now).first()


def test_the_database_holds_no_token(link):
    token = link.token()

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM clients_privatelink")
        kept = repr(cursor.fetchall())

    assert len(token) == 43
    assert link.nonce in kept
    assert token not in kept


def test_a_token_opens_its_own_page_alone(link, secret, thandi):
    other = make_link(secret, thandi, NOW)

    assert opens(link.token()) == link
    assert opens(other.token()) == other
    assert opens(link.token()[:-1] + "x") is None
    assert opens("") is None


def test_a_link_opens_until_the_moment_it_expires(link):
    token = link.token()

    for moment, is_open in [(-SECOND, True), (timedelta(0), False), (SECOND, False)]:
        now = link.expires_at + moment
        assert bool(opens(token, now)) is is_open
        assert link.is_open(now) is is_open


def test_a_link_lasts_as_long_as_the_firm_says(link, firm):
    assert link.expires_at == NOW + timedelta(days=firm.link_days)


def test_a_revoked_link_opens_no_more(link, thandi):
    token = link.token()

    assert revoke_link(link, thandi, NOW + HOUR)

    assert opens(token, NOW + HOUR) is None
    link.refresh_from_db()
    assert (link.revoked_at, link.revoked_by) == (NOW + HOUR, thandi)


def test_revoking_twice_changes_nothing_more(link, thandi, sam):
    revoke_link(link, thandi, NOW)

    assert not revoke_link(link, sam, NOW + HOUR)

    link.refresh_from_db()
    assert (link.revoked_at, link.revoked_by) == (NOW, thandi)
    assert Entry.objects.filter(kind="link_revoked").count() == 1


def test_a_renewed_link_has_a_new_address_and_the_old_one_is_closed(link, thandi):
    old = link.token()

    new = renew_link(link, thandi, NOW)

    assert (opens(old), opens(new.token())) == (None, new)
    assert (new.contact, new.scope) == (link.contact, link.scope)


def test_links_of_an_archived_client_open_again_when_it_is_back(link, karoo, thandi):
    archive(karoo, thandi, NOW)
    assert opens(link.token()) is None

    karoo.__class__.objects.update(archived_at=None)

    assert opens(link.token()) == link


def test_an_address_survives_a_new_key_while_the_old_one_is_kept(link, settings):
    token = link.token()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key altogether"
    assert link.token() == token

    settings.SECRET_KEY_FALLBACKS = []

    assert link.token() is None
    assert link_address(link) is None
    assert opens(token) == link


def test_a_new_link_goes_to_the_address_on_file_alone(link, lena, mailoutbox, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"

    assert send_new_link("LENA@karoo.example ", NOW) == 1
    send_waiting(NOW)

    (mail,) = mailoutbox
    new = PrivateLink.objects.exclude(pk=link.pk).get()
    assert mail.to == ["lena@karoo.example"]
    assert link_address(new) in mail.body


def test_what_is_kept_of_that_mail_opens_nothing(link, lena):
    send_new_link(lena.email, NOW)

    kept = Message.objects.get()
    assert not any(token.token() in kept.body for token in PrivateLink.objects.all())


def test_a_stranger_is_answered_the_same_and_nothing_is_sent(link):
    assert send_new_link("somebody@else.example", NOW) == 0
    assert send_new_link("", NOW) == 0

    assert not Message.objects.exists()


def test_a_contact_who_never_had_a_link_is_sent_none(karoo, lena):
    assert send_new_link(lena.email, NOW) == 0


def test_whoever_has_left_or_is_archived_is_sent_none(link, karoo, lena, thandi):
    mark_left(lena, thandi, NOW)
    assert send_new_link(lena.email, NOW) == 0

    Contact.objects.update(left_at=None)
    archive(karoo, thandi, NOW)

    assert send_new_link(lena.email, NOW) == 0


def test_asking_again_within_the_hour_sends_one_mail(link, lena):
    asked = [send_new_link(lena.email, NOW + minutes * HOUR / 60) for minutes in (0, 1, 59, 60)]

    assert asked == [1, 0, 0, 1]


def test_a_mail_whose_link_was_revoked_meanwhile_does_not_leave(link, lena, thandi, mailoutbox, settings):
    settings.DELIVERY_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    send_new_link(lena.email, NOW)
    revoke_link(PrivateLink.objects.exclude(pk=link.pk).get(), thandi, NOW)

    send_waiting(NOW)

    assert mailoutbox == []
    assert Message.objects.get().state == State.FAILED


def test_the_page_makes_a_link_and_shows_its_address(as_thandi, karoo, lena, thandi):
    scope = Scope(client=karoo, number="2026-014", title="Shop fittings")
    scope.save()

    as_thandi.post(f"/clients/{karoo.pk}/links/", {"contact": lena.pk, "scope": scope.pk})

    made = PrivateLink.objects.get()
    page = as_thandi.get(f"/clients/{karoo.pk}/links/").content.decode()
    assert (made.client, made.contact, made.scope, made.made_by) == (karoo, lena, scope, thandi)
    assert f'value="{link_address(made)}"' in page
    assert "Monday 17 May 2027" in page


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ({}, {"contact": ["Choose who the link is for"]}),
        ({"contact": "999"}, {"contact": ["Choose one from the list"]}),
    ],
)
def test_an_error_says_what_to_do(as_thandi, karoo, lena, typed, error):
    response = as_thandi.post(f"/clients/{karoo.pk}/links/", typed)

    assert response.status_code == 200
    assert response.context["form"].errors == error
    assert "There is a problem" in response.content.decode()
    assert "<title>Error: Private links" in response.content.decode()


def test_a_link_is_made_for_this_clients_contacts_and_scopes_alone(as_thandi, karoo, lena, secret, thandi):
    quinn = Contact.objects.create(client=secret, name="Quinn")
    scope = Scope(client=secret, number="2026-001", title="The quiet matter")
    scope.save()

    response = as_thandi.post(f"/clients/{karoo.pk}/links/", {"contact": quinn.pk, "scope": scope.pk})

    assert set(response.context["form"].errors) == {"contact", "scope"}
    assert not PrivateLink.objects.exists()


def test_no_link_is_made_for_an_archived_client(as_thandi, karoo, lena, thandi):
    archive(karoo, thandi, NOW)

    response = as_thandi.post(f"/clients/{karoo.pk}/links/", {"contact": lena.pk})

    assert "Bring the client back first." in response.content.decode()
    assert not PrivateLink.objects.exists()


@pytest.mark.parametrize("verb", ["renew", "revoke"])
def test_what_cannot_be_called_back_is_asked_once(as_thandi, link, verb):
    response = as_thandi.post(f"/links/{link.pk}/{verb}/")

    link.refresh_from_db()
    assert "for good" in response.content.decode()
    assert link.revoked_at is None


def test_a_confirmed_revoke_closes_the_link(as_thandi, link):
    as_thandi.post(f"/links/{link.pk}/revoke/", {"confirmed": "yes"})

    link.refresh_from_db()
    assert link.revoked_at == NOW


def test_a_second_press_of_renew_makes_no_second_link(as_thandi, link):
    for _press in range(2):
        response = as_thandi.post(f"/links/{link.pk}/renew/", {"confirmed": "yes"}, follow=True)

    assert PrivateLink.objects.count() == 2
    assert "This link cannot be renewed any more." in response.content.decode()


def test_a_link_under_a_lost_key_says_so(as_thandi, karoo, link):
    PrivateLink.objects.update(nonce="0" * 64)

    page = as_thandi.get(f"/clients/{karoo.pk}/links/").content.decode()

    assert "This link can no longer be shown, make a new one." in page


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_page_costs_the_same_with_more_links(as_thandi, karoo, lena, thandi, how_many, django_assert_num_queries):
    for _number in range(how_many):
        make_link(karoo, thandi, NOW, contact=lena)
        revoke_link(make_link(karoo, thandi, NOW, contact=lena), thandi, NOW)

    # session, user, client, main contact, open links, closed links, contacts, scopes, firm, heartbeat, oldest unsent,
    # and whether there is any contact to make one for
    with django_assert_num_queries(11):
        as_thandi.get(f"/clients/{karoo.pk}/links/")
