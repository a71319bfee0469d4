"""How a restored copy begins to speak again: when a person says so, and never to clients in bulk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from engagement.outbox import health
from engagement.outbox.models import Audience, Heartbeat, Hold, Message, State
from engagement.outbox.signals import message_settled
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_moment


@dataclass(frozen=True)
class Waiting:
    """What would leave by now if nothing were held."""

    staff: int
    clients: int


@dataclass(frozen=True)
class Resumed:
    to_decide: int
    cancelled: int


def present() -> Hold | None:
    return Hold.objects.filter(pk__in=Heartbeat.objects.exclude(hold=None).values("hold")).first()


def waiting(now: datetime) -> Waiting:
    to_clients = Q(audience=Audience.CLIENT)
    counts = Message.objects.due(now).aggregate(staff=Count("pk", ~to_clients), clients=Count("pk", to_clients))
    return Waiting(**counts)


def why_not_yet(hold: Hold, now: datetime, *, although_undone: bool = False) -> str:
    """Why resuming must wait: what was due meanwhile is not all written down, so nobody could decide on it now."""
    heart = Heartbeat.objects.filter(pk=1, beat_at__gte=hold.held_at).first()
    if heart is None:
        return _("Background work is not running yet. Ask whoever runs the server to start it.")
    undone = [(since, name) for since, name in health.undone(now) if since <= hold.held_at]
    if not undone or although_undone:
        return ""
    words = [
        _("%(what)s since %(when)s") % {"what": name, "when": speak_moment(since, Firm.get().zoneinfo, now=now)}
        for since, name in undone
    ]
    return _(
        "What was due meanwhile is still being worked out: %(undone)s. Try again in a minute. If it stays so,"
        " whoever runs the server can resume with “manage.py resume_sending --anyway”."
    ) % {"undone": "; ".join(words)}


def uncertain(hold: Hold, now: datetime) -> QuerySet[Message]:
    """Messages to clients that may have left before the copy was restored, or that nobody looked at since.

    Only what was written before the copy was made and is due from now on is certain not to have left.
    """
    return Message.objects.filter(
        Q(not_before__lte=now) | Q(written_at__gte=hold.as_of), state=State.WAITING, audience=Audience.CLIENT
    ).order_by("not_before", "pk")


def resume(hold: Hold, now: datetime, *, by: User | None, cancel_staff: bool, cancel_clients: bool) -> Resumed | None:
    """Let messages leave again. None when somebody has resumed already.

    The hold falls last: whoever is stopped in the middle does it again, and nothing has left.
    """
    cancelled = to_decide = 0
    for message in uncertain(hold, now):
        if message.is_secret:
            # A code is for somebody who waits at their screen, and they have gone.
            cancelled += _settle(message, now, State.FAILED)
        elif cancel_clients:
            cancelled += _settle(message, now, State.DROPPED)
        else:
            to_decide += _settle(message, now, State.IN_DOUBT)
    if cancel_staff:
        before = Message.objects.due(hold.held_at).filter(audience=Audience.STAFF)
        cancelled += sum(_settle(message, now, State.DROPPED) for message in before)
    with transaction.atomic():
        if not Heartbeat.objects.filter(pk=1, hold=hold).update(hold=None):
            return None
        done = {"to_decide": to_decide, "cancelled": cancelled}
        Hold.objects.filter(pk=hold.pk).update(lifted_at=now, lifted_by=by, **done)
    return Resumed(**done)


def _settle(message: Message, now: datetime, state: State) -> bool:
    reason = _("It waited in a restored copy, and may have left before.")
    changes: dict[str, Any] = {"body": ""} if message.is_secret else {}
    with transaction.atomic():
        mine = Message.objects.filter(pk=message.pk, state=State.WAITING)
        if not mine.update(state=state, error=reason[:300], **changes):
            return False
        message.refresh_from_db()
        message_settled.send(sender=Message, message=message, now=now)
    return True
