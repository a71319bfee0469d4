"""What became of the dates that the watch had spoken of: the firm's own measure of its flags.

Readings are kept when a band changes, so between two thresholds a chance may have risen unrecorded: what another
threshold would have flagged is counted at the least. A flag that its grounds raised is one at any threshold.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from engagement.staff.calendars import Calendar
from engagement.staff.diary import firm_calendar
from engagement.staff.models import Firm
from engagement.staff.worktime import working_days_between
from promises import measure
from promises.looking import PLACES
from promises.measure import EARLY_DAYS, Bin, Course, Lead
from promises.models import Band, DateMove, Extension, Promise, RiskReading

LOOKS_BACK = timedelta(days=365)
# History never slows the page: beyond so many, the latest speak for all.
MOST_READ = 3000
# Fewer dates than a forecast wants finished jobs say little about anything.
ENOUGH = 50
CANDIDATES = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
WEEK = timedelta(weeks=1)
# What rounding may take from a chance: the watch compares so many places.
A_HAIR: float = 0.5 * 10**-PLACES


class Reading(NamedTuple):
    promise: int
    due_at: datetime
    band: str
    chance: float
    days_left: int
    delivered_at: datetime | None

    def is_flag(self, threshold: float, in_force: float) -> bool:
        """At risk below the threshold in force: its grounds raised it, and would have at any other."""
        by_grounds = self.band == Band.AT_RISK and self.chance < in_force - A_HAIR
        return by_grounds or self.chance >= threshold - A_HAIR


@dataclass(frozen=True, slots=True)
class Past:
    """One date that was promised and has passed, and what was said of it while there was time."""

    due_at: datetime
    delivered_at: datetime | None
    readings: tuple[Reading, ...]

    @property
    def late(self) -> bool:
        return self.delivered_at is None or self.delivered_at > self.due_at

    @property
    def window(self) -> int:
        """The first reading follows the promise at once."""
        return max(reading.days_left for reading in self.readings)

    def flags(self, threshold: float, in_force: float) -> list[Reading]:
        return [reading for reading in self.readings if reading.is_flag(threshold, in_force)]


@dataclass(frozen=True, slots=True)
class Cost:
    """What flags from `threshold` on would have cost and brought. None where no date has passed yet."""

    threshold: float
    flags_a_week: float | None
    caught: int
    early: int
    late: int
    false: int
    open_now: int

    @property
    def flagged(self) -> int:
        return self.caught + self.false


class Calibration:
    """At a moment, for managers: they see every promise."""

    def __init__(self, firm: Firm, now: datetime) -> None:
        self.firm = firm
        self.now = now

    @cached_property
    def dates(self) -> list[Past]:
        """The latest dates that have passed, in one statement."""
        about = RiskReading.objects.filter(
            due_at__gt=self.now - LOOKS_BACK,
            due_at__lte=self.now,
            at__lt=F("due_at"),
            chance__isnull=False,
            days_left__isnull=False,
            promise__voided_at=None,
        ).exclude(Q(promise__withdrawn_at__lte=F("due_at")) | Exists(_moved_by_client()))
        rows = about.order_by("-due_at", "-promise_id", "pk").values_list(
            "promise", "due_at", "band", "chance", "days_left", "promise__delivered_at"
        )
        return _by_date(map(Reading._make, rows[:MOST_READ]))

    @property
    def late(self) -> int:
        return sum(date.late for date in self.dates)

    @property
    def is_all(self) -> bool:
        """False where older dates of the year had to be left out."""
        return sum(len(past.readings) for past in self.dates) < MOST_READ

    @property
    def is_enough(self) -> bool:
        return len(self.dates) >= ENOUGH

    @cached_property
    def bins(self) -> list[Bin]:
        """Of those called 10, 20 … 90 %: a date counts once in each row, as it was called last."""
        said, came = [], []
        for past in self.dates:
            for chance in {measure.ten_of(reading.chance): reading.chance for reading in past.readings}.values():
                said.append(chance)
                came.append(past.late)
        return measure.calibration(said, came)

    @cached_property
    def lead(self) -> Lead | None:
        """How early those at risk were flagged, of dates that had the days for it. None where there are none."""
        courses = [
            Course(past.late, past.window, [(one.days_left, float(one.band == Band.AT_RISK)) for one in past.readings])
            for past in self._with_days
        ]
        return measure.lead(courses, 1.0) if courses else None

    @cached_property
    def due_soon(self) -> Lead | None:
        """The nearness of the date alone, with no more false alarms than our flags gave."""
        if self.lead is None:
            return None
        courses = [Course(past.late, past.window, self._nearness(past)) for past in self._with_days]
        return measure.lead(courses, measure.threshold_for(courses, self.lead.false_alarms or 0.0))

    @property
    def thresholds(self) -> list[float]:
        """A handful to choose from, and those in force among them."""
        return sorted({*CANDIDATES, self.firm.watch_from, self.firm.at_risk_from})

    @cached_property
    def costs(self) -> list[Cost]:
        now = open_from(self.thresholds, self.firm.at_risk_from, self.now)
        return [self._cost(threshold, now[threshold]) for threshold in self.thresholds]

    def _cost(self, threshold: float, open_now: int) -> Cost:
        flagged = [(past, flags) for past in self.dates if (flags := past.flags(threshold, self.firm.at_risk_from))]
        caught = [flags for past, flags in flagged if past.late]
        return Cost(
            threshold=threshold,
            flags_a_week=round(len(flagged) / self._weeks, 1) if self.dates else None,
            caught=len(caught),
            early=sum(any(one.days_left >= EARLY_DAYS for one in flags) for flags in caught),
            late=self.late,
            false=len(flagged) - len(caught),
            open_now=open_now,
        )

    @property
    def _weeks(self) -> float:
        return max((self.now - min(past.due_at for past in self.dates)) / WEEK, 1.0)

    @property
    def _with_days(self) -> list[Past]:
        return [past for past in self.dates if past.window >= EARLY_DAYS]

    def _nearness(self, past: Past) -> list[tuple[int, int]]:
        """Days left while it was open, and how near that is; of one that held, the nearest it came says it all."""
        nearest = self._open_until(past)
        return [(left, -left) for left in range(nearest, past.window + 1 if past.late else nearest + 1)]

    def _open_until(self, past: Past) -> int:
        """How many working days of the firm were left when it was done; none where it was late."""
        if past.late or past.delivered_at is None:
            return 0
        done, due = (moment.astimezone(self.firm.zoneinfo).date() for moment in (past.delivered_at, past.due_at))
        return min(working_days_between(self._calendar, done, due), past.window)

    @cached_property
    def _calendar(self) -> Calendar:
        return firm_calendar(self.firm)


def open_from(thresholds: Iterable[float], in_force: float, now: datetime) -> dict[float, int]:
    """How many open promises the watch calls so likely to slip, or likelier, or flags on their grounds alone."""
    thresholds = list(thresholds)
    by_grounds = Q(band=Band.AT_RISK, chance__lt=in_force - A_HAIR)
    counts = {
        f"n{place}": Count("pk", by_grounds | Q(chance__gte=least - A_HAIR)) for place, least in enumerate(thresholds)
    }
    found = Promise.objects.open().filter(due_at__gt=now).aggregate(**counts)
    return {least: found[f"n{place}"] for place, least in enumerate(thresholds)}


def _moved_by_client() -> QuerySet[DateMove]:
    """A date that they wished away, or moved with us under a signature, before it passed: neither kept nor slipped."""
    moved = DateMove.objects.filter(
        Q(extension__asked_by=Extension.AskedBy.CLIENT) | Q(addendum__isnull=False),
        promise=OuterRef("promise"),
        old_due_at=OuterRef("due_at"),
        moved_at__lt=OuterRef("due_at"),
    )
    # It may have come into force once more.
    back = DateMove.objects.filter(
        promise=OuterRef("promise"), new_due_at=OuterRef("old_due_at"), moved_at__gt=OuterRef("moved_at")
    )
    return moved.exclude(Exists(back))


def _by_date(readings: Iterable[Reading]) -> list[Past]:
    """Readings of one date lie together."""
    return [
        Past(due_at, delivered_at, tuple(of_date))
        for (_promise, due_at, delivered_at), of_date in groupby(
            readings, key=lambda one: (one.promise, one.due_at, one.delivered_at)
        )
    ]
