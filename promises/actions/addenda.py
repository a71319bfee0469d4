"""Dates that an addendum moves: chosen while it is drafted, and moved when both sides have signed it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.actions.base import Changed, holding_agreement, must_be_allowed
from clients.actions.base import write as write_of_agreement
from clients.actions.signatures import version_in_force
from clients.agreement_rules import Step
from clients.models import Addendum, Agreement, Side
from clients.rights import actor
from engagement.staff.models import User
from promises.actions.base import Refused, write
from promises.actions.moving import move
from promises.addenda import still_says
from promises.due import Due
from promises.models import AddendumMove, Promise


def choose_dates(addendum: Addendum, dates: Mapping[int, Due], *, by: User, now: datetime) -> bool:
    """The dates that a drafted addendum is to move, whole, by promise: what is not given stays where it is.

    False when nothing is new.
    """
    with holding_agreement(addendum.agreement) as agreement:
        must_be_allowed(agreement, Step.EDIT, actor(by, agreement.client))
        before = _said(addendum)
        addendum.moves.all().delete()
        for promise in _locked(dates):
            _must_be_movable(promise, addendum, dates[promise.pk], now)
            _draft(promise, addendum, dates[promise.pk])
        said = _said(addendum)
        if said == before:
            return False
        write_of_agreement(agreement, "addendum_dates_chosen", now, by, dates=said)
    return True


def follow(addendum: Addendum, now: datetime) -> None:
    """Both sides have signed: the dates that it names come into force. Called inside the signing transaction.

    Raises Changed, and with that nothing is signed. Every promise is held before the first of them speaks in the
    client's record: whoever acts on a promise holds the promise first and then the client.
    """
    named = {drafted.promise_id: drafted for drafted in addendum.moves.all()}
    if not named:
        return
    promises = _locked(named)
    for promise in promises:
        named[promise.pk].promise = promise
    must_still_say(addendum.agreement, list(named.values()))
    heard_at = _heard_at(addendum, now)
    for promise in promises:
        drafted = named[promise.pk]
        words = {"addendum": addendum.number, "title": addendum.title, "new": drafted.new_due_on.isoformat()}
        if not promise.is_open:
            write(promise, "date_left_by_addendum", now, None, **words)
        elif promise.due_at != drafted.new_due_at:
            _must_lie_ahead(drafted, heard_at)
            words |= {"old": promise.due_on.isoformat(), "new_at": drafted.new_due_at.isoformat()}
            write(promise, "date_moved_by_addendum", now, None, signed_at=heard_at.isoformat(), **words)
            new = Due(drafted.new_due_on, drafted.new_due_time, drafted.new_due_at)
            move(promise, new, told_at=heard_at, by=None, now=now, addendum=addendum)


def must_still_say(agreement: Agreement, drafted: Sequence[AddendumMove]) -> None:
    """Nobody signs an old date that is not the date in force any more, nor a move that the text does not name."""
    if not still_says(version_in_force(agreement), drafted):
        raise Changed(
            _(
                "Since this was sent, a promise that it names has changed: a date in it does not hold any more. "
                "Nothing was signed: a new version has to be sent."
            ),
            None,
        )


def _must_lie_ahead(drafted: AddendumMove, heard_at: datetime) -> None:
    """Signed after its own new date, it would make of a promise a slip that nobody could have kept or told."""
    if drafted.new_due_at <= heard_at:
        raise Changed(
            _("A date in this has passed since it was sent. Nothing was signed: a new version has to be sent."), None
        )


def _heard_at(addendum: Addendum, now: datetime) -> datetime:
    """Who signed the new date has heard of it, though the firm signs later."""
    signed = addendum.agreement.signatures.filter(side=Side.CLIENT).order_by("-signed_at").first()
    return signed.signed_at if signed else now


def _locked(promises: Iterable[int]) -> list[Promise]:
    """In one order, whoever asks: two who hold some of the same promises do not wait in a ring."""
    held = Promise.objects.select_for_update(of=("self",), no_key=True).select_related("client", "owner")
    return list(held.filter(pk__in=list(promises)).order_by("pk"))


def _must_be_movable(promise: Promise, addendum: Addendum, due: Due, now: datetime) -> None:
    words = {"what": promise.what}
    if promise.client_id != addendum.scope.client_id:
        raise Refused(_("Choose promises to this client."))
    if not promise.is_open:
        raise Refused(_("“%(what)s” has ended meanwhile: take its new date out.") % words)
    if due.at <= now:
        raise Refused(_("“%(what)s”: the new date must be today or in the future.") % words)
    if due.at == promise.due_at:
        raise Refused(_("“%(what)s” is due on that date already: enter another, or none.") % words)


def _draft(promise: Promise, addendum: Addendum, due: Due) -> None:
    AddendumMove.objects.create(
        addendum=addendum,
        promise=promise,
        old_due_on=promise.due_on,
        old_due_time=promise.due_time,
        old_due_at=promise.due_at,
        new_due_on=due.on,
        new_due_time=due.time,
        new_due_at=due.at,
    )


def _said(addendum: Addendum) -> list[dict[str, Any]]:
    return [
        {
            "promise": drafted.promise_id,
            "what": drafted.promise.what,
            "old": drafted.old_due_on.isoformat(),
            "new": drafted.new_due_on.isoformat(),
            "new_at": drafted.new_due_at.isoformat(),
        }
        for drafted in addendum.moves.select_related("promise")
    ]
