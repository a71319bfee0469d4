"""What a private link opens, and what nobody without one can find out."""

import secrets
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client as Browser

from clients.actions import make_link, mark_left, revoke_link
from clients.models import PrivateLink
from clients.views.private import WRONG_LINKS
from conftest import DAY, NOW
from promises.models import Promise

SAME = ("Cache-Control", "X-Robots-Tag", "Referrer-Policy", "Content-Type", "Content-Length", "Content-Security-Policy")


@pytest.fixture(autouse=True)
def _at_now():
    cache.clear()
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def link(karoo, thandi):
    return make_link(karoo, thandi, NOW - DAY)


def address(link):
    return f"/p/{link.token()}/"


# In


def test_a_link_opens_its_clients_page_without_signing_in(client, link, make_promise):
    make_promise()

    page = client.get(address(link))

    assert page.status_code == 200
    assert "Shop fittings drawings" in page.content.decode()


def test_a_link_of_another_client_opens_only_theirs(client, link, make_promise, secret, thandi):
    make_promise("Ours alone")
    make_promise("Theirs alone", client=secret)

    page = client.get(address(make_link(secret, thandi, NOW))).content.decode()

    assert "Theirs alone" in page
    assert "Ours alone" not in page


@pytest.mark.parametrize(("seconds", "status"), [(-1, 200), (0, 404), (1, 404)])
def test_a_link_closes_at_the_instant_it_expires(client, link, seconds, status):
    with time_machine.travel(link.expires_at + timedelta(seconds=seconds), tick=False):
        assert client.get(address(link)).status_code == status


# Out, always in the same way


def wrong_token(karoo, lena, thandi):
    return secrets.token_urlsafe(32)


def cut_token(karoo, lena, thandi):
    return make_link(karoo, thandi, NOW).token()[:-1]


def expired_token(karoo, lena, thandi):
    return make_link(karoo, thandi, NOW - 31 * DAY, days=30).token()


def revoked_token(karoo, lena, thandi):
    link = make_link(karoo, thandi, NOW)
    revoke_link(link, thandi, NOW)
    return link.token()


def archived_token(karoo, lena, thandi):
    type(karoo).objects.update(archived_at=NOW)
    return make_link(karoo, thandi, NOW).token()


def leavers_token(karoo, lena, thandi):
    link = make_link(karoo, thandi, NOW, contact=lena)
    mark_left(lena, thandi, NOW)
    return link.token()


def deleted_token(karoo, lena, thandi):
    link = make_link(karoo, thandi, NOW)
    token = link.token()
    link.delete()
    return token


CLOSED = [wrong_token, cut_token, expired_token, revoked_token, archived_token, leavers_token, deleted_token]
MALFORMED = ["x", "a/b/c", "..%2f..%2fetc", "%00", "%ff%fe", "é" * 40, "'; DROP TABLE--", "a" * 4000, "new-link/x", "0"]


@pytest.mark.parametrize("closed", CLOSED)
def test_every_link_that_does_not_open_gives_one_page(client, karoo, lena, thandi, make_promise, closed):
    make_promise()
    usual = client.get("/p/never-was/")

    answer = client.get(f"/p/{closed(karoo, lena, thandi)}/")

    assert (answer.status_code, answer.content) == (404, usual.content)
    assert {name: answer.get(name) for name in SAME} == {name: usual.get(name) for name in SAME}
    assert "Karoo" not in answer.content.decode()


@pytest.mark.parametrize("token", MALFORMED)
def test_whatever_is_typed_gives_the_same_page(client, firm, token):
    usual = client.get("/p/never-was/")

    answer = client.get(f"/p/{token}/")

    assert (answer.status_code, answer.content) == (404, usual.content)


@pytest.mark.parametrize("closed", CLOSED)
def test_every_link_that_does_not_open_costs_the_same(client, karoo, lena, thandi, closed, verbs_heard):
    token = closed(karoo, lena, thandi)

    with verbs_heard() as verbs:
        client.get(f"/p/{token}/")

    assert verbs == ["SELECT", "SELECT"]  # the link, the firm


def test_the_page_for_no_page_offers_a_new_link(client, firm):
    assert 'href="/p/new-link/"' in client.get("/p/never-was/").content.decode()


