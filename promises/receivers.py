"""What promises does when the outbox sends, when a diary changes, and when a client's hours do."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.dispatch import receiver
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clients.actions import word_given, word_taken_back
from clients.actions.base import Refused
from clients.agreement_rules import State as AgreementState
from clients.document.values import MovedDate
from clients.models import Addendum, Agreement, Client, Contact, Entry, Kind, Scope
from clients.signals import addendum_signed, agreement_sending, client_changing, scope_shown
from engagement.outbox import health
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.signals import message_leaving, message_settled
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from engagement.staff.signals import diary_changed
from promises import addenda, overrun
from promises.actions import leaving
from promises.actions.addenda import follow, must_still_say
from promises.actions.alarms import hurry_alarms, waiting_alarms
from promises.actions.base import write
from promises.actions.digest import TOO_LATE
from promises.actions.telling import refresh_told
from promises.actions.watching import look_soon
from promises.digest import render, render_alarm
from promises.models import Extension, Promise, Reminder, Telling

OUTCOMES_OF_A_MESSAGE = {
    State.SENT: "telling_sent",
    State.FAILED: "telling_failed",
    State.IN_DOUBT: "telling_in_doubt",
    State.UNDONE: "telling_undone",
    State.DROPPED: "telling_failed",
}


def looks_due(now: datetime) -> QuerySet[Any, Any]:
    return Promise.objects.to_look_at(now).order_by().values_list("next_look_at", flat=True)


def mornings_due(now: datetime) -> QuerySet[Any, Any]:
    owed: QuerySet[Any, Any] = User.objects.owed_a_digest(now)
    return owed.order_by().values_list("next_digest_at", flat=True)


health.watch_over(looks_due, gettext_noop("promises to look at"))
health.watch_over(mornings_due, gettext_noop("morning messages to write"))


@receiver(message_leaving)
def word_it_now(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """Reminders say what holds as they leave; what is settled meanwhile is not spoken of any more."""
    if message.kind not in ("digest", "alarm"):
        return None
    if message.person is None:
        return _("There is nobody left to remind.")
    if message.kind == "digest" and now - message.written_at > TOO_LATE:
        return _("Its morning was over before it left.")
    worded = render(message.person, now, Diaries(Firm.get())) if message.kind == "digest" else _alarm(message, now)
    if worded is None:
        return _("There was nothing left to remind of.")
    message.subject, message.body = worded
    message.outgoing_body = message.body
    return None


@receiver(message_leaving)
def stop_what_is_handed_over(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    if message.kind != leaving.KIND:
        return None
    if leaving.is_seen_to(message.occasion):
        return _("What they owed has another owner, or they are back.")
    # It names whatever they owed: managers see every client.
    return None if message.person and message.person.is_manager else _("Its reader is no manager any more.")


@receiver(message_leaving)
def stop_stale_word(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """A client is not told of a slip that has been overtaken, nor at an address that is no longer theirs."""
    if message.audience != Audience.CLIENT:
        return None
    tellings = list(message.tellings.select_related("promise", "contact"))
    if not tellings:
        return None
    contact = tellings[0].contact
    if contact and (contact.left_at or contact.email != message.address):
        return _("The contact's address changed before this left. Write it again.")
    if all(_is_overtaken(telling, now) for telling in tellings):
        return _("What it speaks of changed before it left. Write it again.")
    return None


@receiver(message_settled)
def keep_what_became_of_it(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> None:
    """The client has heard, or has not after all: the promises it names know it in the same transaction."""
    if message.audience != Audience.CLIENT:
        return
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


@receiver(message_settled)
def ask_somebody_else(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> None:
    """An alarm that reached nobody: the promises it spoke of are looked at, and the next circle hears."""
    if message.kind == "alarm" and message.state in (State.FAILED, State.DROPPED):
        look_soon(message.reminders.values_list("promise", flat=True), now)


@receiver(message_settled)
def say_to_another_who_left(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> None:
    if message.kind == leaving.KIND and message.state == State.DROPPED:
        leaving.say_to_another(message.occasion, now)


@receiver(diary_changed)
def look_again_at_their_promises(sender: Any, user: User | None, now: datetime, **kwargs: Any) -> None:
    touched = Promise.objects.open().order_by()
    if user:
        # Their team's too: whoever manages them may be the one to hear.
        touched = touched.filter(owner__in=User.objects.filter(Q(pk=user.pk) | Q(manager=user)).values("pk"))
        # Whoever could not be reached for long is owed no morning message of that time.
        User.objects.filter(pk=user.pk, next_digest_at__lt=now - TOO_LATE).update(next_digest_at=None)
    look_soon({*touched.values_list("pk", flat=True), *_awaiting(user)}, now)
    hurry_alarms(user, now, Diaries(Firm.get()))
    if user and not user.is_active:
        leaving.say_who_left(user, now)


def _awaiting(user: User | None) -> Iterable[int]:
    """Promises of whose slip an alarm is to tell this person, whoever owns them: they may not be there to read it."""
    if user is None:
        return []
    return Reminder.objects.filter(message__in=waiting_alarms().filter(person=user)).values_list("promise", flat=True)


@receiver(agreement_sending)
def say_what_it_moves(sender: type[Agreement], agreement: Agreement, now: datetime, **kwargs: Any) -> list[MovedDate]:
    """The dates that an addendum moves, for its text. Asked again as it is signed: then it has to say them still."""
    if agreement.kind != Kind.ADDENDUM:
        return []
    drafted = list(agreement.addendum.moves.select_related("promise"))
    if agreement.is_draft and (gone := [one for one in drafted if one.promise.is_open and one.new_due_at <= now]):
        what = {"what": gone[0].promise.what}
        raise Refused(_("The new date of “%(what)s” has passed: choose another before this is sent.") % what)
    if agreement.state in (AgreementState.SENT, AgreementState.ACCEPTED):
        must_still_say(agreement, drafted)
    return addenda.moved(drafted)


@receiver(addendum_signed)
def move_what_it_names(sender: Any, addendum: Addendum, now: datetime, **kwargs: Any) -> None:
    follow(addendum, now)


@receiver(scope_shown)
def show_what_it_takes(sender: type[Scope], scope: Scope, user: User, now: datetime, **kwargs: Any) -> str | None:
    """Hours for whoever sees the scope; what they cost, for managers alone."""
    if scope.agreement.state not in (AgreementState.SIGNED, AgreementState.ENDED):
        return None
    effort = overrun.effort_of(scope)
    if not (effort.estimated or effort.so_far or effort.unknown):
        return None
    firm = Firm.get()
    cost = overrun.cost_of(scope, effort, firm) if user.is_manager else None
    words = {
        "effort": effort,
        "cost": overrun.cost_words(effort, cost) if cost else [],
        "no_cost": user.is_manager and cost is None,
        "other_money": firm.hour_cost is not None,
    }
    return render_to_string("promises/_overrun.html", words)


@receiver(client_changing)
def look_again_at_this_client(sender: type[Client], client: Client, now: datetime, **kwargs: Any) -> None:
    look_soon(Promise.objects.open().filter(client=client).values_list("pk", flat=True), now)


def _alarm(message: Message, now: datetime) -> tuple[str, str] | None:
    assert message.person
    latest: dict[int, tuple[Promise, str]] = {}
    reminders = message.reminders.select_related("promise__client", "promise__owner").order_by("at", "pk")
    with translation.override(message.person.language):
        for reminder in reminders:
            promise = reminder.promise
            holds = promise.is_not_told(now) and promise.due_at == reminder.about_due_at
            if holds and _is_theirs(message.person, promise, reminder):
                latest[promise.pk] = (promise, reminder.get_kind_display())
    return render_alarm(message.person, list(latest.values()), now) if latest else None


def _is_theirs(person: User, promise: Promise, reminder: Reminder) -> bool:
    """Not if the client has become restricted meanwhile, or the promise was handed over."""
    if not promise.client.may_be_seen_by(person):
        return False
    if person.is_manager or person == promise.owner:
        return True
    entries = Entry.objects.filter(client=promise.client_id, subject=promise.record_subject, kind="reassigned")
    return not entries.filter(at__gte=reminder.at).exists()


def _is_overtaken(telling: Telling, now: datetime) -> bool:
    if telling.kind not in Telling.OF_A_SLIP:
        return False
    if telling.kind == Telling.Kind.MAY_BE_LATE and telling.promise.due_at <= now:
        return True
    asked = Extension.objects.filter(telling=telling).first()
    dates = {telling.about_due_at, asked.new_due_at if asked else telling.about_due_at}
    return not telling.promise.is_open or telling.promise.due_at not in dates


def _forget_the_word(client: Client) -> None:
    heard = Telling.objects.heard().filter(promise__client=client).select_related("message")
    word_taken_back(client, max((telling.heard_at for telling in heard if telling.heard_at), default=None))
