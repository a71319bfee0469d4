"""What somebody has promised already: hours of divisible work, done earliest date first. Plain values in and out."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from math import inf
from typing import NamedTuple


class Owed(NamedTuple):
    """One open promise. `hours` is what is left of it; None where nobody has said."""

    due_at: datetime
    pk: float
    hours: float | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is promised earlier than some date. Without an estimate is counted beside, and supposed to take some."""

    hours: float = 0.0
    count: int = 0
    unestimated: int = 0


# For a promise that is not among the others yet: it comes after all that are due at the same instant.
NOT_YET_MADE = inf


class Load:
    """The open promises of one owner, sorted, with their hours summed up ahead."""

    def __init__(self, owed: Iterable[Owed], supposed_hours: float) -> None:
        """`supposed_hours` is what a promise without an estimate is taken to need."""
        rows = sorted(owed, key=lambda row: row[:2])
        self._places = [row[:2] for row in rows]
        self._hours = [0.0, *accumulate(supposed_hours if row.hours is None else row.hours for row in rows)]
        self._unknown = [0, *accumulate(int(row.hours is None) for row in rows)]
        self._of = {row.pk: (row.due_at, supposed_hours if row.hours is None else row.hours, row.hours) for row in rows}

    def __len__(self) -> int:
        return len(self._places)

    def before(self, due_at: datetime, pk: float = NOT_YET_MADE) -> Earlier:
        place = bisect_left(self._places, (due_at, pk))
        return Earlier(self._hours[place], place, self._unknown[place])

    def after(self, due_at: datetime) -> list[tuple[datetime, float]]:
        """Each later moment at which something is due, and the hours of all that is due by then."""
        place = bisect_left(self._places, (due_at, NOT_YET_MADE))
        by_then = {due: self._hours[number] for number, (due, _) in enumerate(self._places[place:], place + 1)}
        return list(by_then.items())

    def hours_of(self, pk: float) -> float:
        """Of one of these promises; 0 of any other."""
        known = self._of.get(pk)
        return known[1] if known else 0.0

    def without(self, pk: float, due_at: datetime) -> Earlier:
        """What is promised earlier than a date that one of these promises might move to."""
        earlier = self.before(due_at)
        known = self._of.get(pk)
        if known is None or known[0] > due_at:
            return earlier
        return Earlier(
            max(earlier.hours - known[1], 0.0), earlier.count - 1, earlier.unestimated - int(known[2] is None)
        )
