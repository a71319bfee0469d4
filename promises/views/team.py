from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from engagement.staff.access import manager_required
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm, User
from promises.coming_weeks import Week
from promises.forecast import UNKNOWN_HOURS
from promises.forms.team import TeamPage
from promises.team import Cell, Line, Team


@dataclass(frozen=True, slots=True)
class Head:
    first: date
    is_this_week: bool
    holidays: list[date]


@dataclass(frozen=True, slots=True)
class Square:
    """A cell of the table, and the address of exactly the promises that it counts."""

    head: Head
    week: Week
    cell: Cell
    url: str
    # Of a hundred: how much of the free hours is taken, and how much of that is more than there are.
    taken: int
    over: int


@dataclass(frozen=True, slots=True)
class Row:
    line: Line
    squares: list[Square]
    url: str


@require_GET
@manager_required
def team(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    shown = Team(firm, now)
    asked = TeamPage(request.GET)
    asked.is_valid()
    lines, following = shown.page(asked.cleaned_data.get("after"))
    heads = [
        Head(first, number == 0, holidays)
        for number, ((first, _last), holidays) in enumerate(zip(shown.weeks, shown.holidays(), strict=True))
    ]
    context = {
        "firm": firm,
        "now": now,
        "heads": heads,
        "rows": [Row(line, _squares(line, heads), address_of(line.person)) for line in lines],
        "without_week": shown.without_week(),
        "supposed": UNKNOWN_HOURS,
        "next": f"{request.path}?after={following}" if following else "",
    }
    return render(request, "promises/team.html", context)


def own_weeks(shown: Team, person: User) -> list[tuple[Week, str]]:
    """A person's own coming weeks, each with the address of its promises."""
    return [(week, address_of(person, week, week.first == shown.weeks[0][0])) for week in shown.own(person)]


def _squares(line: Line, heads: list[Head]) -> list[Square]:
    return [
        Square(head, cell.week, cell, address_of(line.person, cell.week, head.is_this_week), *_bar(cell.week))
        for head, cell in zip(heads, line.cells, strict=True)
    ]


def address_of(person: User, week: Week | None = None, is_this_week: bool = False) -> str:
    query = {"owner": str(person.pk), "state": "open"}
    if week:
        # What is overdue counts into this week.
        query |= {} if is_this_week else {"due_from": week.first.isoformat()}
        query["due_to"] = week.last.isoformat()
    return f"{reverse('promises:list')}?{urlencode(query)}"


def _bar(week: Week) -> tuple[int, int]:
    """As long as the week is free; longer than that it does not get, its end is what does not fit."""
    needed = week.promised.needed + week.carried
    if not needed:
        return 0, 0
    if not week.is_over:
        return (min(100, max(round(100 * needed / week.free), 3)) if week.free else 100), 0
    over = min(100, max(round(100 * week.over / needed), 10))
    return 100 - over, over
