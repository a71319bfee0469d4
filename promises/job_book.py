"""The latest jobs of an owner or of the firm, and what they say of one like them. Plain Python, plain values."""

from __future__ import annotations

import math
import operator
from array import array
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from operator import itemgetter
from typing import NamedTuple

# Jobs count less the more their size differs: by e for each such step in the logarithm of their hours or days of work.
SIZE_BANDWIDTH = 1.0
# Sizes so near each other, in the same logarithm, are one size: a table made for one serves the other.
SIZES_APART = 0.2
# What a job of another kind counts. Where nobody said of what kind the job in question is, all are alike.
OTHER_KIND = 0.2
# How far work spreads to fill the time that it is given, 0 not at all and 1 wholly, before a firm's own dates say so;
# and how much these must differ to outweigh that: as some thirty jobs would, half with twice as long as the rest.
SPREADS = 0.5
SPREADS_BEHIND = 4.0
# Something for the same day is given so much of one.
SAME_DAY = 0.5
# Of the time given: what is finished on its date was as good as finished by then.
AS_GOOD_AS_DONE = 0.9
# In other firms, a job of one day's work took three working days in the middle, one of ten days' eight: log-logistic,
# its middle growing with the size.
OTHERS_MIDDLE = 3.0
OTHERS_GROWTH = 0.4
OTHERS_SHAPE = 1.3
# And the hours of a job, for each estimated hour: half of all jobs overrun, one in four takes twice as long.
OTHERS_RATIO_SHAPE = 1.5
# Beyond half a year of working days only the shape of the tail is known.
LONGEST = 130
# The size of a job that nobody has estimated, among those that were.
NO_SIZE = -(2**15)


@dataclass(frozen=True, slots=True)
class Job:
    """A job. `days`: its owner's working days after the day it was made, up to the day it was finished.

    Of one that is still in hand, the days so far; what it will take nobody knows.
    """

    owner: Hashable
    kind: str
    estimate: float | None
    actual: float | None
    days: float | None
    hours_a_day: float
    is_open: bool = False
    # The working days up to the day that it was first promised for; None where there was no date.
    given: float | None = None


class Entry:
    """A job on the books of its owner and of the firm. Of an open one, `day` is the one on which it was made."""

    __slots__ = ("day", "given", "hours_size", "is_open", "kind", "ratio", "size", "took")

    def __init__(self, job: Job, today: int) -> None:
        self.take(job, today)

    def take(self, job: Job, today: int) -> None:
        self.kind, self.is_open = job.kind, job.is_open
        self.size = size_of(job.estimate, job.hours_a_day)
        self.hours_size = size_of(job.estimate, 1.0)
        self.ratio: float | None = None
        if job.actual is not None and job.estimate and job.estimate > 0 and not job.is_open:
            self.ratio = job.actual / job.estimate
        # One in hand tells of its date once that has passed.
        told = job.days is not None and job.given is not None and (not job.is_open or job.days > job.given)
        self.took, self.given = (job.days, job.given) if told else (None, None)
        if self.took is not None and self.given is not None and self.took <= self.given:
            self.took = min(self.took, AS_GOOD_AS_DONE * max(self.given, SAME_DAY))
        # A part of a day is a day that it was not done on yet.
        days = None if job.days is None else math.ceil(job.days)
        self.day = today - days if job.is_open and days is not None else days

    def pace(self, spreads: float) -> float | None:
        return None if self.took is None or self.given is None else pace(self.took, self.given, spreads)

    def in_hand(self, today: int) -> int:
        """The last working day on which it was in hand, or 0: on the first day all were."""
        if self.day is None:
            return 0
        return min(max(today - self.day if self.is_open else self.day, 0), LONGEST + 1)

    def ended(self) -> int:
        """The working day on which it ended, or one that nobody asks about."""
        return LONGEST + 1 if self.is_open or self.day is None else min(self.day, LONGEST + 1)


class Ratios:
    """Weighed figures, such as actual hours for each estimated hour: what weight lies above one of them."""

    __slots__ = ("_above", "_values", "middle", "weight")

    def __init__(self, values: array[float], weights: Sequence[float]) -> None:
        """The least value first. Nobody changes `values`: tables that differ in their weights alone share them."""
        self._values = values
        # One more than there are values: above the last there is nothing.
        self._above = array("d", [*accumulate(reversed(weights), initial=0.0)][::-1])
        self.weight = self._above[0]
        # The value that half of the weight lies at or above, and half at or below.
        place = bisect_left(self._above, -self.weight / 2, lo=1, key=operator.neg) - 1
        self.middle = values[place] if values else None

    def above(self, value: float) -> float:
        return self._above[bisect_right(self._values, value)]


