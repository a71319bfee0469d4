"""Locks a short text for the database, with a key that is not in it: made from SECRET_KEY, read by earlier ones too."""

from __future__ import annotations

import base64
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac


def lock(text: str, purpose: str) -> str:
    """`purpose` says what for and whose: what was locked for one cannot be put in the place of another."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unlock(locked: str, purpose: str, within: timedelta | None = None) -> str | None:
    """None when no key opens it, or when it was locked longer ago than `within`."""
    try:
        return _keys(purpose).decrypt(locked.encode(), int(within.total_seconds()) if within else None).decode()
    except InvalidToken:
        return None


def _keys(purpose: str) -> MultiFernet:
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([Fernet(_key(secret, purpose)) for secret in secrets])


def _key(secret: str, purpose: str) -> bytes:
    made = salted_hmac("engagement.staff.locked", purpose, secret=secret, algorithm="sha256")
    return base64.urlsafe_b64encode(made.digest())
