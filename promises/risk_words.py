"""The chance in one plain sentence with its numbers."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from engagement.staff.when import speak_ago, speak_hours, speak_short
from promises.forecast import Forecast
from promises.models import Promise


def sentence(promise: Promise, forecast: Forecast, now: datetime) -> str:
    """At the most three reasons, the weightiest first. In the language in force."""
    reasons = [_reason(ground, promise, forecast, now) for ground in forecast.grounds[:2]]
    if "work" in forecast.grounds or "no_estimate" in forecast.grounds:
        reasons.append(_("Not enough record yet, so this is a first guess."))
    return " ".join(reasons)[:400]


def _reason(ground: str, promise: Promise, forecast: Forecast, now: datetime) -> str:
    owner = promise.owner.get_short_name()
    match ground:
        case "said":
            ago = speak_ago(promise.last_update_at, now) if promise.last_update_at else ""
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
        case "no_estimate":
            return _("No estimate; %(free)s free before %(due)s.") % _hours(promise, forecast, now)
        case _:
            return _("%(left)s left; %(free)s free before %(due)s.") % _hours(promise, forecast, now)


def _hours(promise: Promise, forecast: Forecast, now: datetime) -> dict[str, str]:
    return {
        "left": speak_hours(forecast.left or 0).capitalize(),
        "free": speak_hours(forecast.free),
        "due": speak_short(promise.due_at, promise.zoneinfo, now=now),
    }
