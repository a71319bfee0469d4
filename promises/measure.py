"""How right chances were. Plain Python: what was said, and what came of it.

Everywhere `said` holds chances and `came`, in the same order, whether the thing happened. Where there is nothing to
measure the answer is None, never 0.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise
from statistics import median

# A chance of 0 that comes true would cost without end.
SUREST = 0.005
# Two sides of 95 in a hundred.
Z = 1.959963984540054
TENS = tuple(range(10, 100, 10))
# A flag so many working days ahead leaves time to do something about it.
EARLY_DAYS = 5
FALSE_ALARMS = 0.2

Said = Sequence[float]
Came = Sequence[bool]


def brier(said: Said, came: Came) -> float | None:
    return _mean((chance - happened) ** 2 for chance, happened in zip(said, came, strict=True))


def log_loss(said: Said, came: Came) -> float | None:
    return _mean(
        -math.log(chance if happened else 1 - chance)
        for chance, happened in zip((min(max(chance, SUREST), 1 - SUREST) for chance in said), came, strict=True)
    )


def auc(said: Said, came: Came) -> float | None:
    """The chance that one which happened had been called likelier than one which did not; equal ones count half."""
    happened = sum(came)
    pairs = happened * (len(came) - happened)
    if not pairs:
        return None
    won, below = 0.0, 0
    for _chance, tied in groupby(sorted(zip(said, came, strict=True)), key=lambda pair: pair[0]):
        results = [result for _, result in tied]
        here = sum(results)
        won += here * (below + (len(results) - here) / 2)
        below += len(results) - here
    return won / pairs


def recall_at(said: Said, came: Came, false_alarms: float = FALSE_ALARMS) -> float | None:
    """The share found when so many of those that did not happen are flagged; between two cuts, a straight line."""
    happened = sum(came)
    if not happened or happened == len(came):
        return None
    hits, misses = [0], [0]
    for _chance, tied in groupby(sorted(zip(said, came, strict=True), reverse=True), key=lambda pair: pair[0]):
        results = [result for _, result in tied]
        hits.append(hits[-1] + sum(results))
        misses.append(misses[-1] + len(results) - sum(results))
    found = [count / happened for count in hits]
    false = [count / (len(came) - happened) for count in misses]
    after = bisect_right(false, false_alarms)
    if after == len(false):
        return found[-1]
    low, high = false[after - 1], false[after]
    return found[after - 1] + (found[after] - found[after - 1]) * (false_alarms - low) / (high - low)


def calibration_error(said: Said, came: Came, parts: int = 10) -> float | None:
    """How far what was said lies from what came, over equally large parts from the surest no to the surest yes."""
    ordered = sorted(zip(said, came, strict=True), key=lambda pair: pair[0])
    size, more = divmod(len(ordered), parts)
    ends = [0, *accumulate(size + (number < more) for number in range(parts))]
    apart = 0.0
    for first, last in pairwise(ends):
        part = ordered[first:last]
        apart += abs(sum(chance for chance, _ in part) - sum(happened for _, happened in part))
    return apart / len(ordered) if ordered else None


def wilson(happened: int, count: int) -> tuple[float, float] | None:
    """Between which shares the true one lies, 95 times in a hundred: Wilson's score interval."""
    if not count:
        return None
    share, spread = happened / count, Z * Z / count
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / count + spread / count / 4) / (1 + spread)
    # Exactly nothing and exactly all: a hair beside them would be spoken as 1 or 99 per cent.
    return middle - half if happened else 0.0, middle + half if happened < count else 1.0


@dataclass(frozen=True, slots=True)
class Bin:
    """Those called about so many per cent. The lowest holds whatever is below it too, the highest what is above."""

    called: int
    count: int
    happened: int
    said: float | None

    @property
    def share(self) -> float | None:
        return self.happened / self.count if self.count else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        return wilson(self.happened, self.count)

    @property
    def holds(self) -> bool | None:
        """Whether what was said can be true, by what came."""
        if self.said is None or self.bounds is None:
            return None
        low, high = self.bounds
        return low <= self.said <= high


def ten_of(chance: float) -> int:
    """The ten that a chance is nearest to, from 10 to 90; a five belongs to the ten above it."""
    # 0.35 * 100 is 35.0 and 0.285 * 100 is 28.499…: rounded first, so that a five is a five.
    return min(max(math.floor(round(chance * 10, 6) + 0.5) * 10, TENS[0]), TENS[-1])


def calibration(said: Said, came: Came) -> list[Bin]:
    """Of those called 10, 20 … 90 per cent, how many came; a row without any is there too."""
    found: dict[int, list[tuple[float, bool]]] = {ten: [] for ten in TENS}
    for chance, happened in zip(said, came, strict=True):
        found[ten_of(chance)].append((chance, happened))
    return [
        Bin(ten, len(pairs), sum(happened for _, happened in pairs), _mean(chance for chance, _ in pairs))
        for ten, pairs in found.items()
    ]


@dataclass(frozen=True, slots=True)
class Course:
    """One date that was promised, from the making on: `looks` are working days left and what was said then."""

    late: bool
    window: float
    looks: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lead:
    """What a flag raised from `threshold` on would have done. Shares of those that came late; None without any."""

    threshold: float
    late: int
    on_time: int
    false_alarms: float | None
    found: float | None
    early: float | None
    before_half_time: float | None
    # Working days ahead, in the middle of those found.
    middle: float | None


def due_soon(courses: Iterable[Course]) -> list[Course]:
    """The same dates under the rule that the nearer one is, the likelier it is to slip."""
    return [Course(one.late, one.window, [(left, -left) for left, _said in one.looks]) for one in courses]


def lead(courses: Iterable[Course], threshold: float) -> Lead:
    """How early the late ones were flagged, and how many of the others were flagged at all."""
    ahead = [(one, _first_flag(one, threshold)) for one in courses]
    late = [(one, days) for one, days in ahead if one.late]
    others = [days is not None for one, days in ahead if not one.late]
    found = [days for _one, days in late if days is not None]
    return Lead(
        threshold=threshold,
        late=len(late),
        on_time=len(others),
        false_alarms=_mean(others),
        found=_mean(days is not None for _one, days in late),
        early=_mean(days is not None and days >= EARLY_DAYS for _one, days in late),
        before_half_time=_mean(days is not None and days >= one.window / 2 for one, days in late),
        middle=median(found) if found else None,
    )


def threshold_for(courses: Sequence[Course], false_alarms: float = FALSE_ALARMS) -> float:
    """The lowest threshold that flags no more than this share of those that were kept; infinite where none does."""
    highest = sorted(max((said for _left, said in one.looks), default=-math.inf) for one in courses if not one.late)
    allowed = math.floor(false_alarms * len(highest) + 1e-9)
    # All at or below this one must stay unflagged.
    highest_unflagged = highest[len(highest) - allowed - 1] if allowed < len(highest) else -math.inf
    every = {said for one in courses for _left, said in one.looks}
    return min((said for said in every if said > highest_unflagged), default=math.inf)


def _first_flag(course: Course, threshold: float) -> float | None:
    return max((left for left, said in course.looks if said >= threshold), default=None)


def _mean(values: Iterable[float]) -> float | None:
    total, count = 0.0, 0
    for value in values:
        total, count = total + value, count + 1
    return total / count if count else None
