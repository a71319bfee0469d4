"""A form that is sent twice does its work once, also while the first is still at work."""

import pytest
from django.core.cache import cache

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
