"""The chance in one plain sentence with its numbers."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from engagement.staff.when import speak_ago, speak_hours, speak_short
from promises.forecast import Forecast
from promises.models import Promise


def sentence(promise: Promise, forecast: Forecast, now: datetime) -> str:
    """Two reasons at the most, the weightiest first. In the language in force."""
    return " ".join(_reason(ground, promise, forecast, now) for ground in forecast.grounds[:2])[:400]


def _reason(ground: str, promise: Promise, forecast: Forecast, now: datetime) -> str:
    match ground:
        case "said":
            ago = speak_ago(promise.last_update_at, now) if promise.last_update_at else ""
            owner = promise.owner.get_short_name()
            return _("%(owner)s said %(ago)s that it may be late.") % {"owner": owner, "ago": ago}
        case "silent":
            return _("Nobody has said how this stands, and by now the client would have to hear of a slip.")
        case "waiting":
            since = speak_ago(promise.waiting_since, now) if promise.waiting_since else ""
            return _("Waiting for the client since %(since)s: %(what)s.") % {
                "since": since,
                "what": promise.waiting_for,
            }
        case "seems_done":
            return _("The work seems finished. Is it done?")
        case _:
            return _work(promise, forecast, now)


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
