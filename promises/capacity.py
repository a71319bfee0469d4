"""Whether a date fits the diary: what is free before it, the chance that it holds, and the earliest that would."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

from clients.diary import client_calendar
from clients.models import Client
from engagement.staff.calendars import is_working_day
from engagement.staff.models import User
from engagement.staff.worktime import free_hours
from promises.due import Due, due_by
from promises.forecast import Facts, forecast, work_left
from promises.load import Earlier
from promises.looking import reaches
from promises.models import Promise
from promises.weighing import Weighing

# Per cent. What is shown is what is compared: nobody reads "80%" beside "would not hold".
HOLDS_FROM = 80
LOOK_AHEAD = 366
DAY = timedelta(days=1)
# Hours are summed from many small parts.
NEXT_TO_NOTHING = 0.01


@dataclass(frozen=True)
class Fit:
    """How a date stands against its owner's diary.

    `free_hours` are those after what is promised earlier. `hours_needed` is None without an estimate. `squeezed` are
    the dates due later whose hours suffice now, and would suffice no longer. `earliest` is the first day that would
    hold, or None: it is looked for when somebody asks, and day after day.
    """

    due: Due
    free_hours: float
    hours_needed: float | None
    chance: float
    earlier: Earlier
    squeezed: tuple[datetime, ...]
    is_moved: bool
    is_call_back: bool
    is_at_risk: bool
    # Working days of the owner until then, and those that such jobs took, unless the hours weigh more.
    days_left: int
    usual_days: float | None
    enough: bool
    has_own_week: bool
    scales: _Scales = field(repr=False, compare=False)

    @cached_property
    def earliest(self) -> date | None:
        return self.scales.earliest(self.due)

    @property
    def ever_works(self) -> bool:
        return self.scales.has_time or self.earliest is not None

    @property
    def holds_per_cent(self) -> int:
        return _per_cent(self.chance)

    @property
    def is_short(self) -> bool:
        return _is_short(self.hours_needed, self.free_hours)

    @property
    def is_over(self) -> bool:
        """More than the diary holds."""
        return self.is_short or self.is_at_risk or bool(self.squeezed)

    @property
    def holds(self) -> bool:
        return self.holds_per_cent >= HOLDS_FROM and not self.is_over

    @property
    def wants_reason(self) -> bool:
        """How long it takes is only supposed: nobody is asked why as long as any time is free."""
        if self.hours_needed is None:
            return self.free_hours <= NEXT_TO_NOTHING and not self.is_call_back
        return self.is_over


def weigh(
    weighing: Weighing,
    owner: User,
    client: Client,
    due: Due,
    now: datetime,
    *,
    estimate: Decimal | None = None,
    moved: Promise | None = None,
) -> Fit:
    """Of a promise to be made, or of an open one that is to move to this date."""
    return _Scales(weighing, owner, client, now, None if estimate is None else float(estimate), moved).weigh(due)


def is_call_back(client: Client, due: Due, hours: float | Decimal | None, now: datetime) -> bool:
    """Today, and nobody has said how long it takes: "by four o'clock" is not asked for estimates and reasons."""
    return hours is None and due.on == now.astimezone(client.zoneinfo).date()


class _Scales:
    """One diary, and what is to be put into it."""

    def __init__(
        self,
        weighing: Weighing,
        owner: User,
        client: Client,
        now: datetime,
        estimate: float | None,
        moved: Promise | None,
    ) -> None:
        self.weighing, self.owner, self.client, self.now = weighing, owner, client, now
        self.estimate, self.moved = estimate, moved
        self.load, self.ours = weighing.load(owner.pk), weighing.diaries.of(owner)

    def weigh(self, due: Due) -> Fit:
        facts = self._facts(due.at)
        said = forecast(facts, self.weighing.record_at(self.now))
        return Fit(
            due=due,
            free_hours=facts.free_hours,
            hours_needed=work_left(facts),
            chance=said.chance,
            earlier=self.load.without(self.moved.pk, due.at) if self.moved else self.load.before(due.at),
            squeezed=self._squeezed(due.at),
            is_moved=self.moved is not None,
            is_call_back=is_call_back(self.client, due, work_left(facts), self.now),
            is_at_risk=self._is_at_risk(said.chance),
            days_left=facts.days_left,
            usual_days=said.usual_days if "days" in said.grounds else None,
            enough=said.enough,
            has_own_week=any(week.valid_from > date.min for week in self.ours.weeks),
            scales=self,
        )

    @property
    def has_time(self) -> bool:
        return free_hours(self.ours, self.now, self._horizon) > 0

    def _facts(self, at: datetime) -> Facts:
        return self.weighing.facts_if_due(self.owner, at, self.now, estimate_hours=self.estimate, moved=self.moved)

    def earliest(self, due: Due) -> date | None:
        """The first day on which both sides work that would hold, at the same time of day; None within a year.

        Day after day: a later date is not always a better one, since what is promised in between comes first.
        """
        theirs = client_calendar(self.client, self.weighing.firm)
        for number in range(LOOK_AHEAD):
            day = self._today + number * DAY
            if not (is_working_day(theirs, day) and is_working_day(self.ours, day)):
                continue
            at = due_by(theirs, day, due.time).at
            if at > self.now and self._would_hold(at):
                return day
        return None

    def _would_hold(self, at: datetime) -> bool:
        facts = self._facts(at)
        if _is_short(work_left(facts), facts.free_hours) or self._squeezed(at):
            return False
        chance = forecast(facts, self.weighing.record_at(self.now)).chance
        return _per_cent(chance) >= HOLDS_FROM and not self._is_at_risk(chance)

    def _is_at_risk(self, chance: float) -> bool:
        return reaches(chance, self.weighing.firm.at_risk_from)

    def _squeezed(self, at: datetime) -> tuple[datetime, ...]:
        return tuple(due_at for due_at in self._tight if due_at > at)

    @cached_property
    def _tight(self) -> list[datetime]:
        """Dates for which the hours suffice, but not if this were done before. What is too much already stays out."""
        more = self.load.hours_of(self.moved.pk) if self.moved else self.estimate or 0.0
        # From its own date on, whatever is due waits for the moved one already.
        until = min(self.moved.due_at, self._horizon) if self.moved else self._horizon
        return [
            due_at
            for due_at, hours in self.load.after(self.now)
            if due_at < until
            and -NEXT_TO_NOTHING <= free_hours(self.ours, self.now, due_at) - hours < more - NEXT_TO_NOTHING
        ]

    @property
    def _today(self) -> date:
        return self.now.astimezone(self.client.zoneinfo).date()

    @property
    def _horizon(self) -> datetime:
        return self.now + LOOK_AHEAD * DAY


def _is_short(needed: float | None, free: float) -> bool:
    return needed is not None and needed > free + NEXT_TO_NOTHING


def _per_cent(chance: float) -> int:
    return round((1 - chance) * 100)
