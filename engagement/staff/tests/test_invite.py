"""Letting people in: invited by an administrator, joined by a link."""

import re
from datetime import UTC, timedelta

import pytest
import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client

from conftest import DAY, NOW, PASSWORD
from engagement.staff import invitations
from engagement.staff.models import Role, User

NEW = {"name": "Nia New", "email": "nia@word.example", "title": "Architect", "role": "staff", "manager": ""}
JOINING = {"name": "Nia Newman", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def nia(client, ada, mails):
    client.force_login(ada)
    client.post("/people/new/", NEW)
    client.logout()
    return User.objects.get(email="nia@word.example")


def path_of(url):
    return re.sub(r"^https?://[^/]+", "", url)


def joins(person):
    return path_of(invitations.join_url(person))


def test_an_invitation_is_mailed_with_a_link(nia, mails, settings):
    [mail] = mails()

    assert mail.address == "nia@word.example"
    assert mail.is_secret
    assert "Ada Admin invites you to Word & Co" in mail.subject
    assert invitations.join_url(nia) in mail.body
    assert settings.SITE_URL in mail.body


def test_the_invited_cannot_sign_in_yet_and_has_the_firms_zone(nia):
    assert not nia.can_sign_in
    assert nia.zone == "Africa/Johannesburg"


def test_the_page_shows_the_link_once(client, ada, mails):
    client.force_login(ada)

    first = client.post("/people/new/", NEW, follow=True)
    again = client.get(first.request["PATH_INFO"])

    address = invitations.join_url(User.objects.get(email="nia@word.example"))
    assert address in first.content.decode()
    assert address not in again.content.decode()


def test_joining_sets_name_and_password_and_signs_in(client, nia):
    response = client.post(joins(nia), JOINING)

    nia.refresh_from_db()
    assert response.status_code == 302
    assert client.session[SESSION_KEY] == str(nia.pk)
    assert nia.name == "Nia Newman"
    assert nia.check_password(PASSWORD)


def test_looking_at_the_invitation_uses_nothing_up(client, nia):
    for _look in range(3):
        assert "Join Word &amp; Co" in client.get(joins(nia)).content.decode()

    nia.refresh_from_db()
    assert not nia.has_usable_password()


def test_a_link_lets_in_once(client, nia):
    address = joins(nia)
    client.post(address, JOINING)

    response = Client().post(address, JOINING | {"password1": "taken over by me", "password2": "taken over by me"})

    nia.refresh_from_db()
    assert response.status_code == 410
    assert nia.check_password(PASSWORD)


def test_it_works_for_a_week(client, nia):
    User.objects.filter(pk=nia.pk).update(invited_at=NOW)
    nia.refresh_from_db()

    with time_machine.travel(NOW + 7 * DAY - timedelta(seconds=1), tick=False):
        assert client.get(joins(nia)).status_code == 200
    with time_machine.travel(NOW + 7 * DAY, tick=False):
        assert client.get(joins(nia)).status_code == 410


def test_inviting_again_makes_the_first_link_useless(client, ada, nia, mails):
    first = joins(nia)
    client.force_login(ada)

    client.post(f"/people/{nia.pk}/invite/")

    nia.refresh_from_db()
    assert len(mails()) == 2
    assert Client().get(first).status_code == 410
    assert Client().get(joins(nia)).status_code == 200


def test_another_address_makes_the_link_useless(client, nia):
    first = joins(nia)

    nia.email = "nia.new@word.example"
    nia.save()

    assert client.get(first).status_code == 410


def test_whoever_left_cannot_join(client, nia):
    nia.is_active = False
    nia.save()

    assert client.get(joins(nia)).status_code == 410


@pytest.mark.parametrize("path", ["/join/x/y/", "/join/MQ/0/", f"/join/OTk5OTk5OTk5OTk5OTk5OTk5OTk5/{'0' * 64}/"])
def test_a_made_up_link_is_a_page_with_a_next_step(client, firm, path):
    response = client.get(path)

    assert response.status_code == 410
    assert "ask whoever invited you" in response.content.decode()


def test_a_link_made_under_the_key_before_still_works(client, nia, settings):
    address = joins(nia)

    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key", [settings.SECRET_KEY]
    assert client.get(address).status_code == 200

    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(address).status_code == 410


def test_joining_ends_the_session_of_whoever_sat_here_before(client, nia, sam):
    client.force_login(sam)

    client.post(joins(nia), JOINING)

    assert client.session[SESSION_KEY] == str(nia.pk)


@pytest.fixture
def pat(make_person):
    """Came with an import, and owns promises."""
    owner = make_person("Pat Owner", email="pat@import.invalid")
    owner.set_unusable_password()
    owner.save()
    return owner


def test_an_imported_owner_needs_an_address_first(client, ada, pat, mails):
    client.force_login(ada)

    page = client.post(f"/people/{pat.pk}/invite/", follow=True)

    assert "Enter their own e-mail first" in page.content.decode()
    assert mails() == []


def test_then_they_are_invited_like_anybody(client, ada, pat, mails):
    client.force_login(ada)
    edited = {"name": pat.name, "email": "pat@word.example", "title": "", "role": "staff", "manager": ""}

    client.post(f"/people/{pat.pk}/", edited)
    client.post(f"/people/{pat.pk}/invite/")
    pat.refresh_from_db()
    Client().post(joins(pat), JOINING)

    pat.refresh_from_db()
    assert [mail.address for mail in mails()] == ["pat@word.example"]
    assert pat.can_sign_in


def test_whoever_can_sign_in_is_not_invited(client, ada, thandi, mails):
    client.force_login(ada)

    page = client.post(f"/people/{thandi.pk}/invite/", follow=True)

    assert "can sign in already" in page.content.decode()
    assert mails() == []


def test_whoever_left_is_not_invited(client, ada, nia, mails):
    nia.is_active = False
    nia.save()
    client.force_login(ada)

    page = client.post(f"/people/{nia.pk}/invite/", follow=True)

    assert "Let them back in first" in page.content.decode()
    assert len(mails()) == 1


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Enter a name"),
        ("name", "x" * 101, "Name must be 100 characters or fewer"),
        ("email", "", "Enter an e-mail address"),
        ("email", "nia", "Enter an e-mail address, for example ana@firm.example"),
        ("email", "ADA@word.example", "Somebody with this e-mail is here already."),
        ("email", "nia@import.invalid", "Enter an address at which this person can be reached"),
        ("role", "owner", "Choose one from the list"),
        ("manager", "999", "Choose one from the list"),
        ("manager", "nobody", "Choose one from the list"),
    ],
)
def test_what_will_not_do_is_said_and_the_rest_kept(client, ada, mails, field, typed, words):
    client.force_login(ada)

    page = client.post("/people/new/", NEW | {field: typed})

    assert words in " ".join(page.context["form"].errors[field])
    assert "<title>Error: Invite somebody" in page.content.decode()
    assert 'value="Architect"' in page.content.decode()
    assert mails() == []
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"name": ""}, "name", "Enter your name"),
        ({"password1": "short", "password2": "short"}, "password1", "at least 10 characters"),
        ({"password1": "nia@word.example", "password2": "nia@word.example"}, "password1", "little more than your"),
        ({"password2": "differs"}, "password2", "The two passwords differ"),
    ],
)
def test_joining_says_what_is_missing(client, nia, change, field, words):
    page = client.post(joins(nia), JOINING | change)

    assert words in " ".join(page.context["form"].errors[field])
    nia.refresh_from_db()
    assert not nia.has_usable_password()


def test_an_invited_administrator_is_one(client, ada, mails):
    client.force_login(ada)

    client.post("/people/new/", NEW | {"role": "administrator"})

    assert User.objects.get(email="nia@word.example").role == Role.ADMINISTRATOR


def test_the_mail_names_the_moment_in_the_firms_zone(client, ada, mails):
    client.force_login(ada)

    with time_machine.travel(NOW.astimezone(UTC), tick=False):
        client.post("/people/new/", NEW)

    assert "until Wednesday 25 November, 11:00 (Johannesburg time)" in mails()[0].body


def test_whoever_joins_is_led_to_their_profile(client, nia):
    client.post(joins(nia), JOINING)

    page = client.get("/my-day/").content.decode()

    assert '<a href="/me/">in your profile</a>' in page
