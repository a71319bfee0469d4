"""What promises does when the outbox sends, when a diary changes, and when a client's hours do."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils import translation
from django.utils.translation import gettext as _

from clients.actions import word_given, word_taken_back
from clients.models import Client, Contact
from clients.signals import client_hours_changed
from engagement.outbox.models import Message, State
from engagement.outbox.signals import message_leaving, message_settled
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from engagement.staff.signals import diary_changed
from promises.actions.base import write
from promises.actions.telling import refresh_told
from promises.actions.watching import look_soon
from promises.digest import render, render_alarm
from promises.models import Extension, Promise, Telling

OUTCOMES_OF_A_MESSAGE = {
    State.SENT: "telling_sent",
    State.FAILED: "telling_failed",
    State.IN_DOUBT: "telling_in_doubt",
    State.UNDONE: "telling_undone",
    State.DROPPED: "telling_failed",
}


@receiver(message_leaving)
def word_it_now(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """Reminders say what holds as they leave; what is settled meanwhile is not spoken of any more."""
    if message.kind not in ("digest", "alarm"):
        return None
    if message.person is None:
        return _("There is nobody left to remind.")
    worded = render(message.person, now, Diaries(Firm.get())) if message.kind == "digest" else _alarm(message, now)
    if worded is None:
        return _("There was nothing left to remind of.")
    message.subject, message.body = worded
    message.outgoing_body = message.body
    return None


@receiver(message_leaving)
def stop_stale_word(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """A client is not told of a slip that has been overtaken, nor at an address that is no longer theirs."""
    tellings = list(message.tellings.select_related("promise", "contact"))
    if not tellings:
        return None
    contact = tellings[0].contact
    if contact and (contact.left_at or contact.email != message.address):
        return _("The contact's address changed before this left. Write it again.")
    if all(_is_overtaken(telling) for telling in tellings):
        return _("What it speaks of changed before it left. Write it again.")
    return None


@receiver(message_settled)
def keep_what_became_of_it(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> None:
    """The client has heard, or has not after all: the promises it names know it in the same transaction."""
    tellings = list(message.tellings.all())
    if not tellings:
        return
    names = {telling.promise_id: telling for telling in tellings}
    promises = list(Promise.objects.select_for_update(no_key=True).filter(pk__in=names).order_by("pk"))
    for promise in promises:
        kind = "telling_bounced" if message.bounced_at else OUTCOMES_OF_A_MESSAGE[State(message.state)]
        write(promise, kind, now, None, telling=names[promise.pk].pk, error=message.error)
        refresh_told(promise, now)
    if message.bounced_at:
        _forget_the_word(promises[0].client)
        if tellings[0].contact_id:
            Contact.objects.filter(pk=tellings[0].contact_id).update(bounced_at=message.bounced_at)
    if message.state == State.SENT and message.sent_at:
        word_given(promises[0].client, message.sent_at)


@receiver(diary_changed)
def look_again_at_their_promises(sender: Any, user: User | None, now: datetime, **kwargs: Any) -> None:
    touched = Promise.objects.open()
    look_soon((touched if user is None else touched.filter(owner=user)).values_list("pk", flat=True), now)


@receiver(client_hours_changed)
def look_again_at_this_client(sender: type[Client], client: Client, now: datetime, **kwargs: Any) -> None:
    look_soon(Promise.objects.open().filter(client=client).values_list("pk", flat=True), now)


def _alarm(message: Message, now: datetime) -> tuple[str, str] | None:
    assert message.person
    latest: dict[int, tuple[Promise, str]] = {}
    reminders = message.reminders.select_related("promise__client", "promise__owner").order_by("at", "pk")
    with translation.override(message.person.language):
        for reminder in reminders:
            promise = reminder.promise
            if promise.is_not_told(now) and promise.due_at == reminder.about_due_at:
                latest[promise.pk] = (promise, reminder.get_kind_display())
    return render_alarm(message.person, list(latest.values()), now) if latest else None


def _is_overtaken(telling: Telling) -> bool:
    if telling.kind not in Telling.OF_A_SLIP:
        return False
    asked = Extension.objects.filter(telling=telling).first()
    dates = {telling.about_due_at, asked.new_due_at if asked else telling.about_due_at}
    return not telling.promise.is_open or telling.promise.due_at not in dates


def _forget_the_word(client: Client) -> None:
    heard = Telling.objects.heard().filter(promise__client=client).select_related("message")
    word_taken_back(client, max((telling.heard_at for telling in heard if telling.heard_at), default=None))
