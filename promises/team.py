"""Load and free hours by person by week. The team's page and a person's own line on My day ask here.

As many statements for one person as for forty. What is promised is summed up by the database, through the index
`promise_owner_counted`, for the people of one page alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import (
    Case,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce, Lower

from engagement.staff.calendars import Calendar, is_working_day
from engagement.staff.diary import calendar_of, public_holidays, without_absences
from engagement.staff.models import Absence, Firm, User
from promises.coming_weeks import NOTHING, Days, Promised, Week, flow, free_by_week, weeks_from
from promises.models import Promise
from promises.models.hours_left import HOURS_LEFT
from promises.paging import due_between

WEEKS = 6
PAGE = 40
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One person's week: the working days that they are away, and whether these are all that it has."""

    week: Week
    away: int
    is_away: bool


@dataclass(frozen=True, slots=True)
class Line:
    person: User
    cells: list[Cell]
    has_own_week: bool

    @property
    def is_over(self) -> bool:
        return any(cell.week.is_over for cell in self.cells)


@dataclass(frozen=True)
class Team:
    firm: Firm
    now: datetime
    how_many: int = WEEKS

    @property
    def weeks(self) -> list[Days]:
        return weeks_from(self.now.astimezone(self.firm.zoneinfo).date(), self.how_many)

    def holidays(self) -> list[list[date]]:
        """Public holidays of each week."""
        is_off = public_holidays(self.firm.holiday_region)
        return [[day for day in days_of(week) if is_off(day)] for week in self.weeks]

    def without_week(self) -> int:
        """How many work here by the firm's week, because nobody has set one of their own."""
        people: QuerySet[User] = User.objects.active().filter(weeks=None)
        return people.count()

    def page(self, after: int | None = None, size: int = PAGE) -> tuple[list[Line], int | None]:
        """So many people in the order of their names, and whom the next page comes after."""
        weeks = self.weeks
        people = list(_in_order(after).prefetch_related(*diaries(weeks))[: size + 1])
        following, people = people[size - 1].pk if len(people) > size else None, people[:size]
        promised = promised_by_week(Promise.objects.filter(owner__in=people), weeks)
        return [self._line(person, weeks, promised) for person in people], following

    def own(self, person: User) -> list[Week]:
        """The coming weeks of somebody who looks at their own day; none where nothing is due in them."""
        weeks = self.weeks
        promised = promised_by_week(Promise.objects.visible_to(person).filter(owner=person), weeks)
        if not promised:
            return []
        prefetch_related_objects([person], *diaries(weeks))
        return [cell.week for cell in self._line(person, weeks, promised).cells]

    def _line(self, person: User, weeks: list[Days], promised: dict[tuple[int, int], Promised]) -> Line:
        calendar = calendar_of(person, self.firm)
        free = free_by_week(calendar, weeks, self.now) if person.is_active else [0.0] * len(weeks)
        flowing = flow(weeks, [promised.get((person.pk, n), NOTHING) for n in range(len(weeks))], free)
        today = self.now.astimezone(calendar.zone).date()
        return Line(person, [_cell(week, calendar, today) for week in flowing], bool(person.weeks.all()))


def promised_by_week(rows: QuerySet[Promise], weeks: Sequence[Days]) -> dict[tuple[int, int], Promised]:
    """By owner and number of the week; what is overdue is still to be done: it counts into the first. One statement."""
    rows = due_between(rows.filter(ended_at=None), None, weeks[-1][1])
    number = Case(*(When(due_on__lte=end, then=Value(n)) for n, (_first, end) in enumerate(weeks)))
    sums = rows.order_by().annotate(week=number, to_do=HOURS_LEFT).values_list("owner", "week")
    found = sums.annotate(count=Count("pk"), hours=Sum("to_do"), unestimated=Count("pk", Q(to_do=None)))
    return {(owner, week): Promised(count, hours or 0.0, unknown) for owner, week, count, hours, unknown in found}


def diaries(weeks: Sequence[Days]) -> tuple[str, Prefetch[str, QuerySet[Absence], str]]:
    """To be fetched with people: two statements more, however many they are."""
    # Where somebody is it may be a day earlier or later.
    first, last = weeks[0][0] - DAY, weeks[-1][1] + DAY
    return "weeks", Prefetch("absences", Absence.objects.filter(first_day__lte=last, last_day__gte=first))


def days_of(week: Days) -> Iterable[date]:
    first, last = week
    return (first + number * DAY for number in range((last - first).days + 1))


def _in_order(after: int | None) -> QuerySet[User]:
    """Whoever works here, and whoever left something undone."""
    undone = Exists(Promise.objects.open().filter(owner=OuterRef("pk")))
    people: QuerySet[User] = User.objects.filter(Q(is_active=True) | undone)
    people = people.annotate(called=Lower("name")).order_by("called", "pk")
    if after is not None:
        # After somebody who is not there, everybody comes.
        last = Coalesce(Subquery(User.objects.filter(pk=after).values(last=Lower("name"))), Value(""))
        people = people.filter(Q(called__gt=last) | Q(called=last, pk__gt=after))
    return people


def _cell(week: Week, calendar: Calendar, today: date) -> Cell:
    """Days that they would have worked, from today on, were they not away."""
    if not any(first <= week.last and week.first <= last for first, last in calendar.absences):
        return Cell(week, 0, False)
    there = without_absences(calendar)
    worked = [day for day in days_of((max(week.first, today), week.last)) if is_working_day(there, day)]
    away = sum(not is_working_day(calendar, day) for day in worked)
    return Cell(week, away, 0 < away == len(worked))
