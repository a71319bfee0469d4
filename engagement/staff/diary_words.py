"""Weeks and absences as a person reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.dates import WEEKDAYS

from engagement.staff.hours import write_day
from engagement.staff.models import Absence, User, WorkingWeek

Hours = list[list[list[str]]]


@dataclass(frozen=True)
class ToldDays:
    """Weekdays in a row that have the same hours."""

    first: str
    last: str
    hours: str


@dataclass(frozen=True)
class ToldWeek:
    week: WorkingWeek
    is_in_force: bool
    days: list[ToldDays]


def told_hours(hours: Hours) -> list[ToldDays]:
    """Monday to Friday 08:30-12:30, 13:00-17:00; days off are left out."""
    told: list[ToldDays] = []
    for number, spans in enumerate(hours):
        if not spans:
            continue
        name = str(WEEKDAYS[number])
        follows = number > 0 and hours[number - 1] == spans
        first = told.pop().first if follows else name
        told.append(ToldDays(first, name, write_day(spans)))
    return told


def told_weeks(user: User, today: date) -> list[ToldWeek]:
    """Newest first. The week in force is the last one that has begun; before the first, the first."""
    weeks = list(user.weeks.order_by("-valid_from"))
    begun = [week for week in weeks if week.valid_from <= today]
    in_force = begun[0] if begun else (weeks[-1] if weeks else None)
    return [ToldWeek(week, week == in_force, told_hours(week.hours)) for week in weeks]


def told_absences(user: User, today: date) -> list[Absence]:
    """What is to come or not over yet, soonest first."""
    return list(user.absences.filter(last_day__gte=today).select_related("cover").order_by("first_day", "pk"))