def test_no_column_of_the_database_opens_the_page(client, link):
    row = PrivateLink.objects.values().get(pk=link.pk)

    statuses = {client.get(f"/p/{value}/").status_code for value in row.values()}

    assert statuses == {404}


def test_revoking_works_on_the_next_request(client, link, thandi):
    before = client.get(address(link)).status_code

    revoke_link(link, thandi, NOW)

    assert (before, client.get(address(link)).status_code) == (200, 404)


# Looking changes nothing


def test_opening_the_page_writes_nothing(client, link, make_promise, verbs_heard):
    make_promise()

    with verbs_heard() as verbs:
        for _time in range(3):
            client.get(address(link))
            client.head(address(link))
            client.options(address(link))

    assert {*verbs} == {"SELECT"}
    assert PrivateLink.objects.filter(pk=link.pk).values().get() == PrivateLink.objects.values().get(pk=link.pk)


def test_opening_the_page_sets_no_cookie(client, link):
    answers = [client.get(address(link)), client.get("/p/never-was/"), client.head(address(link))]

    assert [dict(answer.cookies) for answer in answers] == [{}, {}, {}]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_sent_to_the_page(link, method):
    strict = Browser(enforce_csrf_checks=True)

    assert getattr(strict, method)(address(link)).status_code == 405


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_in_any_way_is_fine(client, link, method):
    assert getattr(client, method)(address(link)).status_code == 200


@pytest.mark.parametrize("where", ["open", "closed", "new link", "posted to"])
def test_nothing_is_kept_found_or_passed_on(client, link, where):
    answer = {
        "open": lambda: client.get(address(link)),
        "closed": lambda: client.get("/p/never-was/"),
        "new link": lambda: client.get("/p/new-link/"),
        "posted to": lambda: client.post(address(link)),
    }[where]()

    assert answer["Cache-Control"] == "no-store"
    assert "noindex" in answer["X-Robots-Tag"]
    assert answer["Referrer-Policy"] == "same-origin"
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


def test_a_preview_of_the_link_names_only_the_firm(client, link, make_promise):
    make_promise()

    page = client.get(address(link)).content.decode()

    head = page[: page.index("</head>")]
    assert "<title>Progress page · Word &amp; Co</title>" in head
    assert "Karoo" not in head
    assert "Shop" not in head


def test_the_page_needs_no_script_and_nobody_else(client, link, make_promise):
    make_promise()

    page = client.get(address(link)).content.decode()

    assert "<script" not in page
    assert "http://" not in page
    assert "https://" not in page


def test_neither_token_nor_number_stands_on_the_page(client, link, make_promise, karoo):
    promise = make_promise()
    Promise.objects.filter(pk=promise.pk).update(reference="REF-77")

    page = client.get(address(link)).content.decode()

    assert link.token() not in page
    assert link.token_hash not in page
    assert "REF-77" not in page
    assert f"/{karoo.pk}/" not in page
    assert f"/{promise.pk}/" not in page


# Guessing is held back, the client never


def test_who_tries_too_many_wrong_links_is_told_to_wait(client, firm):
    statuses = [client.get(f"/p/guess-{number}/").status_code for number in range(WRONG_LINKS.most + 2)]

    assert statuses == [404] * WRONG_LINKS.most + [429] * 2


def test_the_answer_says_how_long_to_wait(client, firm):
    for number in range(WRONG_LINKS.most):
        client.get(f"/p/guess-{number}/")

    answer = client.get("/p/one-more/")

    assert answer["Retry-After"] == "600"
    assert "Wait ten minutes" in answer.content.decode()


def test_a_link_that_opens_still_does_after_too_many_wrong_ones(client, link):
    for number in range(WRONG_LINKS.most + 1):
        client.get(f"/p/guess-{number}/")

    assert client.get(address(link)).status_code == 200


def test_a_claimed_address_does_not_start_a_new_count(client, firm):
    statuses = [
        client.get(f"/p/guess-{n}/", headers={"X-Forwarded-For": f"10.0.0.{n}", "X-Real-IP": f"10.1.0.{n}"}).status_code
        for n in range(WRONG_LINKS.most + 1)
    ]

    assert statuses[-1] == 429


def test_opening_a_right_link_is_not_counted(client, link):
    statuses = {client.get(address(link)).status_code for _number in range(WRONG_LINKS.most + 5)}

    assert statuses == {200}
    assert client.get("/p/never-was/").status_code == 404
