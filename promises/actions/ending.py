from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from engagement.outbox.models import State
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from promises.actions.base import Refused, holding, load_changed, write
from promises.actions.moving import told_of_move
from promises.actions.past_jobs import put_on_record, take_off_record
from promises.actions.progress import put_update
from promises.models import Outcome, OutcomeTally, Promise, Standing, Telling
from promises.outcome import DateInForce, Result, outcome

ENDED = [
    "delivered_at",
    "withdrawn_at",
    "voided_at",
    "ended_at",
    "outcome",
    "days_early",
    "days_late",
    "counted_on",
    "next_look_at",
    "alarm_at",
]
# A message in one of these may yet be read by the client.
MAY_BE_READ = (State.WAITING, State.SENDING, State.IN_DOUBT)


def deliver(
    promise: Promise,
    *,
    delivered_at: datetime,
    by: User,
    now: datetime,
    text: str = "",
    note: str = "",
    hours_taken: Decimal | None = None,
) -> Promise:
    """It is done. The outcome is frozen from what is known now and stays, whatever calendars say later."""
    if delivered_at > now:
        raise Refused(_("Delivery is recorded after it happened. Choose a time that has passed."))
    with holding(promise) as held:
        if held.made_at and delivered_at < held.made_at:
            raise Refused(_("Delivery comes after the promise was made. Choose a later time."))
        put_update(held, Standing.DONE, by, now, per_cent=100, text=text, note=note)
        result = result_of(held, delivered_at)
        held.delivered_at = delivered_at
        _end(held, delivered_at, result.outcome, result)
        took = _took(held, hours_taken)
        write(held, "delivered", now, by, delivered_at=delivered_at.isoformat(), outcome=result.outcome, **took)
        put_on_record([held], Diaries(Firm.get()))
    return held


def _took(held: Promise, hours: Decimal | None) -> dict[str, str]:
    """Left out where nobody said: what stood there, from before it was opened again, still holds."""
    if hours is None:
        return {}
    held.hours_taken = hours
    held.save(update_fields=["hours_taken"])
    return {"hours_taken": str(hours)}


def withdraw(promise: Promise, *, reason: str, agreed_by: str, by: User, now: datetime) -> Promise:
    """Take a promise back. Before its date that leaves no outcome; a date already missed stays missed."""
    with holding(promise) as held:
        load_changed(held, now)
        result = result_of(held, now)
        stands = result.outcome if result.outcome in (Outcome.LATE_TOLD, Outcome.LATE_SILENT) else ""
        held.withdrawn_at = now
        # The record before the tally, as in every other end: in two orders, two people would wait in a ring.
        write(held, "withdrawn", now, by, reason=reason, agreed_by=agreed_by, outcome=stands)
        _end(held, now, stands, result if stands else None)
    return held


def void(promise: Promise, *, reason: str, by: User, now: datetime) -> Promise:
    """Logged in error: only while the client has not been told of it. It stays visible."""
    with holding(promise) as held:
        _not_told(held)
        load_changed(held, now)
        held.voided_at = now
        _end(held, now, "", None)
        write(held, "voided", now, by, reason=reason)
    return held


def _not_told(held: Promise) -> None:
    if held.addendum_moves.filter(addendum__agreement__sent_at__isnull=False).exists():
        raise Refused(_("An addendum that was sent names it, so it was not logged by mistake. Withdraw it."))
    # Read once: between two questions a message could leave.
    tellings = list(Telling.objects.filter(promise=held).select_related("message"))
    if any(telling.heard_at for telling in tellings):
        raise Refused(_("The client has been told of it, so it was not logged by mistake. Withdraw it."))
    if any(telling.message and telling.message.state in MAY_BE_READ for telling in tellings):
        raise Refused(_("A message that names it is on its way, or may have left: take it back first, or withdraw it."))


def reopen(promise: Promise, *, reason: str, by: User, now: datetime) -> Promise:
    """Done after all not done. The earlier outcome stays in the timeline; a new one is frozen at the next end."""
    with holding(promise, still_open=False) as held:
        if held.delivered_at is None or held.ended_at is None:
            raise Refused(_("Only a delivered promise can be opened again."))
        if held.client.archived_at:
            raise Refused(_("This client is archived. Bring the client back first."))
        write(held, "reopened", now, by, reason=reason, earlier=held.outcome, ended_at=held.ended_at.isoformat())
        _count(held, -1)
        take_off_record(held)
        held.delivered_at = held.ended_at = held.days_early = held.days_late = held.counted_on = None
        load_changed(held, now)
        held.outcome, held.standing, held.per_cent = "", "", None
        held.last_update_at = held.next_look_at = now
        # What was promised for earlier changed unnoticed while this was over.
        held.hours_before = None
        held.save(update_fields=[*ENDED, "standing", "per_cent", "last_update_at", "hours_before"])
    return held


def result_of(promise: Promise, ended_at: datetime) -> Result:
    """The outcome this promise would have if it ended then."""
    moves = promise.date_moves.select_related("extension__answer").order_by("moved_at", "pk")
    dates = [DateInForce(move.old_due_on, move.old_due_at, told_of_move(move)) for move in moves]
    dates.append(DateInForce(promise.due_on, promise.due_at))
    heard = promise.tellings.of_a_slip().heard().select_related("message")
    tellings = [(telling.about_due_at, telling.heard_at) for telling in heard if telling.heard_at]
    return outcome(dates, tellings, ended_at, promise.zoneinfo)


def _end(held: Promise, at: datetime, stands: str, result: Result | None) -> None:
    held.ended_at, held.outcome = at, stands
    held.days_early = result.days_early if result else None
    held.days_late = result.days_late if result else None
    held.counted_on = at.astimezone(Firm.get().zoneinfo).date() if stands else None
    held.next_look_at = held.alarm_at = None
    held.save(update_fields=ENDED)
    _count(held, 1)


def _count(promise: Promise, by: int) -> None:
    if promise.counted_on is None:
        return
    of_it: dict[str, Any] = {"day": promise.counted_on, "outcome": promise.outcome}
    OutcomeTally.objects.get_or_create(**of_it)
    days = promise.days_early or 0
    OutcomeTally.objects.filter(**of_it).update(
        count=F("count") + by, early=F("early") + by * bool(days), days_early=F("days_early") + by * days
    )
