"""What finished jobs took, kept so that a question is answered from sums made ahead. Plain Python, plain values."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from itertools import accumulate

# So far back a record is read. Behind it a job would weigh less than a hundredth of the latest one.
FIRM_JOBS_READ = 2000
OWNER_JOBS_READ = 150
# After so many newer jobs, one counts half. Both measured on other firms' jobs: docs/foresight.md.
FIRM_HALF_LIFE = 300
OWNER_HALF_LIFE = 20
# Jobs count less the more their size differs: by e for each such step in the logarithm of their days of work.
SIZE_BANDWIDTH = 0.7
# Sizes within a tenth are one size: a table made for one serves the other.
SIZES_APART = 0.1
# Fewer finished jobs than this are no record.
JOBS_ENOUGH = 50


@dataclass(frozen=True, slots=True)
class Job:
    """One finished job. `days`: its owner's working days after the first and up to the last."""

    owner: Hashable
    kind: str
    estimate: float | None
    actual: float | None
    days: float | None
    hours_a_day: float

    @property
    def ratio(self) -> float | None:
        if self.actual is None or not self.estimate or self.estimate < 0:
            return None
        return self.actual / self.estimate


class Tail:
    """Weighted values, answering what weight lies above one of them."""

    __slots__ = ("_above", "_values")

    def __init__(self, weighed: Iterable[tuple[float, float]] = ()) -> None:
        ordered = sorted(weighed)
        self._values = [value for value, _ in ordered]
        # One more than there are values: above the last there is nothing.
        self._above = [*accumulate((weight for _, weight in reversed(ordered)), initial=0.0)][::-1]

    def above(self, value: float) -> float:
        return self._above[bisect_right(self._values, value)]

    @property
    def weight(self) -> float:
        return self._above[0]

    def middle(self, beyond: float = -1.0) -> float | None:
        """The value with half of the weight beyond `beyond` above it, and half below."""
        half = self.above(beyond) / 2
        if not half:
            return None
        low, high = bisect_right(self._values, beyond), len(self._values) - 1
        while low < high:
            at = (low + high) // 2
            if self._above[at + 1] <= half:
                high = at
            else:
                low = at + 1
        return self._values[low]


class Jobs:
    """The latest finished jobs of an owner or of the firm, and the tables made from them as they are asked for."""

    __slots__ = ("_days", "_half_life", "_jobs", "_ratios", "_weighed")

    def __init__(self, jobs: Iterable[Job], read: int, half_life: float) -> None:
        self._jobs = deque(jobs, maxlen=read)
        self._half_life = half_life
        self._ratios: Tail | None = None
        self._days: dict[int | None, Tail] = {}
        self._weighed: list[tuple[float, int | None, float]] | None = None

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, job: Job) -> None:
        self._jobs.append(job)
        self._ratios = self._weighed = None
        self._days.clear()

    def ratios(self) -> Tail:
        """Actual hours for each estimated hour."""
        if self._ratios is None:
            known = [ratio for job in reversed(self._jobs) if (ratio := job.ratio) is not None]
            self._ratios = Tail((ratio, math.pow(0.5, rank / self._half_life)) for rank, ratio in enumerate(known))
        return self._ratios

    def days(self, size: int | None) -> Tail:
        """Working days taken, by jobs of about this size; by all of them without a size."""
        if size not in self._days:
            self._days[size] = Tail(self._weighed_days(size))
        return self._days[size]

    def _weighed_days(self, size: int | None) -> Iterable[tuple[float, float]]:
        step = SIZES_APART / SIZE_BANDWIDTH
        for days, other, weight in self._known_days():
            if size is None:
                yield days, weight
            elif other is not None:
                yield days, weight * math.exp(-abs(size - other) * step)

    def _known_days(self) -> list[tuple[float, int | None, float]]:
        if self._weighed is None:
            known = [job for job in reversed(self._jobs) if job.days is not None]
            self._weighed = [
                (job.days or 0.0, size_of(job.estimate, job.hours_a_day), math.pow(0.5, rank / self._half_life))
                for rank, job in enumerate(known)
            ]
        return self._weighed


class TrackRecord:
    """The firm's finished jobs and each owner's, an owner's read when first asked for.

    Jobs come oldest first. Without `of_owner`, an owner's are those among the firm's.
    """

    def __init__(self, firm: Iterable[Job] = (), of_owner: Callable[[Hashable], Iterable[Job]] | None = None) -> None:
        self._of_owner = of_owner
        self._owners: dict[Hashable, Jobs] = {}
        self.firm = Jobs((), FIRM_JOBS_READ, FIRM_HALF_LIFE)
        for job in firm:
            self.firm.add(job)
            if of_owner is None:
                self.owner(job.owner).add(job)

    def add(self, job: Job) -> None:
        """One more finished job, newer than all that are known."""
        self.owner(job.owner).add(job)
        self.firm.add(job)

    def owner(self, owner: Hashable) -> Jobs:
        if owner not in self._owners:
            read = self._of_owner(owner) if self._of_owner else ()
            self._owners[owner] = Jobs(read, OWNER_JOBS_READ, OWNER_HALF_LIFE)
        return self._owners[owner]

    @property
    def jobs(self) -> int:
        return len(self.firm)

    @property
    def is_enough(self) -> bool:
        return self.jobs >= JOBS_ENOUGH


def size_of(estimate: float | None, hours_a_day: float) -> int | None:
    """The logarithm of the days of work, in steps of SIZES_APART."""
    if estimate is None or estimate <= 0 or hours_a_day <= 0:
        return None
    return round(math.log(estimate / hours_a_day) / SIZES_APART)
