from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from clients import record
from clients.actions.base import Refused
from clients.actions.drafting import draft_addendum
from clients.models import Addendum, Client, Contact, OutsideRequest, Scope, Solution
from engagement.staff.models import User

# The same words from the same person within this time are one press of the button too many.
PRESSED_TWICE = timedelta(minutes=1)
# Of an addendum, before somebody gives it a better one.
TITLE_LENGTH = 100


def log_request(request: OutsideRequest, by: User, now: datetime) -> OutsideRequest:
    """Keep what a client asked for outside what was agreed. Answers the one kept before where it is pressed twice."""
    with transaction.atomic():
        # Two presses of one button take turns.
        client = Client.objects.select_for_update(no_key=True).get(pk=request.client_id)
        if client.archived_at:
            raise Refused(_("This client is archived. Bring the client back first."))
        _must_belong(client, request.contact, request.scope)
        kept = _pressed_before(request, by, now)
        if kept:
            return kept
        request.by, request.made_at = by, now
        request.save()
        data = {
            "what": request.what,
            "asked_on": request.asked_on.isoformat(),
            "contact": request.contact.name if request.contact else "",
            "scope": request.scope.number if request.scope else "",
            "minutes": request.minutes,
            "answer": request.answer,
            "solution": _title(request.solution),
        }
        _write(request, "request_logged", now, by, data)
    return request


def answer_request(
    request: OutsideRequest, *, answer: str, minutes: int | None, solution: Solution | None, by: User, now: datetime
) -> bool:
    """Keep the answer and what it cost. What stood there before stays in the record. False when nothing is new."""
    with transaction.atomic():
        held = OutsideRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
        before = [held.answer, held.minutes, _title(held.solution)]
        held.answer, held.minutes, held.solution = answer, minutes, solution
        pairs = zip(("answer", "minutes", "solution"), before, [answer, minutes, _title(solution)], strict=True)
        changed = {name: [old, new] for name, old, new in pairs if old != new}
        if not changed:
            return False
        held.save(update_fields=["answer", "minutes", "solution"])
        _write(held, "request_answered", now, by, changed)
    return True


def turn_into_addendum(request: OutsideRequest, scope: Scope, *, by: User, now: datetime) -> Addendum:
    """Begin an addendum with what was asked for. Once: a request has one addendum, and keeps it."""
    with transaction.atomic():
        held = OutsideRequest.objects.select_for_update(of=("self",), no_key=True).get(pk=request.pk)
        if held.addendum_id:
            raise Refused(_("An addendum has been drafted from this request already. Open it below."))
        _must_belong(held.client, None, scope)
        addendum = draft_addendum(scope, title=_called(held.what), reason=held.what, by=by, now=now)
        # A request that lay beyond no scope in particular now lies beyond this one.
        held.addendum, held.scope = addendum, held.scope or scope
        held.save(update_fields=["addendum", "scope"])
        _write(held, "request_turned", now, by, {"addendum": addendum.number, "scope": scope.number})
    return addendum


def _called(what: str) -> str:
    """What was asked for, as short as a title must be."""
    return Truncator(" ".join(what.split())).chars(TITLE_LENGTH)


def _pressed_before(request: OutsideRequest, by: User, now: datetime) -> OutsideRequest | None:
    just_now = OutsideRequest.objects.filter(client=request.client_id, by=by, made_at__gt=now - PRESSED_TWICE)
    return just_now.filter(what=request.what, asked_on=request.asked_on).first()


def _must_belong(client: Client, contact: Contact | None, scope: Scope | None) -> None:
    if contact and contact.client_id != client.pk:
        raise Refused(_("Choose a contact of this client."))
    if scope and scope.client_id != client.pk:
        raise Refused(_("Choose a scope of this client."))


def _title(solution: Solution | None) -> str:
    return solution.title if solution else ""


def _write(request: OutsideRequest, kind: str, now: datetime, by: User, data: dict[str, Any]) -> None:
    record.write(request.client_id, record.Event(request.record_subject, kind, now, by, data))
