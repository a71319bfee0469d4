from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from clients import record
from clients.actions.welcome import who_signed
from clients.models import Agreement, Scope
from engagement.staff.models import User
from promises.actions.base import Refused
from promises.actions.making import make
from promises.actions.overriding import Override
from promises.due import Due
from promises.from_scope import NEEDED, NOT_NEEDED, ToPromise, lines_of
from promises.models import LineNotNeeded, Promise


def make_from_line(
    scope: Scope,
    number: int,
    *,
    what: str,
    due: Due,
    owner: User,
    by: User,
    now: datetime,
    estimate_hours: Decimal | None = None,
    override: Override | None = None,
) -> Promise:
    """A person has confirmed what a line of a signed scope promises, and by when. Once for each line."""
    with _holding(scope) as held:
        _waiting_line(held, number)
        return make(
            client=held.client,
            contact=who_signed(held.agreement),
            scope=held,
            scope_line=number,
            what=what,
            due=due,
            owner=owner,
            by=by,
            now=now,
            estimate_hours=estimate_hours,
            override=override,
        )


def mark_not_needed(scope: Scope, number: int, by: User, now: datetime) -> None:
    """Nothing is promised for this line. It stays in the record, and can be called back."""
    with _holding(scope) as held:
        line = _waiting_line(held, number).line
        LineNotNeeded.objects.create(scope=held, number=number)
        _write(held, NOT_NEEDED, by, now, number, line.service)


def mark_needed(scope: Scope, number: int, by: User, now: datetime) -> None:
    with _holding(scope) as held:
        found = next((one for one in lines_of([held])[held.pk].not_needed if one.line.number == number), None)
        if found is None:
            raise Refused(_("This line waits for its promise already, or has it."))
        LineNotNeeded.objects.filter(scope=held, number=number).delete()
        _write(held, NEEDED, by, now, number, found.line.service)


@contextmanager
def _holding(scope: Scope) -> Iterator[Scope]:
    """The scope, its agreement's row locked: two people who deal with one line take turns."""
    with transaction.atomic():
        Agreement.objects.select_for_update(no_key=True).get(pk=scope.agreement_id)
        held = Scope.objects.in_force().select_related("client__lead", "agreement__contact").filter(pk=scope.pk).first()
        if held is None:
            raise Refused(_("This scope is not in force, so nothing is promised from it."))
        held.agreement.client = held.client
        yield held


def _waiting_line(scope: Scope, number: int) -> ToPromise:
    found = next((one for one in lines_of([scope])[scope.pk].waiting if one.line.number == number), None)
    if found is None:
        raise Refused(_("This line has its promise, or needs none, or is not in the scope any more."))
    return found


def _write(scope: Scope, kind: str, by: User, now: datetime, number: int, service: str) -> None:
    data = {"line": number, "service": service}
    record.write(scope.client_id, record.Event(scope.record_subject, kind, now, by, data))
