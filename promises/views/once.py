"""A form that is sent twice does its work once. The page carries a token; the first to bring it back does the work."""

from __future__ import annotations

import hashlib
import secrets

from django.core.cache import cache

from engagement.staff.models import User

A_DAY = 24 * 60 * 60


class Once:
    def __init__(self, user: User, token: str, lasts: int = A_DAY) -> None:
        self.key = "once:" + hashlib.sha256(f"{user.pk}:{token}".encode()).hexdigest()
        self.lasts = lasts if token else 0

    def begin(self) -> bool:
        """False for all but the first. Without a token there is nothing to tell two apart by."""
        return not self.lasts or bool(cache.add(self.key, 0, self.lasts))

    def done(self, pk: int) -> None:
        if self.lasts:
            cache.set(self.key, pk, self.lasts)

    def give_up(self) -> None:
        """Nothing was done after all, so it may be tried again."""
        if self.lasts:
            cache.delete(self.key)

    @property
    def made(self) -> int | None:
        """What the first made; None while it is still at work."""
        return cache.get(self.key) or None


def new_token() -> str:
    return secrets.token_urlsafe(16)
