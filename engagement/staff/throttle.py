"""Counts tries in the cache that all processes share, so that nobody can guess for long."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


class CannotCount(Exception):
    """The cache cannot be reached, so nobody knows how many tries there were."""


@dataclass(frozen=True)
class Limit:
    """So many tries within a while.

    `take` counts first and looks after: of tries that arrive together no more pass than `most`. It is for what a
    guess would open, and says so when it cannot count. The other three hold nobody back then: a page must be read.
    """

    name: str
    most: int
    within: timedelta

    def take(self, who: str) -> bool:
        """Whether this try may be looked at. It is counted either way."""
        try:
            return self._one_more(who) <= self.most
        except RedisError as error:
            logger.exception("Tries cannot be counted.")
            raise CannotCount from error

    def give_back(self, who: str) -> None:
        """The try was no guess."""
        try:
            cache.decr(self._key(who))
        except ValueError:
            # It ran out meanwhile.
            pass
        except RedisError:
            logger.exception("Tries cannot be counted.")

    def is_reached(self, who: str) -> bool:
        try:
            return int(cache.get(self._key(who), 0)) >= self.most
        except RedisError:
            logger.exception("Tries cannot be counted.")
            return False

    def count(self, who: str) -> None:
        try:
            self._one_more(who)
        except RedisError:
            logger.exception("Tries cannot be counted.")

    def forget(self, who: str) -> None:
        try:
            cache.delete(self._key(who))
        except RedisError:
            logger.exception("Tries cannot be counted.")

    def _one_more(self, who: str) -> int:
        key, seconds = self._key(who), self.within.total_seconds()
        cache.add(key, 0, seconds)
        try:
            counted = cache.incr(key)
        except ValueError:
            # It ran out between the two lines.
            cache.set(key, 1, seconds)
            return 1
        if counted == self.most:
            # Once a while, and without saying of whom: what was typed may be a password.
            logger.warning("A limit is reached: %s, %s tries.", self.name, self.most)
        if counted == 1:
            # It may have run out inside the line before: then it is new, and would never run out again.
            cache.touch(key, seconds)
        return counted

    def _key(self, who: str) -> str:
        # What people type is no key for a cache: it may be long, and hold anything.
        return "tries:" + hashlib.sha256(f"{self.name}:{who.strip().casefold()}".encode()).hexdigest()
