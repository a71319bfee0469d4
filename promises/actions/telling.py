from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from clients.actions import word_given
from clients.models import Client, Contact
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Channel, Message
from engagement.staff.models import User
from promises.actions.base import Refused, write
from promises.models import NOTHING_ANNOUNCED, Announcement, Promise, Standing, Telling


@dataclass(frozen=True, slots=True)
class Said:
    """One promise that a message or a conversation speaks of, and what it says about it."""

    promise: Promise
    kind: str


def record_conversation(
    said: Sequence[Said],
    *,
    client: Client,
    contact: Contact | None,
    channel: str,
    spoken_at: datetime,
    text: str,
    by: User,
    now: datetime,
) -> list[Telling]:
    """A call, a meeting, a letter that somebody here has seen to. It counts as told from when it took place."""
    if spoken_at > now:
        raise Refused(_("A conversation is recorded after it took place. Choose a time that has passed."))
    with transaction.atomic():
        tellings = _put_tellings(said, client, contact, channel, None, spoken_at, text, by, now)
        word_given(client, spoken_at)
        for telling in tellings:
            refresh_told(telling.promise, now)
    return tellings


def write_to_client(
    said: Sequence[Said],
    *,
    client: Client,
    contact: Contact,
    subject: str,
    body: str,
    occasion: str,
    by: User,
    now: datetime,
) -> Message | None:
    """Write an e-mail to the client, held for a moment so that it can be taken back.

    Nobody has been told yet: that begins when the mail server accepts it. None when this occasion was written
    already, as by a second press of the button.
    """
    if not contact.email:
        raise Refused(_("%(name)s has no e-mail address. Add one, or call and record the call.") % {"name": contact})
    with transaction.atomic():
        message = outbox.write(
            occasion=occasion,
            now=now,
            not_before=now + outbox.HOLD,
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=_answered_by(said, by),
            language=contact.speaks,
            subject=subject,
            body=body,
            kind=f"client {client.pk}",
            written_by=by,
        )
        if message:
            _put_tellings(said, client, contact, Channel.EMAIL, message, now, body, by, now)
    return message


def _answered_by(said: Sequence[Said], by: User) -> str:
    """Replies go to who owns what it speaks of; with several owners, to who wrote it."""
    owners = {about.promise.owner for about in said}
    owner = owners.pop() if len(owners) == 1 else by
    return owner.email if owner.is_reachable else by.email


def refresh_told(promise: Promise, now: datetime) -> bool:
    """Read from the tellings whether the client knows about the date in force. True when that changed."""
    held = Promise.objects.select_for_update(no_key=True).get(pk=promise.pk)
    said = held.tellings.heard().filter(about_due_at=held.due_at).select_related("message")
    heard = [(telling.heard_at, telling.kind, telling.channel) for telling in said if telling.heard_at]
    announced = _announced(held, heard)
    if announced != held.announcement:
        promise.announced_for, promise.announced_ready = announced
        Promise.objects.filter(pk=held.pk).update(announced_for=announced.day, announced_ready=announced.is_ready)
    slips = ((at, channel) for at, kind, channel in heard if kind in Telling.OF_A_SLIP)
    told_at, told_how = min(slips, default=(None, ""))
    if told_at == held.told_at:
        return False
    # Told ends the reminders, and a letter that comes back begins them anew: even before the next look.
    alarm = {"alarm_at": None} if told_at else {}
    Promise.objects.filter(pk=held.pk).update(told_at=told_at, told_how=told_how, next_look_at=now, **alarm)
    promise.told_at, promise.told_how = told_at, told_how
    return True


def _announced(promise: Promise, heard: Iterable[tuple[datetime, str, str]]) -> Announcement:
    """What the last update announced, or those before it, until they heard of a new date, or that it is on track again.

    A letter that comes back owes it again.
    """
    last = promise.updates.order_by("-at", "-pk").first()
    if last is None or last.announced_for is None or promise.date_moves.filter(moved_at__gte=last.at).exists():
        return NOTHING_ANNOUNCED
    ends = {Telling.Kind.MOVED}
    if last.standing == Standing.ON_TRACK and last.at < promise.due_at:
        ends.add(Telling.Kind.PROGRESS)
    if any(kind in ends and at >= last.at for at, kind, _channel in heard):
        return NOTHING_ANNOUNCED
    return last.announcement


def _put_tellings(
    said: Sequence[Said],
    client: Client,
    contact: Contact | None,
    channel: str,
    message: Message | None,
    spoken_at: datetime,
    text: str,
    by: User,
    now: datetime,
) -> list[Telling]:
    if any(about.promise.client_id != client.pk for about in said):
        raise Refused(_("A message speaks of the promises of one client."))
    if contact and contact.client_id != client.pk:
        raise Refused(_("Choose a contact of this client."))
    tellings = []
    # All of them before the client's record, and in one order, so that two people never wait for each other.
    kinds = {about.promise.pk: about.kind for about in said}
    for promise in list(Promise.objects.select_for_update(no_key=True).filter(pk__in=kinds).order_by("pk")):
        about_due_at = _in_force(promise, spoken_at)
        telling = Telling.objects.create(
            promise=promise,
            kind=kinds[promise.pk],
            about_due_at=about_due_at,
            contact=contact,
            contact_name=contact.name if contact else "",
            channel=channel,
            message=message,
            spoken_at=spoken_at,
            text=text,
            by=by,
            at=now,
        )
        write(
            promise,
            "telling_written" if message else "told",
            now,
            by,
            telling=telling.pk,
            about=kinds[promise.pk],
            about_due=about_due_at.isoformat(),
            channel=channel,
            to=telling.contact_name,
            spoken_at=spoken_at.isoformat(),
            text=text,
        )
        tellings.append(telling)
    return tellings


def _in_force(promise: Promise, moment: datetime) -> datetime:
    """The date a word of that moment was about: what was said before a move says nothing of the new date."""
    next_move = promise.date_moves.filter(moved_at__gt=moment).order_by("moved_at", "pk").first()
    return next_move.old_due_at if next_move else promise.due_at
