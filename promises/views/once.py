"""A form that is sent twice does its work once. The page carries a token; the first to bring it back does the work."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from typing import Any

from django.core.cache import cache
from redis.exceptions import RedisError

from engagement.staff.models import User

A_DAY = 24 * 60 * 60
logger = logging.getLogger(__name__)


class Once:
    """A cache that cannot be reached holds nobody back: twice is better than not at all."""

    def __init__(self, user: User, token: str, lasts: int = A_DAY) -> None:
        self.key = "once:" + hashlib.sha256(f"{user.pk}:{token}".encode()).hexdigest()
        self.lasts = lasts if token else 0

    def begin(self) -> bool:
        """False for all but the first. Without a token there is nothing to tell two apart by."""
        return not self.lasts or bool(_asked(lambda: cache.add(self.key, 0, self.lasts), True))

    def done(self, pk: int) -> None:
        if self.lasts:
            _asked(lambda: cache.set(self.key, pk, self.lasts), None)

    def give_up(self) -> None:
        """Nothing was done after all, so it may be tried again."""
        if self.lasts:
            _asked(lambda: cache.delete(self.key), None)

    @property
    def made(self) -> int | None:
        """What the first made; None while it is still at work."""
        return _asked(lambda: cache.get(self.key), None) or None


def _asked(do: Callable[[], Any], otherwise: Any) -> Any:
    try:
        return do()
    except RedisError:
        logger.exception("A second press of a button cannot be told from the first.")
        return otherwise


def new_token() -> str:
    return secrets.token_urlsafe(16)
