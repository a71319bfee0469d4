"""A browser in which somebody has signed in before: strangers who guess elsewhere cannot hold it back.

The cookie lets nobody in. It only has its tries counted apart, so whoever steals one may guess as often as a stranger.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

SALT = "engagement.staff.known_browsers"
LASTS = timedelta(days=180)
# Colleagues may share a browser.
MOST = 5


def mark_of(request: HttpRequest, email: str) -> str | None:
    """What tries for this account are counted under in this browser; None in one that has not seen it."""
    return _marks(request).get(_whose(email))


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    known = _marks(request)
    mine = known.pop(_whose(email), None) or secrets.token_urlsafe(12)
    latest = dict(list(known.items())[1 - MOST :])
    response.set_cookie(
        settings.KNOWN_BROWSER_COOKIE_NAME,
        signing.dumps(latest | {_whose(email): mine}, salt=SALT),
        max_age=LASTS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _marks(request: HttpRequest) -> dict[str, str]:
    cookie = request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, "")
    try:
        marks: dict[str, str] = signing.loads(cookie, salt=SALT, max_age=LASTS)
    except signing.BadSignature:
        return {}
    return marks


def _whose(email: str) -> str:
    # The cookie lies on a machine that others use too: it names nobody.
    return hashlib.sha256(email.strip().casefold().encode()).hexdigest()[:16]
