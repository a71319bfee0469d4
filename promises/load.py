"""What somebody has promised already: hours of divisible work, done earliest date first. Plain values in and out."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate
from math import inf, isnan, nan
from typing import NamedTuple


class Owed(NamedTuple):
    """One open promise. `hours` is what is left of it; None where nobody has said."""

    due_at: datetime
    pk: int
    hours: float | None


class Earlier(NamedTuple):
    """What is promised earlier than some date. Without an estimate is counted beside, and supposed to take some."""

    hours: float = 0.0
    count: int = 0  # type: ignore[assignment]  # a name that tuples have, too
    unestimated: int = 0


# For a promise that is not among the others yet: it comes after all that are due at the same instant.
NOT_YET_MADE = inf


class Load:
    """The open promises of one owner, sorted, with their hours summed up ahead. A sweep holds those of everybody."""

    __slots__ = ("_before", "_dues", "_hours", "_pks", "_unknown")

    def __init__(self, owed: Iterable[Owed], supposed_hours: float) -> None:
        """`supposed_hours` is what a promise without an estimate is taken to need."""
        rows = sorted((row.due_at.timestamp(), row.pk, nan if row.hours is None else row.hours) for row in owed)
        dues, pks, hours = zip(*rows, strict=True) if rows else ((), (), ())
        self._lay(array("d", dues), array("q", pks), array("d", hours), supposed_hours)

    @classmethod
    def of_columns(cls, dues: array[float], pks: array[int], hours: array[float], supposed_hours: float) -> Load:
        """From instants in seconds and keys, in this order, and hours: not a number where nobody has said."""
        load = cls.__new__(cls)
        load._lay(dues, pks, hours, supposed_hours)
        return load

    def _lay(self, dues: array[float], pks: array[int], hours: array[float], supposed_hours: float) -> None:
        unknown = [*map(isnan, hours)]
        if any(unknown):
            hours = array("d", [supposed_hours if isnan(one) else one for one in hours])
        self._dues, self._pks, self._hours = dues, pks, hours
        # What lies before each of them, and before what comes last.
        self._before = array("d", accumulate(hours, initial=0.0))
        self._unknown = array("i", accumulate(unknown, initial=0))

    def __len__(self) -> int:
        return len(self._dues)

    def before(self, due_at: datetime, pk: float = NOT_YET_MADE) -> Earlier:
        place = self._place(due_at, pk)
        return Earlier(self._before[place], place, self._unknown[place])

    def hours_before(self, due_at: datetime, pk: int) -> float:
        return self._before[self._place(due_at, pk)]

    def after(self, due_at: datetime) -> list[tuple[datetime, float]]:
        """Each later moment at which something is due, and the hours of all that is due by then."""
        place = self._place(due_at, NOT_YET_MADE)
        by_then = {due: self._before[number] for number, due in enumerate(self._dues[place:], place + 1)}
        return [(datetime.fromtimestamp(due, UTC), hours) for due, hours in by_then.items()]

    def hours_of(self, pk: int) -> float:
        """Of one of these promises; 0 of any other."""
        return self._hours[self._pks.index(pk)] if pk in self._pks else 0.0

    def without(self, pk: int, due_at: datetime) -> Earlier:
        """What is promised earlier than a date that one of these promises might move to."""
        earlier = self.before(due_at)
        place = self._pks.index(pk) if pk in self._pks else earlier.count
        if place >= earlier.count:
            return earlier
        unknown = self._unknown[place + 1] - self._unknown[place]
        return Earlier(max(earlier.hours - self._hours[place], 0.0), earlier.count - 1, earlier.unestimated - unknown)

    def _place(self, due_at: datetime, pk: float) -> int:
        """How many come before it."""
        due = due_at.timestamp()
        first = bisect_left(self._dues, due)
        if first == len(self._dues) or self._dues[first] != due:
            return first
        return bisect_left(self._pks, pk, first, bisect_right(self._dues, due, first))
