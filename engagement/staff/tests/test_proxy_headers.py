"""What a visitor writes into headers: nothing, unless our own proxy is in front, and then what it wrote last."""

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client

from conftest import PASSWORD
from engagement.staff.models import Session
from engagement.staff.sign_in_tries import TRIES_FROM_A_PLACE

CLAIMS = {
    "X-Remote-User": "ada@word.example",
    "Remote-User": "ada@word.example",
    "X-Forwarded-User": "ada@word.example",
    "X-Forwarded-Email": "ada@word.example",
    "X-Auth-Request-User": "ada@word.example",
    "X-Forwarded-For": "203.0.113.9",
    "X-Real-IP": "203.0.113.9",
    "True-Client-IP": "203.0.113.9",
    "CF-Connecting-IP": "203.0.113.9",
    "X-Client-IP": "203.0.113.9",
    "Forwarded": "for=203.0.113.9;host=evil.example;proto=https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Server": "evil.example",
    "X-Forwarded-Port": "8443",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Ssl": "on",
    "X-Forwarded-Prefix": "/evil",
    "X-Script-Name": "/evil",
    "X-Original-URL": "/people/",
    "X-Rewrite-URL": "/people/",
    "X-HTTP-Method-Override": "DELETE",
}
one_and_all = pytest.mark.parametrize("claim", [*CLAIMS, "all of them"])


def headers(claim):
    return CLAIMS if claim == "all of them" else {claim: CLAIMS[claim]}


def answer(response):
    return response.status_code, response.headers.get("Location"), "evil" in response.content.decode()


@one_and_all
def test_no_header_signs_anybody_in(client, ada, claim):
    plain, claimed = client.get("/people/"), client.get("/people/", headers=headers(claim))

    assert answer(claimed) == answer(plain) == (302, "/sign-in/?next=/people/", False)
    assert SESSION_KEY not in client.session


@one_and_all
def test_no_header_changes_who_somebody_is(client, ada, thandi, claim):
    client.force_login(thandi)

    assert client.get("/people/", headers=headers(claim)).status_code == 403
    assert client.get("/me/", headers=headers(claim)).context["user"] == thandi


@one_and_all
def test_no_header_moves_a_visitor_to_another_place(client, thandi, claim):
    for _try in range(50):
        TRIES_FROM_A_PLACE.count("127.0.0.1")

    response = client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD}, headers=headers(claim))

    assert response.status_code == 429


@one_and_all
def test_no_header_says_that_a_visitor_came_by_https(client, firm, settings, claim):
    settings.SECURE_SSL_REDIRECT = True

    response = client.get("/sign-in/", headers=headers(claim))

    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/sign-in/")


def test_a_mail_points_to_our_own_address_whatever_host_was_asked_for(client, thandi, mails, settings):
    settings.ALLOWED_HOSTS = ["*"]

    client.post("/password/", {"email": thandi.email}, headers=CLAIMS | {"Host": "evil.example"})

    assert settings.SITE_URL in mails()[-1].body
    assert "evil" not in mails()[-1].body


@pytest.mark.parametrize(
    ("written", "believed"),
    [
        ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
        ("198.51.100.7", "198.51.100.7"),
        (" 198.51.100.7 ", "198.51.100.7"),
    ],
)
def test_behind_our_own_proxy_the_last_of_the_addresses_counts(thandi, settings, written, believed):
    settings.BEHIND_PROXY = True

    Client().post(
        "/sign-in/",
        {"username": thandi.email, "password": PASSWORD},
        headers=CLAIMS | {"X-Forwarded-For": written},
    )

    assert Session.objects.get(user=thandi).address == believed
