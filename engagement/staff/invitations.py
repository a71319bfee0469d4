"""The link that lets somebody in for the first time: made from what the database holds, so it can be shown again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.encoding import force_bytes, force_str
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from engagement.staff.models import User

LASTS = timedelta(days=7)


def open_until(user: User) -> datetime | None:
    """Until when they can join; None when nobody invited them, or they have joined, or left."""
    if user.invited_at is None or user.has_usable_password() or not user.is_active:
        return None
    return user.invited_at + LASTS


def is_open(user: User, now: datetime) -> bool:
    until = open_until(user)
    return until is not None and now < until


def join_url(user: User) -> str:
    token = _token(user, settings.SECRET_KEY)
    return str(settings.SITE_URL) + reverse("staff:join", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])


def invited(uidb64: str, token: str, now: datetime) -> User | None:
    """Whom this link lets in; None for one that is wrong, used, replaced or too old."""
    user = _user_of(uidb64)
    if user is None or not is_open(user, now):
        return None
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return user if any(constant_time_compare(_token(user, key), token) for key in keys) else None


def _user_of(uidb64: str) -> User | None:
    try:
        pk = int(force_str(urlsafe_base64_decode(uidb64)))
    except (ValueError, OverflowError):
        return None
    # Longer numbers are nobody's, and the databases would not take them.
    user: User | None = User.objects.filter(pk=pk).first() if pk < 2**63 else None
    return user


def _token(user: User, key: str) -> str:
    # A new invitation, another address and the first password each make the links before them useless.
    assert user.invited_at
    what = f"{user.pk}|{user.email}|{user.password}|{user.invited_at.timestamp()}"
    return salted_hmac("engagement.staff.invitations", what, secret=key, algorithm="sha256").hexdigest()