class Days:
    """The share of jobs that were not finished yet after so many working days, as logarithms."""

    __slots__ = ("_left", "_size", "middle", "own")

    def __init__(self, chances: Iterable[float], size: int | None, own: float) -> None:
        self._left = array("d", accumulate(map(math.log1p, map(operator.neg, chances)), initial=0.0))
        self._size = size
        # The weight of the owner's own jobs in it.
        self.own = own
        # The day by which half of them are finished.
        day = bisect_left(self._left, math.log(2), key=operator.neg)
        self.middle = day if day <= LONGEST else None

    def share_beyond(self, need: int, so_far: int) -> float:
        """Of those not finished after `so_far` days, the share that takes more than `need`."""
        return math.exp(min(self._log(need) - self._log(so_far), 0.0))

    def _log(self, day: int) -> float:
        if day <= LONGEST:
            return self._left[max(day, 0)]
        return self._left[LONGEST] + math.log(others_beyond(day, self._size) / others_beyond(LONGEST, self._size))


class Column(NamedTuple):
    """A figure of each job that has it, the least first, and what the job is like: made once for all sizes."""

    figures: array[float]
    sizes: array[int]
    kinds: list[str]
    weights: list[float]

    def weighed(self, size: int | None, kind: str) -> Ratios:
        return Ratios(self.figures, likeness(size, kind, self.sizes, self.kinds, self.weights))


class Lasted(NamedTuple):
    """Of each job, the newest first: what it is like, and the last working days on which it was in hand and ended."""

    sizes: array[int]
    kinds: list[str]
    in_hand: array[int]
    ended: array[int]


class Book:
    """The latest jobs of an owner or of the firm, in the order in which they were begun."""

    __slots__ = ("_is_bound", "_lasted", "_paces", "_ratios", "_weights", "entries")

    def __init__(self, read: int, half_life: float = math.inf) -> None:
        self.entries: deque[Entry] = deque(maxlen=read)
        self._weights = weights_by_age(read, half_life)
        self._is_bound = False
        self.changed()

    def __len__(self) -> int:
        return len(self._lasted.sizes) if self._is_bound and self._lasted else len(self.entries)

    def changed(self) -> None:
        assert not self._is_bound
        self._ratios: Column | None = None
        self._paces: tuple[float, Column] | None = None
        self._lasted: Lasted | None = None

    def bind(self, today: int, spreads: float | None) -> None:
        """No job comes onto it any more: what they say is kept, in half of the room."""
        self._read_ratios()
        self.lasted(today)
        if spreads is not None:
            self._read_paces(spreads)
        self.entries.clear()
        self._is_bound = True

    def ratios(self, size: int | None, kind: str) -> Ratios:
        return (self._ratios or self._read_ratios()).weighed(size, kind)

    def paces(self, size: int | None, kind: str, spreads: float) -> Ratios:
        # How far work spreads is the firm's: it changes with what others have on their books.
        paces = self._paces
        if paces is None or paces[0] != spreads:
            # Another thread may put another one there before this one is used.
            paces = self._read_paces(spreads)
        return paces[1].weighed(size, kind)

    def _read_ratios(self) -> Column:
        assert not self._is_bound
        column = self._column((entry.ratio, entry.hours_size, entry.kind) for entry in reversed(self.entries))
        self._ratios = column
        return column

    def _read_paces(self, spreads: float) -> tuple[float, Column]:
        assert not self._is_bound
        rows = ((entry.pace(spreads), entry.size, entry.kind) for entry in reversed(self.entries))
        paces = self._paces = spreads, self._column(rows)
        return paces

    def lasted(self, today: int) -> Lasted:
        if self._lasted is None:
            newest = [*reversed(self.entries)]
            self._lasted = Lasted(
                _packed(entry.size for entry in newest),
                [entry.kind for entry in newest],
                array("h", [entry.in_hand(today) for entry in newest]),
                array("h", [entry.ended() for entry in newest]),
            )
        return self._lasted

    def _column(self, newest: Iterable[tuple[float | None, int | None, str]]) -> Column:
        rows = [
            (figure, size, kind, weight)
            for (figure, size, kind), weight in zip(newest, self._weights, strict=False)
            if figure is not None
        ]
        rows.sort(key=itemgetter(0))
        figures = array("d", [row[0] for row in rows])
        return Column(figures, _packed(row[1] for row in rows), [row[2] for row in rows], [row[3] for row in rows])

    def spreads(self) -> float | None:
        """The slope of ln(days taken) on ln(days given), drawn to SPREADS; None where no job had a date."""
        dated = [
            (math.log(max(entry.given, SAME_DAY)), math.log(max(entry.took, SAME_DAY)))
            for entry in self.entries
            if entry.given is not None and entry.took is not None
        ]
        if not dated:
            return None
        given, took = (sum(pair[place] for pair in dated) / len(dated) for place in (0, 1))
        together = sum((one - given) * (other - took) for one, other in dated)
        alone = sum((one - given) ** 2 for one, _ in dated)
        slope: float = (together + SPREADS_BEHIND * SPREADS) / (alone + SPREADS_BEHIND)
        return min(max(slope, 0.0), 1.0)

    def ended_and_in_hand(self, size: int | None, kind: str, today: int) -> tuple[list[float], list[float]]:
        """By working day: the weight of jobs that ended on it, and of those that were in hand on it."""
        sizes, kinds, days, ends = self.lasted(today)
        ended, in_hand = [0.0] * (LONGEST + 2), [0.0] * (LONGEST + 2)
        # The innermost loop of a sweep: plain on purpose.
        for day, end, weight in zip(days, ends, likeness(size, kind, sizes, kinds, self._weights), strict=True):
            ended[end] += weight
            in_hand[day] += weight
        return ended, [*accumulate(reversed(in_hand))][::-1]


