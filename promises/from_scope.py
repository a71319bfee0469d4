"""Lines of signed scopes that name a turnaround: each is to become a promise, once a person has confirmed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, prefetch_related_objects

from clients.actions.welcome import signed_day
from clients.agreement_rules import State
from clients.diary import client_calendar
from clients.holding import Line, folded, original
from clients.models import Addendum, AddendumLine, Client, Entry, LineValues, Scope, ScopeLine
from engagement.staff.models import Firm
from engagement.staff.worktime import NoWorkingTime, working_day_after
from promises.models import Promise

# What the client's record says of a line that becomes no promise; the later of the two holds.
NOT_NEEDED, NEEDED = "line_not_needed", "line_needed"
# Beyond this a scope has to wait until the ones before it are dealt with.
MOST_SCOPES = 500


@dataclass(frozen=True, slots=True)
class ToPromise:
    """A line in force without a promise, and the day on which the paper that it comes from was signed."""

    scope: Scope
    line: Line
    signed_on: date

    def due_on(self, firm: Firm) -> date | None:
        """So many working days of theirs after the signing; None where nobody ever works."""
        calendar = client_calendar(self.scope.client, firm)
        try:
            return working_day_after(calendar, self.signed_on, self.line.turnaround_days or 0)
        except NoWorkingTime:
            return None


@dataclass(frozen=True, slots=True)
class Lines:
    waiting: tuple[ToPromise, ...]
    not_needed: tuple[ToPromise, ...]


def scopes_waiting(clients: QuerySet[Client]) -> list[Scope]:
    """Scopes in force of these clients with lines that wait for their promise, the oldest first."""
    found = list(
        _perhaps_waiting(clients).select_related("client", "agreement").order_by("signed_on", "pk")[:MOST_SCOPES]
    )
    lines = lines_of(found)
    return [scope for scope in found if lines[scope.pk].waiting]


def lines_of(scopes: Sequence[Scope]) -> dict[int, Lines]:
    """What holds now of each scope and has no promise yet. The same queries for one scope and for many."""
    prefetch_related_objects(list(scopes), "lines")
    addenda = _signed_addenda(scopes)
    made = _promised(scopes)
    refused = _not_needed(scopes)
    return {scope.pk: _lines(scope, addenda[scope.pk], made, refused[scope.pk]) for scope in scopes}


def _lines(
    scope: Scope, addenda: Iterable[Addendum], made: set[tuple[int | None, int | None]], refused: set[int]
) -> Lines:
    held, days = original(scope), {scope.number: signed_day(scope)}
    for addendum in addenda:
        held = folded(held, addendum.changes.all(), addendum.number)
        signed_at = addendum.agreement.signed_at or addendum.made_at
        days[addendum.number] = signed_at.astimezone(scope.client.zoneinfo).date()
    open_ones = [
        ToPromise(scope, line, days[line.source])
        for line in held.services
        if line.turnaround_days is not None and (scope.pk, line.number) not in made
    ]
    return Lines(
        tuple(one for one in open_ones if one.line.number not in refused),
        tuple(one for one in open_ones if one.line.number in refused),
    )


def _perhaps_waiting(clients: QuerySet[Client]) -> QuerySet[Scope]:
    """Without what addenda took away and what was said not to be needed: `lines_of` finds that out."""
    named = Q(turnaround_days__isnull=False) & ~Q(kind=LineValues.LineKind.TAX)
    promised = Promise.objects.filter(scope_line=OuterRef("number"), voided_at=None)
    own = ScopeLine.objects.filter(named, scope=OuterRef("pk"))
    own = own.exclude(Exists(promised.filter(scope=OuterRef("scope"))))
    added = AddendumLine.objects.filter(
        named, addendum__scope=OuterRef("pk"), addendum__agreement__state__in=[State.SIGNED, State.ENDED]
    )
    added = added.exclude(act=AddendumLine.Act.REMOVE)
    added = added.exclude(Exists(promised.filter(scope=OuterRef("addendum__scope"))))
    current = Scope.objects.in_force().filter(client__in=clients, client__archived_at=None)
    return current.filter(Exists(own) | Exists(added))


def _signed_addenda(scopes: Sequence[Scope]) -> dict[int, list[Addendum]]:
    """As `clients.holding.signed_addenda`, for all of them at once."""
    in_force = Addendum.objects.filter(scope__in=scopes, agreement__state__in=[State.SIGNED, State.ENDED])
    found = in_force.select_related("agreement", "scope").prefetch_related("changes")
    of: dict[int, list[Addendum]] = defaultdict(list)
    for addendum in found.order_by("agreement__signed_at", "seq"):
        of[addendum.scope_id].append(addendum)
    return of


def _promised(scopes: Sequence[Scope]) -> set[tuple[int | None, int | None]]:
    made = Promise.objects.filter(scope__in=scopes, scope_line__isnull=False, voided_at=None)
    return {(promise.scope_id, promise.scope_line) for promise in made.only("scope", "scope_line")}


def _not_needed(scopes: Sequence[Scope]) -> dict[int, set[int]]:
    subjects = {scope.record_subject: scope.pk for scope in scopes}
    said = Entry.objects.filter(subject__in=subjects, kind__in=[NOT_NEEDED, NEEDED]).order_by("seq")
    refused: dict[int, set[int]] = defaultdict(set)
    for subject, kind, data in said.values_list("subject", "kind", "data"):
        change = refused[subjects[subject]].add if kind == NOT_NEEDED else refused[subjects[subject]].discard
        change(data["line"])
    return refused
