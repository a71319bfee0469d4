"""Write down first, send after: what people and the rooms above do with a message. How it leaves is in sending.py."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from engagement.outbox.models import LEASE_LASTS, Audience, Hold, Message, State
from engagement.outbox.sending import deliver, one_line, send_waiting, settle_abandoned, tell_rooms

__all__ = [
    "bounced",
    "deliver",
    "drop",
    "mark_sent",
    "resend",
    "see_to",
    "send_waiting",
    "settle_abandoned",
    "tell_rooms",
    "undo",
    "write",
    "write_all",
]

# A message to a client can be taken back for so long.
HOLD = timedelta(seconds=20)


def write(*, occasion: str, now: datetime, since: datetime | None = None, **fields: Any) -> Message | None:
    """Write a message down in the caller's transaction. None when this occasion has its message already.

    `since`: from when it could have been written, for what a worker may write late.
    """
    fields.setdefault("not_before", now)
    fields["subject"] = one_line(fields["subject"])
    if since and fields.get("audience") == Audience.CLIENT and _was_held_after(since):
        # Said to staff, while the caller writes in the client's language.
        with translation.override(settings.LANGUAGE_CODE):
            why = _("It was due before sending was held, and may have left before.")
        fields |= {"state": State.IN_DOUBT, "error": why}
    message, created = Message.objects.get_or_create(occasion=occasion, defaults={"written_at": now, **fields})
    return message if created else None


def write_all(rows: Iterable[dict[str, Any]], now: datetime) -> list[Message]:
    """Several at once, in the caller's transaction; none is written where one of their occasions has its message."""
    messages = [Message(**{"written_at": now, "not_before": now, **row}) for row in rows]
    for message in messages:
        message.subject = one_line(message.subject)
    return Message.objects.bulk_create(messages)


def _was_held_after(since: datetime) -> bool:
    """Whether sending was resumed without this one: while a hold stands, what waits is decided as it is lifted."""
    return Hold.objects.filter(held_at__gt=since).exclude(lifted_at=None).exists()


def undo(message: Message, now: datetime) -> bool:
    """Take a message back while it is still held. False when it is too late."""
    held = Message.objects.filter(pk=message.pk, state=State.WAITING, attempts=0, not_before__gt=now)
    with transaction.atomic():
        if not held.update(state=State.UNDONE):
            return False
        tell_rooms(message, now)
    return True


def drop(waiting: QuerySet[Message], now: datetime) -> int:
    """What these speak of is over before they left. What a worker has in hand already is not touched."""
    dropped = 0
    for message in waiting.filter(state=State.WAITING):
        with transaction.atomic():
            if Message.objects.filter(pk=message.pk, state=State.WAITING).update(state=State.DROPPED):
                tell_rooms(message, now)
                dropped += 1
    return dropped


def bounced(message: Message, now: datetime, why: str) -> bool:
    """The server accepted it and could not deliver it after all. False when that is known already."""
    came_back = Message.objects.filter(pk=message.pk, bounced_at=None, state__in=[State.SENT, State.IN_DOUBT])
    with transaction.atomic():
        if not came_back.update(bounced_at=now, state=State.FAILED, error=why[:300]):
            return False
        tell_rooms(message, now)
    return True


def resend(message: Message, now: datetime) -> bool:
    """A person has decided that a message in doubt, or a failed one, goes again, with the same Message-ID."""
    again = Message.objects.filter(pk=message.pk, state__in=[State.IN_DOUBT, State.FAILED], is_secret=False)
    fresh: dict[str, Any] = {"attempts": 0, "bounced_at": None, "seen_to_at": None, "error": ""}
    return bool(again.update(state=State.WAITING, not_before=now, **fresh))


def mark_sent(message: Message, now: datetime) -> bool:
    """A person has found that a message in doubt did arrive."""
    with transaction.atomic():
        message.refresh_from_db()
        doubtful = Message.objects.filter(pk=message.pk, state=State.IN_DOUBT)
        # Not when it was to leave, which may be hours earlier, but when a worker took it up.
        left_at = message.lease_until - LEASE_LASTS if message.lease_until else now
        if not doubtful.update(state=State.SENT, sent_at=left_at, error=""):
            return False
        tell_rooms(message, now)
    return True


def see_to(message: Message, now: datetime) -> bool:
    """A person has dealt with a failed message in another way."""
    return bool(Message.objects.filter(pk=message.pk, state=State.FAILED, seen_to_at=None).update(seen_to_at=now))
