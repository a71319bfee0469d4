"""What a person should know before a promise is saved. A caution asks once; it never forbids."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from clients.diary import client_calendar
from clients.models import Client
from engagement.staff.calendars import is_working_day
from engagement.staff.models import Firm, User
from engagement.staff.statement import Part
from promises.capacity import Fit
from promises.due import Due
from promises.models import Promise

ALIKE_WITHIN = timedelta(days=14)
MOST_LOOKED_AT = 200
LOOK_AHEAD = 30
# Of somebody to whom much is promised, to make a promise of each would take longer than all else here.
SAID = Part(Promise, "id", "client_id", "what", "due_on", "due_time", "zone")
WORDS = SAID.columns.index("what")

Values = tuple[Any, ...]


@dataclass(frozen=True)
class Caution:
    """`key` names what was shown, so that another date or another promise is shown again."""

    key: str
    alike: Promise | None = None
    day_off: date | None = None
    working_day: date | None = None
    # More than the diary holds: to go on takes a reason.
    over: Fit | None = None


def cautions(
    client: Client, firm: Firm, what: str, due: Due, now: datetime, recent: Sequence[Values] | None = None
) -> list[Caution]:
    """`recent` spares whoever asks of several promises to one client to read `recently` for each."""
    found = []
    if alike := promised_alike(recently(client, now) if recent is None else recent, what):
        found.append(Caution(f"alike:{alike.pk}", alike=alike))
    if working_day := next_working_day(client, firm, due):
        found.append(Caution(f"off:{due.on.isoformat()}", day_off=due.on, working_day=working_day))
    return found


def over_capacity(fit: Fit | None, owner: User) -> list[Caution]:
    """Another date, another owner or another estimate is another question."""
    if fit is None or not fit.wants_reason:
        return []
    hours = "" if fit.hours_needed is None else f"{fit.hours_needed:g}"
    return [Caution(f"over:{owner.pk}:{fit.due.at.isoformat()}:{hours}", over=fit)]


def unseen(found: Iterable[Caution], seen: str) -> list[Caution]:
    return [caution for caution in found if caution.key not in seen.split()]


def recently(client: Client, now: datetime) -> list[Values]:
    """Of each as much as a caution says of it."""
    recent = Promise.objects.filter(client=client, made_at__gt=now - ALIKE_WITHIN, voided_at=None)
    return list(recent.order_by("-made_at").values_list(*SAID.columns)[:MOST_LOOKED_AT])


def promised_alike(recent: Iterable[Values], what: str) -> Promise | None:
    """The same words to the same client a few days ago: perhaps the same promise."""
    asked = _plain(what)
    return next((SAID.made(values) for values in recent if _plain(values[WORDS]) == asked), None)


def next_working_day(client: Client, firm: Firm, due: Due) -> date | None:
    """The first working day after a due date that is none. "By 5pm" on a Sunday may have meant Monday."""
    calendar = client_calendar(client, firm)
    if is_working_day(calendar, due.on):
        return None
    days = (due.on + timedelta(days=days) for days in range(1, LOOK_AHEAD))
    return next((day for day in days if is_working_day(calendar, day)), None)


def _plain(what: str) -> str:
    return " ".join(what.casefold().split()).rstrip(".!")
