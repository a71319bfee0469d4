"""Where somebody is signed in: since when, from where, and how that ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.signals import user_logged_in
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.staff.account_events import note
from engagement.staff.http import visitor_address
from engagement.staff.models import AccountEvent, Firm, Session, User
from engagement.staff.second_step import is_asked_of
from engagement.staff.session_store import ABOUT, hashed
from engagement.staff.when import speak_moment

# Written down so rarely, a page costs no write; somebody idle is signed out so much later at most.
SEEN_EVERY = timedelta(minutes=10)
# As browsers name themselves; those that also name another stand before it.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
)


@receiver(user_logged_in)
def begin(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    now = timezone.now().timestamp()
    request.session[ABOUT] = {
        "begun": now,
        "seen": now,
        "address": visitor_address(request)[:60],
        "browser": request.META.get("HTTP_USER_AGENT", "")[:300],
    }


def seen(request: HttpRequest, now: datetime) -> None:
    about = request.session.get(ABOUT)
    if about and now.timestamp() - about["seen"] > SEEN_EVERY.total_seconds():
        request.session[ABOUT] = {**about, "seen": now.timestamp(), "address": visitor_address(request)[:60]}


@dataclass(frozen=True)
class ToldSession:
    key: str
    words: str


def told(user: User, here: str, now: datetime) -> list[ToldSession]:
    """In words, this one first. Each says the browser, the address, and when it was seen last."""
    rows = sorted(Session.of(user, now), key=lambda row: row.pk != here)
    return [ToldSession(row.pk, _words(row, row.pk == here, now)) for row in rows]


def _words(row: Session, is_here: bool, now: datetime) -> str:
    facts = {
        "browser": browser_words(row.browser),
        "address": row.address or _("an unknown address"),
        "since": speak_moment(row.begun_at or now, now=now, with_zone=False),
        "seen": speak_moment(row.seen_at or now, now=now, with_zone=False),
    }
    if is_here:
        return _("This device: %(browser)s, signed in %(since)s from %(address)s") % facts
    return _("%(browser)s, signed in %(since)s from %(address)s, last seen %(seen)s") % facts


def end(user: User, keys: Iterable[str], *, now: datetime) -> None:
    with transaction.atomic():
        Session.objects.filter(user=user, pk__in=list(keys)).delete()
        note(user, AccountEvent.Kind.SIGNED_OUT, by=user, now=now)


def this_one(request: HttpRequest) -> str:
    return hashed(request.session.session_key or "")


def end_all(user: User) -> None:
    Session.objects.filter(user=user).delete()


def end_of_those_without(firm: Firm) -> int:
    """Whoever is asked for a second step and has none sets it up at the next sign-in, which is now."""
    without = [user for user in User.objects.filter(second_step=None) if is_asked_of(user, firm)]
    Session.objects.filter(user__in=without).delete()
    return sum(user.can_sign_in for user in without)


def those_without() -> list[User]:
    """Who signs in with the password alone."""
    return [user for user in User.objects.filter(second_step=None, is_active=True) if user.can_sign_in]


def end_others(request: HttpRequest, user: User) -> None:
    """Everywhere but here; and here the cookie is another one from now on."""
    Session.objects.filter(user=user).exclude(session_key=this_one(request)).delete()
    update_session_auth_hash(request, user)


def browser_words(browser: str) -> str:
    name = next((name for sign, name in BROWSERS if sign in browser), "")
    system = next((system for sign, system in SYSTEMS if sign in browser), "")
    if name and system:
        return _("%(browser)s on %(system)s") % {"browser": name, "system": system}
    return name or system or _("A browser that does not say which")
