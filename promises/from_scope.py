"""Lines of signed scopes that name a turnaround: each is to become a promise, once a person has confirmed it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects

from clients.actions.welcome import signed_day
from clients.agreement_rules import State
from clients.diary import client_calendar
from clients.holding import Line, folded, original
from clients.models import Addendum, AddendumLine, Client, LineValues, Scope, ScopeLine
from clients.models.scope import ScopeQuerySet
from engagement.staff.models import Firm
from engagement.staff.worktime import NoWorkingTime, working_day_after
from promises.models import LineNotNeeded, Promise

# What the client's record says of a line that becomes no promise, or does after all.
NOT_NEEDED, NEEDED = "line_not_needed", "line_needed"
# More wait until these are dealt with.
MOST_SHOWN = 20
IN_FORCE = [State.SIGNED, State.ENDED]


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


@dataclass(frozen=True, slots=True)
class TakenOut:
    """A promise whose line is in the scope no more, and the addendum that says so."""

    promise: Promise
    addendum: str


def scopes_waiting(clients: QuerySet[Client]) -> list[Scope]:
    """The oldest scopes in force of these clients with lines that wait for their promise: one more than is shown."""
    waiting = _with_a_line_waiting(clients).select_related("client", "agreement")
    return list(waiting.order_by("signed_on", "pk")[: MOST_SHOWN + 1])


def taken_out(scopes: ScopeQuerySet) -> list[TakenOut]:
    """Open promises from lines of these scopes that an addendum took out since: the soonest, one more than is shown."""
    theirs = Promise.objects.open().filter(scope__in=scopes.in_force(), scope_line__isnull=False)
    said = _in_force().filter(addendum__scope=OuterRef("scope"), number=OuterRef("scope_line"))
    last = said.order_by("-addendum__agreement__signed_at", "-addendum__seq")
    about = theirs.annotate(act=Subquery(last.values("act")[:1]), seq=Subquery(last.values("addendum__seq")[:1]))
    found = about.filter(act=AddendumLine.Act.REMOVE).select_related("client", "scope").order_by("due_at", "pk")
    return [TakenOut(one, _number_of(one)) for one in found[: MOST_SHOWN + 1]]


def _number_of(promise: Promise) -> str:
    return Addendum(scope=promise.scope, seq=promise.seq).number  # type: ignore[attr-defined] # by taken_out()


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


def _with_a_line_waiting(clients: QuerySet[Client]) -> QuerySet[Scope]:
    """Settled scopes are left where they are: what was agreed over the years is not read to find today's few."""
    named = Q(turnaround_days__isnull=False) & ~Q(kind=LineValues.LineKind.TAX)
    own = ScopeLine.objects.filter(named, scope=OuterRef("pk"))
    own = own.exclude(_settled("scope")).exclude(Exists(_in_force().filter(**_of_the_line("scope"))))
    added = _in_force().filter(named, addendum__scope=OuterRef("pk")).exclude(act=AddendumLine.Act.REMOVE)
    added = added.exclude(_settled("addendum__scope")).exclude(Exists(_later_ones()))
    current = Scope.objects.in_force().filter(client__in=clients, client__archived_at=None)
    return current.filter(Exists(own) | Exists(added))


def _settled(scope: str) -> Q:
    """Of a line, whose scope is found under this name: it has its promise, or needs none."""
    promised = Promise.objects.filter(scope=OuterRef(scope), scope_line=OuterRef("number"), voided_at=None)
    refused = LineNotNeeded.objects.filter(scope=OuterRef(scope), number=OuterRef("number"))
    return Q(Exists(promised)) | Q(Exists(refused))


def _in_force() -> QuerySet[AddendumLine]:
    return AddendumLine.objects.filter(addendum__agreement__state__in=IN_FORCE)


def _of_the_line(scope: str) -> dict[str, OuterRef]:
    return {"addendum__scope": OuterRef(scope), "number": OuterRef("number")}


def _later_ones() -> QuerySet[AddendumLine]:
    """What a later addendum says of the same line."""
    signed_at, seq = "addendum__agreement__signed_at", "addendum__seq"
    later = Q(**{f"{signed_at}__gt": OuterRef(signed_at)})
    later |= Q(**{signed_at: OuterRef(signed_at), f"{seq}__gt": OuterRef(seq)})
    return _in_force().filter(later, **_of_the_line("addendum__scope"))


def _signed_addenda(scopes: Sequence[Scope]) -> dict[int, list[Addendum]]:
    """As `clients.holding.signed_addenda`, for all of them at once."""
    in_force = Addendum.objects.filter(scope__in=scopes, agreement__state__in=IN_FORCE)
    found = in_force.select_related("agreement", "scope").prefetch_related("changes")
    of: dict[int, list[Addendum]] = defaultdict(list)
    for addendum in found.order_by("agreement__signed_at", "seq"):
        of[addendum.scope_id].append(addendum)
    return of


def _promised(scopes: Sequence[Scope]) -> set[tuple[int | None, int | None]]:
    made = Promise.objects.filter(scope__in=scopes, scope_line__isnull=False, voided_at=None)
    return {(promise.scope_id, promise.scope_line) for promise in made.only("scope", "scope_line")}


def _not_needed(scopes: Sequence[Scope]) -> dict[int, set[int]]:
    refused: dict[int, set[int]] = defaultdict(set)
    for scope, number in LineNotNeeded.objects.filter(scope__in=scopes).values_list("scope", "number"):
        refused[scope].add(number)
    return refused
