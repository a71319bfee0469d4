"""Finding promises by words, client, owner and state: what is open by its date, then what has ended, newest first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from clients.models import Client, Scope
from engagement.staff.models import User
from engagement.staff.search import MOST_WORDS, holds
from promises import listed
from promises.models import Outcome, Promise
from promises.models.promise import PromiseQuerySet
from promises.paging import Cursor, after_due, after_end, due_between

PAGE = 50
LOOKED_INTO = ("what", "client_words", "reference", "client__name")
Rows = QuerySet[Promise]

OPEN_STATES: dict[str, Callable[[PromiseQuerySet, datetime], PromiseQuerySet]] = {
    "open": lambda rows, now: rows.open(),
    "not_told": lambda rows, now: rows.not_told(now),
    "overdue": lambda rows, now: rows.overdue(now),
    "at_risk": lambda rows, now: rows.at_risk(now),
    "waiting": lambda rows, now: rows.waiting_for_client(),
    "due_7_days": lambda rows, now: rows.due_soon(now),
}
ENDED_STATES: dict[str, Q] = {
    **{outcome: Q(outcome=outcome) for outcome in Outcome.values},
    # One withdrawn after its date had passed is late as well.
    "withdrawn": Q(withdrawn_at__isnull=False),
    "voided": Q(voided_at__isnull=False),
}


@dataclass(frozen=True)
class Search:
    user: User
    now: datetime
    words: str = ""
    client: Client | None = None
    owner: User | None = None
    scope: Scope | None = None
    state: str = ""
    due_from: date | None = None
    due_to: date | None = None

    def page(self, cursor: str = "") -> tuple[list[Promise], str]:
        """So many rows after the cursor, and the cursor of the next page; "" on the last."""
        start, found = Cursor.read(cursor), list[tuple[int, Promise]]()
        for place, rows in enumerate((self.open, self.ended)):
            if rows is None or place < start.segment:
                continue
            rows = (
                self._after(rows, place, start) if place == start.segment and start.at else self._ordered(rows, place)
            )
            wanted = PAGE + 1 - len(found)
            if wanted:
                found += [(place, promise) for promise in listed.read(rows[:wanted])]
        page = [promise for _place, promise in found[:PAGE]]
        return page, self._cursor(*found[PAGE - 1]) if len(found) > PAGE else ""

    def has_any(self) -> bool:
        return any(rows is not None and rows.exists() for rows in (self.open, self.ended))

    def without(self, name: str) -> Search:
        nothing: dict[str, Any] = {name: "" if name in ("words", "state") else None}
        return replace(self, **nothing)

    @property
    def open(self) -> Rows | None:
        if self.state in ENDED_STATES:
            return None
        return OPEN_STATES[self.state or "open"](self._asked(), self.now)

    @property
    def ended(self) -> Rows | None:
        if self.state in OPEN_STATES:
            return None
        rows = self._asked().ended()
        return rows.filter(ENDED_STATES[self.state]) if self.state else rows

    def _asked(self) -> PromiseQuerySet:
        rows: PromiseQuerySet = Promise.objects.visible_to(self.user)
        if self.client:
            rows = rows.filter(client=self.client)
        if self.owner:
            rows = rows.filter(owner=self.owner)
        if self.scope:
            rows = rows.filter(scope=self.scope)
        rows = due_between(rows, self.due_from, self.due_to)
        for word in self.words.split()[:MOST_WORDS]:
            somewhere = Q()
            for name in LOOKED_INTO:
                somewhere |= holds(name, word)
            rows = rows.filter(somewhere)
        return rows

    def _ordered(self, rows: Rows, place: int) -> Rows:
        return rows.order_by("-ended_at", "-pk") if place else rows.order_by("due_at", "pk")

    def _after(self, rows: Rows, place: int, start: Cursor) -> Rows:
        assert start.at  # page() asks of no other
        if place:
            return self._ordered(rows.filter(after_end(start.at, start.pk)), place)
        return self._ordered(rows.filter(after_due(start.at, start.pk)), place)

    def _cursor(self, place: int, last: Promise) -> str:
        return Cursor(place, last.ended_at if place else last.due_at, last.pk).written()
