from datetime import timedelta

import pytest
from django.core.cache import cache
from redis.exceptions import ConnectionError as Unreachable

from engagement.staff.throttle import Limit

LIMIT = Limit("test", 2, timedelta(minutes=1))


def test_it_is_reached_by_the_last_try_allowed():
    LIMIT.count("ana")
    assert not LIMIT.is_reached("ana")

    LIMIT.count("Ana ")
    assert LIMIT.is_reached("ana")


def test_others_and_other_limits_are_counted_apart():
    LIMIT.count("ana")
    LIMIT.count("ana")

    assert not LIMIT.is_reached("ben")
    assert not Limit("other", 2, timedelta(minutes=1)).is_reached("ana")


def test_a_count_that_runs_out_between_two_steps_begins_anew(monkeypatch):
    monkeypatch.setattr(cache, "add", lambda *args: False)

    LIMIT.count("ana")
    LIMIT.count("ana")

    assert LIMIT.is_reached("ana")


@pytest.mark.parametrize("method", ["get", "add", "delete"])
def test_a_cache_that_cannot_be_reached_keeps_nobody_out(monkeypatch, method):
    def unreachable(*args, **kwargs):
        raise Unreachable

    monkeypatch.setattr(cache, method, unreachable)

    LIMIT.count("ana")
    LIMIT.count("ana")
    LIMIT.forget("ana")

    assert LIMIT.is_reached("ana") is (method == "delete")