def _packed(sizes: Iterable[int | None]) -> array[int]:
    return array("h", [NO_SIZE if size is None else size for size in sizes])


@lru_cache(maxsize=256)
def weights_by_age(read: int, half_life: float) -> list[float]:
    """The newest first. Nobody changes it: all books of a length share it."""
    return [math.pow(0.5, age / half_life) for age in range(read)]


def likeness(size: int | None, kind: str, sizes: array[int], kinds: list[str], weights: list[float]) -> list[float]:
    """What each job counts: by its size, its kind and its age."""
    near = likeness_to(size)
    if not kind:
        return [near[other] * weight for other, weight in zip(sizes, weights, strict=False)]
    like = [near[other] if its == kind else near[other] * OTHER_KIND for other, its in zip(sizes, kinds, strict=True)]
    return [*map(operator.mul, like, weights)]


@lru_cache(maxsize=4096)
def size_of(estimate: float | None, hours_a_day: float) -> int | None:
    """The logarithm of the days of work, in steps of SIZES_APART."""
    if estimate is None or estimate <= 0 or hours_a_day <= 0:
        return None
    return round((math.log(estimate) - math.log(hours_a_day)) / SIZES_APART)


def in_hand(jobs: Iterable[Job]) -> int:
    """Those that are, come on top of what is read of the finished ones: many of them do not outweigh the record."""
    return sum(job.is_open for job in jobs)


def pace(days: float, given: float, spreads: float) -> float:
    """Days, less what work spreads by itself: of two jobs with the same pace, each took as much of its own time."""
    return days / math.pow(max(given, SAME_DAY), spreads)


def others_beyond(day: float, size: int | None) -> float:
    """In other firms, the share of jobs of this size that took more than so many days."""
    middle = OTHERS_MIDDLE * math.exp(OTHERS_GROWTH * SIZES_APART * (size or 0))
    return 1 / (1 + math.pow(max(day, 0) / middle, OTHERS_SHAPE))


def others_chances(size: int | None) -> list[float]:
    """In other firms, for each working day the chance that a job still in hand is finished on it."""
    if size not in _others:
        beyond = [others_beyond(day + 0.5, size) for day in range(-1, LONGEST + 1)]
        _others[size] = [1 - after / before for before, after in pairwise(beyond)]
    return _others[size]


class Likeness(dict[int, float]):
    """What jobs of other sizes count for one of this size. One without a size is like none that has one."""

    def __init__(self, size: int | None) -> None:
        super().__init__()
        self._size = size

    def __missing__(self, other: int) -> float:
        if self._size is None:
            self[other] = 1.0
        elif other == NO_SIZE:
            self[other] = 0.0
        else:
            self[other] = math.exp(-abs(self._size - other) * SIZES_APART / SIZE_BANDWIDTH)
        return self[other]


def likeness_to(size: int | None) -> Likeness:
    if size not in _likeness:
        _likeness[size] = Likeness(size)
    return _likeness[size]


# Both hold one entry for each size that there is.
_others: dict[int | None, list[float]] = {}
_likeness: dict[int | None, Likeness] = {}
