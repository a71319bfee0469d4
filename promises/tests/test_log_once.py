"""A form that is sent twice does its work once, also while the first is still at work."""

import pytest
from django.core.cache import cache

from conftest import NOW
from promises.models import Promise
from promises.views.once import Once, new_token


@pytest.fixture(autouse=True)
def _empty_cache():
    cache.clear()


def test_the_second_finds_the_first_at_work(thandi):
    first, second = Once(thandi, "token"), Once(thandi, "token")

    assert (first.begin(), second.begin()) == (True, False)
    assert second.made is None


def test_the_second_learns_what_the_first_made(thandi):
    first, second = Once(thandi, "token"), Once(thandi, "token")
    first.begin()
    first.done(7)

    assert (second.begin(), second.made) == (False, 7)


def test_what_was_given_up_may_begin_again(thandi):
    first = Once(thandi, "token")
    first.begin()
    first.give_up()

    assert Once(thandi, "token").begin()


def test_without_a_token_nothing_is_held_back(thandi):
    first, second = Once(thandi, ""), Once(thandi, "")
    first.begin()
    first.done(7)

    assert (second.begin(), second.made) == (True, None)


def test_persons_and_tokens_do_not_meet(thandi, sam):
    assert all(Once(user, token).begin() for user in (thandi, sam) for token in ("one", "two"))


def test_every_page_has_a_token_of_its_own():
    assert len({new_token() for _ in range(9)}) == 9


@pytest.fixture
def _no_cache(settings):
    """Nobody answers on this port."""
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": redis}


@pytest.mark.usefixtures("_no_cache")
def test_a_cache_that_cannot_be_reached_holds_nobody_back(thandi):
    first, second = Once(thandi, "token"), Once(thandi, "token")

    begun = first.begin()
    first.done(7)
    first.give_up()

    assert (begun, second.begin(), second.made) == (True, True, None)


@pytest.mark.usefixtures("_no_cache")
def test_a_promise_is_logged_while_the_cache_is_down(client, thandi, karoo, time_machine):
    time_machine.move_to(NOW, tick=False)
    client.force_login(thandi)

    typed = {"client": karoo.pk, "owner": thandi.pk, "what": "Draft", "due_on": "2026-11-20", "once": "token"}
    response = client.post("/promises/new/", typed)

    assert response.status_code == 302
    assert Promise.objects.get().what == "Draft"
