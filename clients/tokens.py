"""What private addresses are made of: an HMAC of a nonce under the installation's key.

256 bits that can be shown again to staff and put into a mail at the moment of sending, while the database alone, which
holds the hash of the token, opens nothing. Each purpose has its own word, so a token of one is none of another.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode

from django.conf import settings


def new_nonce() -> str:
    return secrets.token_hex(32)


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def new_token(purpose: str, nonce: str) -> str:
    return _under(settings.SECRET_KEY, purpose, nonce)


def token_of(purpose: str, nonce: str, token_hash: str) -> str | None:
    """The token of which this is the hash; None when the installation's key has changed and the old one is gone."""
    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        token = _under(key, purpose, nonce)
        if hmac.compare_digest(hashed(token), token_hash):
            return token
    return None


def _under(key: str, purpose: str, nonce: str) -> str:
    digest = hmac.new(key.encode(), f"{purpose} {nonce}".encode(), hashlib.sha256).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
