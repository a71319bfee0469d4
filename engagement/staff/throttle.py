"""Counts tries in the cache, so that nobody can guess for long."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limit:
    """So many tries within a while. A cache that cannot be reached holds nobody back: people must get in to work."""

    name: str
    most: int
    within: timedelta

    def is_reached(self, who: str) -> bool:
        try:
            return int(cache.get(self._key(who), 0)) >= self.most
        except RedisError:
            logger.exception("Tries cannot be counted.")
            return False

    def count(self, who: str) -> None:
        key = self._key(who)
        try:
            cache.add(key, 0, self.within.total_seconds())
            cache.incr(key)
        except ValueError:
            # It ran out between the two lines.
            cache.set(key, 1, self.within.total_seconds())
        except RedisError:
            logger.exception("Tries cannot be counted.")

    def forget(self, who: str) -> None:
        try:
            cache.delete(self._key(who))
        except RedisError:
            logger.exception("Tries cannot be counted.")

    def _key(self, who: str) -> str:
        # What people type is no key for a cache: it may be long, and hold anything.
        return "tries:" + hashlib.sha256(f"{self.name}:{who.strip().casefold()}".encode()).hexdigest()
