"""What came of a promise. Plain values in and out; the table stands in docs/watch.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

KEPT, KEPT_LATER, LATE_TOLD, LATE_SILENT = "kept", "kept_later", "late_told", "late_silent"


@dataclass(frozen=True, slots=True)
class DateInForce:
    """A date the promise once had. `moved_told_at`: when the client heard that it moves on; None if not, or if last."""

    on: date
    at: datetime
    moved_told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Result:
    outcome: str
    days_early: int
    days_late: int


def outcome(
    dates: Sequence[DateInForce],
    tellings: Sequence[tuple[datetime, datetime]],
    ended_at: datetime,
    zone: ZoneInfo,
) -> Result:
    """The outcome of a promise delivered at `ended_at`.

    `dates` are the dates in force in order, the first one first; `tellings` are pairs (date in force it was about,
    when heard), of the three kinds that tell a slip. Days are calendar days in `zone`; telling counts to the instant.
    """
    ended_on = ended_at.astimezone(zone).date()
    first, last = dates[0], dates[-1]
    early = (first.on - ended_on).days
    if early >= 0:
        return Result(KEPT, early, 0)

    missed = [old for old, _new in pairwise(dates) if not _before(old.moved_told_at, old.at)]
    if ended_on > last.on:
        missed.append(last)
    late = max(0, (ended_on - last.on).days)
    if not missed:
        return Result(KEPT_LATER, 0, 0)
    told = all(any(about == date_.at and _before(heard, date_.at) for about, heard in tellings) for date_ in missed)
    return Result(LATE_TOLD if told else LATE_SILENT, 0, late)


def _before(moment: datetime | None, limit: datetime) -> bool:
    return moment is not None and moment < limit
