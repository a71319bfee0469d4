from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from engagement.outbox import health
from engagement.staff.when import speak_moment


@dataclass(frozen=True)
class Truth:
    """The line on every page of ours: whether reminders run, as of when."""

    running: bool
    sentence: str


def truth(request: HttpRequest) -> dict[str, Any]:
    """Read when a page shows it, once a request, and for those who work here alone."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    if not hasattr(request, "_truth"):
        request._truth = SimpleLazyObject(lambda: read(timezone.now()))  # type: ignore[attr-defined]
    return {"truth": request._truth}  # type: ignore[attr-defined]


def read(now: datetime) -> Truth:
    since = health.read(now).delayed_since
    if since is None:
        moment = speak_moment(now, now=now, with_zone=False)
        return Truth(True, _("As of %(moment)s. Reminders are running.") % {"moment": moment})
    moment = speak_moment(since, now=now, with_zone=False)
    return Truth(False, _("Reminders may be delayed since %(moment)s.") % {"moment": moment})
