"""Turns weeks, absences and public holidays of the database into calendars that plain arithmetic understands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import TypeVar
from zoneinfo import ZoneInfo

import holidays
from django.db.models import QuerySet

from engagement.staff.calendars import Calendar, Span, Week
from engagement.staff.models import Absence, Firm, User, WorkingWeek

Hours = list[list[list[str]]]
Row = TypeVar("Row", Absence, WorkingWeek)


@lru_cache(maxsize=64)
def public_holidays(region: str) -> Callable[[date], bool]:
    """Whether a day is a public holiday in a region such as ZA or GB-ENG; an unknown region has none."""
    country, _, part = region.partition("-")
    try:
        days = holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return lambda day: False
    return lru_cache(maxsize=4096)(lambda day: day in days)


def read_hours(hours: Hours) -> tuple[tuple[Span, ...], ...]:
    return tuple(tuple((_clock(start), _clock(end)) for start, end in day) for day in hours)


@lru_cache(maxsize=256)
def _clock(text: str) -> time:
    return time.max if text == "24:00" else time.fromisoformat(text)


def firm_calendar(firm: Firm, zone: ZoneInfo | None = None, hours: Hours | None = None) -> Calendar:
    """The firm's own working time, or a client's when their hours or zone differ."""
    week = Week(valid_from=date.min, spans=read_hours(hours or firm.hours), share=float(firm.share))
    return _calendar(zone or firm.zoneinfo, (week,), firm.holiday_region, ())


def calendar_of(
    user: User, firm: Firm, weeks: Iterable[WorkingWeek] | None = None, absences: Iterable[Absence] | None = None
) -> Calendar:
    """A person's working time; the firm's week stands in until they have one of their own."""
    own = sorted(user.weeks.all() if weeks is None else weeks, key=lambda week: week.valid_from)
    away = user.absences.all() if absences is None else absences
    return _calendar(
        user.zoneinfo,
        tuple(Week(week.valid_from, read_hours(week.hours), float(week.share)) for week in own)
        or (Week(date.min, read_hours(firm.hours), float(firm.share)),),
        firm.holiday_region,
        tuple((absence.first_day, absence.last_day) for absence in away),
    )


@lru_cache(maxsize=1024)
def _calendar(
    zone: ZoneInfo, weeks: tuple[Week, ...], region: str, absences: tuple[tuple[date, date], ...]
) -> Calendar:
    """Most of a firm work by its week, or by one of a few. One that was made before has worked out its days already."""
    return Calendar(zone=zone, weeks=weeks, days_off=public_holidays(region), absences=absences)


@lru_cache(maxsize=1024)
def without_absences(calendar: Calendar) -> Calendar:
    """As if they were there."""
    return replace(calendar, absences=())


class Diaries:
    """Calendars by person, each read once. Made anew for every sweep or request."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self._of: dict[int, Calendar] = {}

    def of(self, user: User) -> Calendar:
        calendar = self._of.get(user.id)
        if calendar is None:
            calendar = self._of[user.id] = calendar_of(user, self.firm, *_weeks_and_absences(user))
        return calendar

    def known(self, user_id: int) -> Calendar | None:
        """A calendar that has been read already."""
        return self._of.get(user_id)

    def read(self, people: Iterable[User]) -> None:
        """The calendars of many in two questions, as far as they are not read yet."""
        new = {user.pk: user for user in people if user.pk not in self._of}
        if not new:
            return
        weeks = _by_user(WorkingWeek.objects.filter(user__in=new))
        absences = _by_user(Absence.objects.filter(user__in=new))
        for pk, user in new.items():
            self._of[pk] = calendar_of(user, self.firm, weeks[pk], absences[pk])


def _weeks_and_absences(user: User) -> tuple[list[WorkingWeek], list[Absence]]:
    """Of one person, in one question: each week beside each absence, for there are few of both."""
    week, absence = ("valid_from", "hours", "share"), ("first_day", "last_day")
    names = [f"weeks__{name}" for name in week] + [f"absences__{name}" for name in absence]
    rows = list(User.objects.filter(pk=user.pk).values_list(*names))
    weeks = {row[0]: WorkingWeek(valid_from=row[0], hours=row[1], share=row[2]) for row in rows if row[0]}
    away = {row[3:]: Absence(first_day=row[3], last_day=row[4]) for row in rows if row[3]}
    return list(weeks.values()), list(away.values())


class Covers:
    """Who stands in for whom from a day on, read once. Made anew for every sweep."""

    def __init__(self, since: date) -> None:
        # A day earlier, for people to whom it is still yesterday.
        rows = _with_cover(Absence.objects.filter(last_day__gte=since - timedelta(days=1)))
        self._of = _by_user(rows)

    @property
    def people(self) -> list[User]:
        return [absence.cover for absences in self._of.values() for absence in absences if absence.cover]

    def line(self, user: User, moment: datetime) -> list[User]:
        """As `line_for`."""
        return _line(user, moment, lambda person, day: [row for row in self._of[person.pk] if _holds(row, day)])


def line_for(user: User, moment: datetime) -> list[User]:
    """Who can be written to for somebody at that moment: the cover of the last cover first, they themselves last.

    The first hears. Where they may not, the next does: a cover who may not see a client is as none.
    """
    return _line(
        user, moment, lambda person, day: _with_cover(person.absences.filter(first_day__lte=day, last_day__gte=day))
    )


def cover_for(user: User, moment: datetime) -> User:
    """Who hears for somebody at that moment: they themselves, or their cover while they are away."""
    return next(iter(line_for(user, moment)), user)


def _line(user: User, moment: datetime, away: Callable[[User, date], Iterable[Absence]]) -> list[User]:
    """From cover to cover, and never round in a ring."""
    line = [user]
    while True:
        absences = away(user, moment.astimezone(user.zoneinfo).date())
        stand_in = next((absence.cover for absence in absences if absence.cover and absence.cover not in line), None)
        if stand_in is None:
            return [person for person in reversed(line) if person.is_reachable]
        line.append(stand_in)
        user = stand_in


def _with_cover(absences: QuerySet[Absence]) -> QuerySet[Absence]:
    return absences.filter(cover__is_active=True).select_related("cover")


def _holds(absence: Absence, day: date) -> bool:
    return absence.first_day <= day <= absence.last_day


def _by_user(rows: Iterable[Row]) -> defaultdict[int, list[Row]]:
    of: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        of[row.user_id].append(row)
    return of
