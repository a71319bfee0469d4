from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.outbox import health, resuming
from engagement.outbox.models import Hold
from engagement.staff.when import speak_moment, speak_number


@dataclass(frozen=True)
class Truth:
    """The line on every page of ours: whether reminders run, as of when. While nothing is sent: why, and what waits."""

    running: bool
    sentence: str
    waits: str = ""


def truth(request: HttpRequest) -> dict[str, Any]:
    """Read when a page shows it, once a request, and for those who work here alone."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    if not hasattr(request, "_truth"):
        request._truth = SimpleLazyObject(lambda: read(timezone.now()))  # type: ignore[attr-defined]
    return {"truth": request._truth}  # type: ignore[attr-defined]


def read(now: datetime) -> Truth:
    found = health.read(now)
    if found.hold:
        return Truth(False, held(found.hold, now), waits(now))
    since = found.delayed_since
    if since is None:
        moment = speak_moment(now, now=now, with_zone=False)
        return Truth(True, _("As of %(moment)s. Reminders are running.") % {"moment": moment})
    moment = speak_moment(since, now=now, with_zone=False)
    return Truth(False, _("Reminders may be delayed since %(moment)s.") % {"moment": moment})


def held(hold: Hold, now: datetime) -> str:
    when = {"when": speak_moment(hold.as_of, now=now, with_zone=False)}
    if hold.why == Hold.Why.RESTORED:
        return _("This is a restored copy of %(when)s. Nothing is sent until an administrator says so.") % when
    words = _(
        "Nothing ran here since %(when)s: this may be a restored copy. Nothing is sent until an administrator says so."
    )
    return words % when


def waits(now: datetime) -> str:
    waiting = resuming.waiting(now)
    clients = ngettext("%(n)s message to clients", "%(n)s messages to clients", waiting.clients)
    staff = ngettext("%(n)s to colleagues", "%(n)s to colleagues", waiting.staff)
    both = {
        "clients": clients % {"n": speak_number(waiting.clients)},
        "staff": staff % {"n": speak_number(waiting.staff)},
    }
    return _("Waiting: %(clients)s, %(staff)s.") % both
