"""The chance in one plain sentence with its numbers."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from engagement.staff.when import speak_hours, speak_short
from promises.forecast import Forecast
from promises.models import Promise


def sentence(promise: Promise, forecast: Forecast, now: datetime) -> str:
    """Two reasons at the most, the weightiest first. In the language in force."""
    return " ".join(_reason(ground, promise, forecast, now) for ground in forecast.grounds[:2])[:400]


def _reason(ground: str, promise: Promise, forecast: Forecast, now: datetime) -> str:
    match ground:
        case "said":
            owner, day = promise.owner.get_short_name(), _day(promise, promise.last_update_at, now)
            return _("%(owner)s said on %(day)s that it may be late.") % {"owner": owner, "day": day}
        case "silent":
            if promise.due_at <= now:
                return _("Nobody has said lately how this stands.")
            if promise.tell_by_at <= now:
                return _("Nobody has said lately how this stands, and by now the client would have to hear of a slip.")
            return _("Nobody has said lately how this stands, and the client would soon have to hear of a slip.")
        case "waiting":
            since = _day(promise, promise.waiting_since, now)
            return _("Waiting for the client since %(since)s: %(what)s.") % {
                "since": since,
                "what": promise.waiting_for,
            }
        case "seems_done" | "not_delivered":
            return _("The work seems finished. Is it done?")
        case _:
            return _work(promise, forecast, now)


def _day(promise: Promise, moment: datetime | None, now: datetime) -> str:
    """A date: the sentence is kept, and "yesterday" would be wrong tomorrow."""
    return speak_short(moment.astimezone(promise.zoneinfo).date(), now=now) if moment else ""


def _work(promise: Promise, forecast: Forecast, now: datetime) -> str:
    """What is left against what is free: called a guess for as long as no record of past jobs stands behind it."""
    figures = {
        "left": speak_hours(forecast.left) if forecast.left is not None else "",
        "free": speak_hours(forecast.free),
        "due": speak_short(promise.due_at, promise.zoneinfo, now=now),
    }
    if promise.due_at <= now:
        return _("The date has passed with %(left)s left.") % figures if figures["left"] else _("The date has passed.")
    if not figures["left"]:
        return _("A first guess, without an estimate: %(free)s free before %(due)s.") % figures
    return _("A first guess: %(left)s left, %(free)s free before %(due)s.") % figures
