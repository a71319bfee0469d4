"""Signing in by e-mail, being held after too many tries, and sessions that end."""

import time_machine
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from conftest import NOW, PASSWORD
from engagement.staff.models import Role
from engagement.staff.sign_in_tries import TRIES_FROM_A_PLACE

SIGN_IN = "/sign-in/"


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post(SIGN_IN, {"username": email, "password": password}, **extra)


def signed_in(client):
    return SESSION_KEY in client.session


def test_capitals_in_the_address_do_not_matter(client, thandi):
    response = sign_in(client, "THANDI@Word.Example ")

    assert response.status_code == 302
    assert client.session[SESSION_KEY] == str(thandi.pk)


def test_capitals_in_the_password_do(client, thandi):
    response = sign_in(client, thandi.email, PASSWORD.upper())

    assert response.status_code == 200
    assert not signed_in(client)


def test_a_miss_says_the_same_whether_the_address_is_known(client, thandi):
    known = sign_in(client, thandi.email, "wrong").context["form"].errors
    unknown = sign_in(client, "nobody@word.example", "wrong").context["form"].errors

    assert known == unknown
    assert "Check both" in known["__all__"][0]


def test_the_page_says_error_first_and_keeps_the_address(client, thandi):
    response = sign_in(client, thandi.email, "wrong")

    assert "<title>Error: Sign in" in response.content.decode()
    assert f'value="{thandi.email}"' in response.content.decode()


def test_empty_fields_say_what_to_enter(client, thandi):
    response = sign_in(client, "", "")

    assert response.context["form"].errors == {
        "username": ["Enter your e-mail"],
        "password": ["Enter your password"],
    }


def test_somebody_who_left_cannot_sign_in(client, thandi):
    thandi.is_active = False
    thandi.save()

    response = sign_in(client, thandi.email)

    assert "Check both" in response.context["form"].errors["__all__"][0]


def test_an_imported_owner_cannot_sign_in(client, make_person):
    owner = make_person("Pat Owner", email="pat@import.invalid")
    owner.set_unusable_password()
    owner.save()

    sign_in(client, owner.email, "")
    sign_in(client, owner.email, owner.password)

    assert not signed_in(client)


def test_after_signing_in_one_lands_where_one_wanted_to_go(client, thandi):
    response = client.post(f"{SIGN_IN}?next=/me/", {"username": thandi.email, "password": PASSWORD})

    assert response.url == "/me/"


def test_nobody_is_sent_to_another_site(client, thandi):
    response = client.post(f"{SIGN_IN}?next=https://evil.example/", {"username": thandi.email, "password": PASSWORD})

    assert response.url == "/"


def test_signing_out_takes_a_press_and_not_a_visit(client, thandi):
    client.force_login(thandi)

    visited = client.get(reverse("staff:sign_out"))
    assert visited.status_code == 405
    assert signed_in(client)

    client.post(reverse("staff:sign_out"))
    assert not signed_in(client)


def test_ten_misses_for_an_address_hold_it_even_against_the_right_password(client, thandi):
    for _try in range(10):
        sign_in(client, thandi.email, "wrong")

    response = sign_in(client, thandi.email.upper())

    assert "Wait 15 minutes" in response.context["form"].errors["__all__"][0]
    assert not signed_in(client)


def test_nine_misses_do_not(client, thandi):
    for _try in range(9):
        sign_in(client, thandi.email, "wrong")

    sign_in(client, thandi.email)

    assert signed_in(client)


def test_signing_in_forgets_the_misses(client, thandi):
    for _round in range(2):
        for _try in range(9):
            sign_in(client, thandi.email, "wrong")
        sign_in(client, thandi.email)
        client.post(reverse("staff:sign_out"))

    sign_in(client, thandi.email)

    assert signed_in(client)


def test_the_wait_ends_after_a_quarter_of_an_hour(client, thandi, settings):
    # A cache on a server of its own has a clock of its own, which does not travel.
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    with time_machine.travel(NOW, tick=False) as clock:
        for _try in range(10):
            sign_in(client, thandi.email, "wrong")
        clock.shift(15 * 60 + 1)

        sign_in(client, thandi.email)

        assert signed_in(client)


def test_another_address_is_not_held(client, thandi, sam):
    for _try in range(10):
        sign_in(client, thandi.email, "wrong")

    sign_in(client, sam.email)

    assert signed_in(client)


def test_fifty_misses_from_one_place_hold_it_for_every_address(client, thandi):
    for number in range(50):
        sign_in(client, f"guess{number}@word.example", "wrong")

    held = sign_in(client, thandi.email)
    elsewhere = sign_in(Client(), thandi.email, REMOTE_ADDR="198.51.100.7")

    assert "Wait 15 minutes" in held.context["form"].errors["__all__"][0]
    assert elsewhere.status_code == 302


def test_whoever_guesses_cannot_name_another_place(client, thandi):
    for _try in range(50):
        TRIES_FROM_A_PLACE.count("127.0.0.1")

    response = sign_in(client, thandi.email, HTTP_X_FORWARDED_FOR="203.0.113.9")

    assert "Wait 15 minutes" in response.context["form"].errors["__all__"][0]


def test_a_changed_role_ends_the_session(client, thandi):
    sign_in(client, thandi.email)
    assert client.get("/me/").status_code == 200

    thandi.role = Role.MANAGER
    thandi.save()

    assert client.get("/me/").url == "/sign-in/?next=/me/"


def test_leaving_ends_the_session(client, thandi):
    sign_in(client, thandi.email)
    assert client.get("/me/").status_code == 200

    thandi.is_active = False
    thandi.save()

    assert client.get("/me/").url == "/sign-in/?next=/me/"


def test_another_persons_change_ends_nothing(client, thandi, sam):
    sign_in(client, thandi.email)

    sam.role = Role.MANAGER
    sam.save()

    assert client.get("/me/").status_code == 200


def test_whoever_is_signed_in_is_not_asked_again(client, thandi):
    client.force_login(thandi)

    assert client.get(SIGN_IN).url == "/"
