"""A lost password, replaced by mail; a password changed by its owner."""

import re

import pytest
import time_machine
from django import forms
from django.test import Client
from django.urls import get_resolver

from conftest import DAY, NOW, PASSWORD

NEW = "another long password"


def ask(client, email):
    return client.post("/password/", {"email": email})


def link(message):
    return re.search(r"https?://\S+?(/password/\S+)", message.body).group(1)


def choose(client, address, first=NEW, second=NEW):
    page = client.get(address, follow=True)
    return client.post(page.request["PATH_INFO"], {"password1": first, "password2": second}, follow=True)


def below(kind):
    return {kind, *(each for one in kind.__subclasses__() for each in below(one))}


def test_no_form_looks_at_a_password_of_any_length():
    get_resolver().url_patterns  # noqa: B018  loads every view, and with it every form
    ours = [form for form in below(forms.BaseForm) if form.__module__.startswith("engagement.")]
    fields = [field for form in ours for field in getattr(form, "base_fields", {}).values()]
    passwords = [field for field in fields if isinstance(field.widget, forms.PasswordInput)]

    assert len(passwords) > 5
    assert {field.max_length for field in passwords} == {500}


def test_a_password_that_is_too_long_is_answered_in_words(client, thandi):
    answer = client.post("/sign-in/", {"username": thandi.email, "password": "x" * 501})

    assert "Password must be 500 characters or fewer" in answer.content.decode()


def test_the_answer_is_the_same_whether_somebody_has_the_address(client, thandi, mails):
    known, unknown = ask(client, "THANDI@word.example"), ask(client, "nobody@word.example")

    assert known.url == unknown.url == "/password/sent/"
    assert client.get(known.url).content == client.get(unknown.url).content
    assert [mail.address for mail in mails()] == [thandi.email]


def test_the_mail_is_secret_and_names_the_installation_not_the_asker(client, thandi, mails, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/password/", {"email": thandi.email}, HTTP_HOST="evil.example")

    [mail] = mails()
    assert mail.is_secret
    assert settings.SITE_URL + "/password/" in mail.body
    assert "evil.example" not in mail.body


def test_the_link_sets_a_new_password_once(client, thandi, mails):
    ask(client, thandi.email)
    address = link(mails()[0])

    done = choose(client, address)
    again = Client().get(address, follow=True)

    thandi.refresh_from_db()
    assert thandi.check_password(NEW)
    assert "Your password is set" in done.content.decode()
    assert "This link works no more" in again.content.decode()


def test_looking_at_the_link_uses_nothing_up(client, thandi, mails):
    ask(client, thandi.email)
    address = link(mails()[0])

    for _look in range(3):
        Client().get(address, follow=True)
    choose(client, address)

    thandi.refresh_from_db()
    assert thandi.check_password(NEW)


def test_after_three_days_the_link_works_no_more(client, thandi, mails):
    with time_machine.travel(NOW):
        ask(client, thandi.email)
    with time_machine.travel(NOW + 3 * DAY + DAY / 24):
        page = client.get(link(mails()[0]), follow=True)

    assert "This link works no more" in page.content.decode()


def test_the_session_of_whoever_had_the_old_password_ends(client, thandi, mails):
    client.force_login(thandi)
    ask(Client(), thandi.email)

    choose(Client(), link(mails()[0]))

    assert client.get("/me/").status_code == 302


def test_too_many_misses_are_forgiven_by_a_new_password(client, thandi, mails):
    for _try in range(10):
        client.post("/sign-in/", {"username": thandi.email, "password": "wrong"})
    ask(client, thandi.email)
    choose(client, link(mails()[0]))

    response = client.post("/sign-in/", {"username": thandi.email, "password": NEW})

    assert response.status_code == 302


def test_nobody_can_fill_a_mailbox(client, thandi, mails):
    for _ask in range(5):
        response = ask(client, thandi.email)

    assert response.url == "/password/sent/"
    assert len(mails()) == 3


@pytest.mark.parametrize("change", ["left", "not invited"])
def test_who_cannot_sign_in_receives_nothing(client, thandi, mails, change):
    if change == "left":
        thandi.is_active = False
    else:
        thandi.set_unusable_password()
    thandi.save()

    response = ask(client, thandi.email)

    assert response.url == "/password/sent/"
    assert mails() == []


@pytest.mark.parametrize("address", ["/password/x/y/", "/password/MQ/abc-def/", "/password/____/set-password/"])
def test_a_made_up_link_is_a_page_with_a_next_step(client, thandi, address):
    page = client.get(address, follow=True)

    assert page.status_code == 200
    assert "Send me a new link" in page.content.decode()


@pytest.mark.parametrize(
    ("first", "second", "field", "words"),
    [
        ("", "", "password1", "Enter a password"),
        (NEW, "", "password2", "Enter the same password again"),
        (NEW, NEW + "x", "password2", "The two passwords differ: enter the same one twice"),
        ("short", "short", "password1", "at least 10 characters"),
        ("password1234", "password1234", "password1", "tried first"),
        ("thandi@word.example", "thandi@word.example", "password1", "little more than your"),
    ],
)
def test_a_password_that_will_not_do_says_why(client, thandi, mails, first, second, field, words):
    ask(client, thandi.email)

    page = choose(client, link(mails()[0]), first, second)

    assert words in " ".join(page.context["form"].errors[field])
    assert "<title>Error: Choose a new password" in page.content.decode()
    thandi.refresh_from_db()
    assert thandi.check_password(PASSWORD)


@pytest.mark.parametrize(("typed", "words"), [("", "Enter your e-mail"), ("nobody", "Enter an e-mail address")])
def test_what_is_no_address_is_asked_for_again(client, thandi, typed, words):
    page = ask(client, typed)

    assert words in page.context["form"].errors["email"][0]


def test_ones_own_password_is_changed_with_the_old_one(client, thandi):
    client.force_login(thandi)

    client.post("/me/password/", {"old_password": PASSWORD, "password1": NEW, "password2": NEW})

    thandi.refresh_from_db()
    assert thandi.check_password(NEW)
    assert client.get("/me/").status_code == 200


def test_without_the_old_one_it_stays(client, thandi):
    client.force_login(thandi)

    page = client.post("/me/password/", {"old_password": "guess", "password1": NEW, "password2": NEW})

    assert "This is not your password" in page.context["form"].errors["old_password"][0]
    thandi.refresh_from_db()
    assert thandi.check_password(PASSWORD)
