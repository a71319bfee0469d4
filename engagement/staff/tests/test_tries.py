"""Guessing: how many tries pass, whom they hold, and what happens when nobody can count."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import cache
from django.test import Client, RequestFactory
from django.urls import reverse
from redis.exceptions import ConnectionError as Unreachable

from conftest import PASSWORD
from engagement.staff import known_browsers, sign_in_tries
from engagement.staff.throttle import CannotCount, Limit


def sign_in(client, email, password=PASSWORD, **extra):
    return client.post("/sign-in/", {"username": email, "password": password}, **extra)


def signed_in(client):
    return SESSION_KEY in client.session


def guess_until_held(email, **extra):
    for _try in range(11):
        sign_in(Client(), email, "wrong", **extra)


class CountingHasher(MD5PasswordHasher):
    """How often a password was looked at, whosever."""

    worked: Counter[str] = Counter()

    def encode(self, password, salt):
        self.worked["times"] += 1
        return super().encode(password, salt)


@pytest.fixture
def work(settings):
    settings.PASSWORD_HASHERS = [f"{__name__}.CountingHasher"]
    CountingHasher.worked.clear()
    return CountingHasher.worked


@pytest.mark.parametrize("who", ["right address", "unknown address", "has left", "never joined"])
def test_a_miss_costs_the_same_work_and_says_the_same_whoever_it_is(client, thandi, work, who):
    thandi.set_password(PASSWORD)
    if who == "has left":
        thandi.is_active = False
    elif who == "never joined":
        thandi.set_unusable_password()
    thandi.save()
    work.clear()

    page = sign_in(client, "nobody@word.example" if who == "unknown address" else thandi.email, "wrong")

    assert work["times"] == 1
    assert page.context["form"].errors["__all__"] == [
        "E-mail and password do not belong together. Check both; capitals count in the password."
    ]
    assert page.status_code == 200


def test_held_tries_are_not_looked_at(client, thandi, work):
    thandi.set_password(PASSWORD)
    thandi.save()
    guess_until_held(thandi.email)
    work.clear()

    page = sign_in(client, thandi.email)

    assert work["times"] == 0
    assert (page.status_code, page.headers["Retry-After"]) == (429, "900")


def test_strangers_who_guess_do_not_hold_a_browser_that_was_here_before(client, thandi):
    sign_in(client, thandi.email)
    client.post(reverse("staff:sign_out"))
    guess_until_held(thandi.email)
    assert sign_in(Client(), thandi.email).status_code == 429

    assert sign_in(client, thandi.email).status_code == 302


def test_a_browser_that_was_here_before_guesses_no_more_often_than_a_stranger(client, thandi):
    sign_in(client, thandi.email)
    client.post(reverse("staff:sign_out"))

    looked_at = [sign_in(client, thandi.email, "wrong").status_code for _try in range(12)]

    assert looked_at == [200] * 10 + [429] * 2


def test_what_one_account_left_in_a_browser_helps_nobody_guess_another(client, thandi, sam):
    sign_in(client, thandi.email)
    client.post(reverse("staff:sign_out"))
    guess_until_held(sam.email)

    assert sign_in(client, sam.email).status_code == 429


def test_a_cookie_that_was_made_up_is_no_browser_that_was_here(client, thandi):
    client.cookies["known-browser"] = "eyJhIjoiYiJ9:made:up"
    guess_until_held(thandi.email)

    assert sign_in(client, thandi.email).status_code == 429


def test_colleagues_share_a_browser_and_it_names_none_of_them(client, thandi, sam):
    for person in (thandi, sam):
        sign_in(client, person.email)
        client.post(reverse("staff:sign_out"))
    request = RequestFactory().get("/")
    request.COOKIES = {name: kept.value for name, kept in client.cookies.items()}

    marks = [known_browsers.mark_of(request, person.email) for person in (thandi, sam)]

    assert all(marks)
    assert marks[0] != marks[1]
    assert "word.example" not in client.cookies["known-browser"].value
    assert client.cookies["known-browser"]["httponly"]


def test_an_office_that_signs_in_is_not_held_as_a_guesser(thandi):
    for _morning in range(60):
        assert sign_in(Client(), thandi.email).status_code == 302


LIMIT = Limit("race", 10, timedelta(minutes=1))


def take_many(times, taken):
    for number in range(times):
        taken.append(LIMIT.take(f"ana{' ' * (number % 3)}"))


def test_of_tries_that_come_together_no_more_pass_than_the_limit():
    taken = []
    threads = [threading.Thread(target=take_many, args=(50, taken)) for _thread in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(taken), sum(taken)) == (400, 10)


def test_a_count_that_was_begun_anew_runs_out(monkeypatch):
    lasting = []
    monkeypatch.setattr(cache, "touch", lambda _key, seconds: lasting.append(seconds))

    LIMIT.take("ben")
    LIMIT.take("ben")

    assert lasting == [60]


# Nobody can count


@pytest.fixture
def no_cache(monkeypatch):
    def unreachable(*args, **kwargs):
        raise Unreachable

    for method in ("add", "incr", "decr", "get", "set", "delete", "touch"):
        monkeypatch.setattr(cache, method, unreachable)


def test_what_cannot_be_counted_is_not_taken(no_cache):
    with pytest.raises(CannotCount):
        LIMIT.take("ana")


def test_without_a_count_no_password_is_looked_at_and_the_page_says_why(client, thandi, work, no_cache):
    page = sign_in(client, thandi.email)

    assert work["times"] == 0
    assert page.status_code == 503
    assert page.headers["Retry-After"] == "60"
    assert "Tries cannot be counted at the moment" in page.content.decode()
    assert not signed_in(client)


def test_without_a_count_no_code_is_looked_at(client, thandi, with_app, request):
    _app, codes = with_app(thandi)
    sign_in(client, thandi.email)
    request.getfixturevalue("no_cache")

    page = client.post("/sign-in/recovery/", {"code": codes[0]})

    assert page.status_code == 503
    assert not signed_in(client)


def test_who_is_signed_in_goes_on_without_a_count(client, thandi, no_cache):
    client.force_login(thandi)

    assert client.get("/me/").status_code == 200
    assert client.get("/my-day/", follow=True).status_code == 200


def test_every_limit_at_the_door_is_as_the_page_about_it_says():
    limits = {limit.name: limit.most for limit in vars(sign_in_tries).values() if isinstance(limit, Limit)}

    assert limits == {
        "address": 10,
        "place": 50,
        "known browser": 10,
        "second step": 5,
        "second step in a known browser": 5,
        "own password": 10,
        "password mail": 3,
    }
    assert timedelta(minutes=15) == sign_in_tries.WHILE
