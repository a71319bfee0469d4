"""Cookies of a real installation: closed to scripts, to plain http and to every other host."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import PASSWORD

ROOT = Path(__file__).resolve().parents[3]
NAMES = [
    *["SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "FLASH_COOKIE_NAME", "KNOWN_BROWSER_COOKIE_NAME"],
    *["SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "CSRF_COOKIE_HTTPONLY"],
    *["SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SAMESITE", "SESSION_COOKIE_AGE"],
]
SHOW = f"import json; from engagement import settings as s; print(json.dumps({{n: getattr(s, n) for n in {NAMES}}}))"


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    """The settings of a firm with a database, as its environment makes them."""
    environ = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path_factory.mktemp("var")), "DEBUG": "False"}
    environ |= {"DATABASE_URL": "postgresql://engagement@db/engagement", "SECRET_KEY": "k" * 50, "REDIS_URL": ""}
    shown = subprocess.run([sys.executable, "-c", SHOW], cwd=ROOT, env=environ, capture_output=True, check=True)
    return json.loads(shown.stdout)


@pytest.fixture
def as_real(settings, real):
    for name, value in real.items():
        setattr(settings, name, value)


def test_every_cookie_is_locked_to_this_host_to_https_and_to_us(client, as_real, thandi):
    client.get("/sign-in/", secure=True)
    client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD}, secure=True)
    client.get("/me/", secure=True)
    saved = {"name": "Thandi", "zone": "UTC", "language": "en", "digest_time": "8am", "title": "", "phone": ""}
    client.post("/me/", saved, secure=True)

    assert set(client.cookies) == {"__Host-session", "__Host-csrf", "__Host-flash", "__Host-known-browser"}
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert cookie["samesite"] == "Lax"


def test_no_cookie_outlives_its_use(client, as_real, thandi):
    client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD}, secure=True)

    ages = {name: cookie["max-age"] for name, cookie in client.cookies.items()}
    assert 0 < ages["__Host-session"] <= 72 * 3600
    assert ages["__Host-known-browser"] == 180 * 24 * 3600


def test_a_message_is_taken_out_of_its_cookie_once_it_was_read(client, as_real, thandi):
    client.force_login(thandi)
    client.cookies["__Host-session"] = client.session.session_key
    saved = {"name": "Thandi", "zone": "UTC", "language": "en", "digest_time": "8am", "title": "", "phone": ""}
    client.post("/me/", saved, secure=True)
    assert client.cookies["__Host-flash"].value

    page = client.get("/me/", secure=True)

    assert "Your profile is saved" in page.content.decode()
    assert client.cookies["__Host-flash"].value == ""


def test_on_ones_own_machine_plain_http_keeps_plain_names(client, thandi):
    client.post("/sign-in/", {"username": thandi.email, "password": PASSWORD})

    assert set(client.cookies) == {"csrftoken", "sessionid", "known-browser"}
    assert all(cookie["httponly"] and not cookie["secure"] for cookie in client.cookies.values())
