"""Everybody who works here: as few words of them as a page needs, and the hours that they have free together."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import DateField, DecimalField, QuerySet, TextField, Value
from django.db.models.functions import Cast

from engagement.staff.calendars import Calendar
from engagement.staff.diary import calendar_of
from engagement.staff.models import Absence, Firm, User, WorkingWeek
from engagement.staff.statement import Given, put_together_once
from promises.coming_weeks import Days, free_by_week

DAY = timedelta(days=1)


class Person(NamedTuple):
    pk: int
    name: str
    zone: str
    is_active: bool


class _Line(NamedTuple):
    """A week from its first day on, with its hours as they are written; or days away, with their last one."""

    first: date
    last: date | None
    hours: str
    share: Decimal | None


def everybody() -> list[Person]:
    """In the order of their names. One question."""
    return list(map(Person._make, _everybody().ask()))


@put_together_once
def _everybody() -> QuerySet[Any, Any]:
    people: QuerySet[Any, Any] = User.objects.order_by("name").values_list("pk", "name", "zone", "is_active")
    return people


def free_together(people: Sequence[Person], firm: Firm, weeks: Sequence[Days], now: datetime) -> list[float]:
    """Their free hours in each of these weeks. One question, however many they are."""
    lines, hours = _diaries(weeks), json.dumps(firm.hours)
    # Most of a firm works by the firm's week, or by one of a few: each is reckoned once.
    alike = Counter((person.zone, tuple(lines.get(person.pk, ()))) for person in people if person.is_active)
    together = [0.0] * len(weeks)
    for (zone, lines_of_it), many in alike.items():
        free = free_by_week(_calendar(zone, lines_of_it, firm.holiday_region, hours, firm.share), weeks, now)
        together = [all_of_them + many * of_one for all_of_them, of_one in zip(together, free, strict=True)]
    return together


def _diaries(weeks: Sequence[Days]) -> defaultdict[int, list[_Line]]:
    # Where somebody is it may be a day earlier or later.
    first, last = weeks[0][0] - DAY, weeks[-1][1] + DAY
    found: defaultdict[int, list[_Line]] = defaultdict(list)
    for user, *line in _lines().ask(first=first, last=last):
        found[user].append(_Line(*line))
    return found


@put_together_once
def _lines() -> QuerySet[Any, Any]:
    first, last = Given("first", DateField()), Given("last", DateField())
    worked = WorkingWeek.objects.order_by().annotate(until=Value(None, DateField()), written=Cast("hours", TextField()))
    away = Absence.objects.filter(first_day__lte=last, last_day__gte=first).order_by()
    away_rows = away.annotate(written=Value("", TextField()), part=Value(None, DecimalField()))
    return worked.values_list("user_id", "valid_from", "until", "written", "share").union(
        away_rows.values_list("user_id", "first_day", "last_day", "written", "part"), all=True
    )


@lru_cache(maxsize=2048)
def _calendar(zone: str, lines: tuple[_Line, ...], region: str, hours: str, share: Decimal) -> Calendar:
    """One that was made before has worked out its days already."""
    return calendar_of(
        User(zone=zone),
        Firm(holiday_region=region, hours=json.loads(hours), share=share),
        [
            WorkingWeek(valid_from=line.first, hours=json.loads(line.hours), share=line.share or 1)
            for line in lines
            if line.last is None
        ],
        [Absence(first_day=line.first, last_day=line.last) for line in lines if line.last is not None],
    )
