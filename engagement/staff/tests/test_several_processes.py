"""Guessing against a real web server of several processes, and one whose Redis dies or hangs."""

import http.client
import os
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client

from clients.actions import link_address, make_link
from conftest import NOW, PASSWORD
from engagement import testservers
from engagement.management.commands.serve import web as command
from engagement.outbox.tests.machinery import Machinery, database_url, own_redis

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# TRIES=10000 guesses so often: make soak.
TRIES = int(os.environ.get("TRIES", "240"))
PROCESSES = 4
COOKIE = "csrftoken=" + "a" * 32
FORM = {"csrfmiddlewaretoken": "a" * 32}


class Web:
    def __init__(self, port):
        self.port = port

    def ask(self, method, path, fields=None, **headers):
        caller = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        sent = {"Cookie": COOKIE, "Content-Type": "application/x-www-form-urlencoded"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        caller.request(method, path, urlencode(FORM | fields) if fields else None, sent)
        answer = caller.getresponse()
        body = answer.read().decode()
        caller.close()
        return answer.status, body, answer.headers

    def sign_in(self, email, password, **headers):
        return self.ask("POST", "/sign-in/", {"username": email, "password": password}, **headers)[0]


@pytest.fixture
def machinery(tmp_path):
    found = Machinery(tmp_path, "filemail:///", database_url())
    yield found
    found.end()


@pytest.fixture
def web(machinery, settings):
    """Several processes of the product on the test's own database."""

    def start(broker, **environ):
        settings.PORT = port = testservers.free_port()
        settings.WEB_PROCESSES = PROCESSES
        machinery.start([*command(), "--log-level", "critical"], broker, SECRET_KEY=settings.SECRET_KEY, **environ)
        testservers.wait_for("the web server", lambda: testservers.listens(port))
        return Web(port)

    return start


@pytest.fixture
def mokoena(thandi):
    """With a password as a real installation keeps it, only quicker."""
    thandi.password = PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1000)
    thandi.save()
    return thandi


def guess(web, number, email, proxy):
    # What a guesser writes stands first, what a proxy of one's own writes stands last.
    forwarded = f"203.0.{number // 250}.{number % 250}" + (", 198.51.100.7" if proxy else "")
    return web.sign_in(email(number), f"guess {number}", X_Forwarded_For=forwarded, X_Real_IP=forwarded)


@pytest.mark.parametrize("proxy", [False, True], ids=["straight", "behind a proxy"])
def test_of_all_tries_with_made_up_addresses_no_more_than_the_limit_are_looked_at(web, mokoena, proxy):
    product = web(os.environ["REDIS_URL"], BEHIND_PROXY=str(proxy))
    # Another 15 minutes may begin meanwhile in a long run.
    began = time.monotonic()

    with ThreadPoolExecutor(16) as guessers:
        one = Counter(guessers.map(lambda n: guess(product, n, lambda _n: mokoena.email, proxy), range(TRIES // 2)))
        many = Counter(
            guessers.map(lambda n: guess(product, n, lambda n: f"guess{n}@word.example", proxy), range(TRIES // 2))
        )

    assert time.monotonic() - began < 15 * 60
    assert one == {200: 10, 429: TRIES // 2 - 10}
    # One place has fifty tries for all accounts; those refused for the one account count too.
    assert many[200] + min(TRIES // 2, 50) <= 50 + 10
    assert set(many) <= {200, 429}
    forwarded = {"X_Forwarded_For": "192.0.2.9"} if proxy else {}
    assert product.sign_in(mokoena.email, PASSWORD, **forwarded) == 429


def test_nobody_says_of_themselves_that_they_came_by_https(web, firm):
    product = web("", PLAIN_HTTP="False")

    for claim in ({}, {"X_Forwarded_Proto": "https"}, {"X_Forwarded_Ssl": "on"}, {"X_Forwarded_Protocol": "ssl"}):
        assert product.ask("GET", "/sign-in/", **claim)[0] == 301


@pytest.mark.parametrize("how", ["dead", "hanging"])
def test_with_redis_away_who_is_in_goes_on_and_nobody_is_let_in_uncounted(web, mokoena, karoo, tmp_path, how):
    signed_in = Client()
    signed_in.force_login(mokoena)
    mine = COOKIE + f"; sessionid={signed_in.cookies['sessionid'].value}"
    progress = "/" + link_address(make_link(karoo, mokoena, NOW)).split("/", 3)[3]
    port = testservers.free_port()
    with own_redis(tmp_path, port) as redis:
        product = web(f"redis://127.0.0.1:{port}/0")
        assert product.sign_in(mokoena.email, "wrong") == 200
        redis.kill() if how == "dead" else redis.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            status, page, headers = product.ask("POST", "/sign-in/", {"username": mokoena.email, "password": PASSWORD})
            took = time.monotonic() - began
            pages = {
                path: product.ask("GET", path, Cookie=mine)[0] for path in ("/me/", "/my-day/", "/promises/", progress)
            }
            wrong = product.ask("GET", "/p/made-up/")[0]
        finally:
            if how == "hanging":
                redis.send_signal(signal.SIGCONT)

        assert (status, headers["Retry-After"]) == (503, "60")
        assert "Tries cannot be counted at the moment" in page
        assert took < 10
        assert set(pages.values()) == {200}
        assert wrong == 404
        if how == "hanging":
            assert product.sign_in(mokoena.email, PASSWORD) == 302
