"""Ratios of paired measurements, and how far they can be trusted. Plain arithmetic."""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

RESAMPLED = 2000
SHARE = 0.90
SEED = 4

Middle = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure, and the ends between which nine in ten repetitions of the run would find it."""

    low: float
    middle: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.3g} ({self.low:.3g}–{self.high:.3g})"


def exactly(value: float) -> Interval:
    """What is counted, not measured."""
    return Interval(value, value, value)


def p95(values: Sequence[float]) -> float:
    """The smallest value that at least 95 in 100 do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-95 * len(ordered) // 100) - 1)]


def paired(one: Sequence[float], other: Sequence[float]) -> Interval:
    """The median of the ratios of each round: what slowed the machine for a round, slowed both."""
    return interval([mine / theirs for mine, theirs in zip(one, other, strict=True)], statistics.median)


def interval(values: Sequence[float], middle: Middle = statistics.median) -> Interval:
    """A bootstrap: the figure of many samples drawn from these, with putting back."""
    draw = random.Random(SEED)
    found = [middle(draw.choices(values, k=len(values))) for _ in range(RESAMPLED)]
    return _ends(found, middle(values))


def of_few(values: Sequence[float]) -> Interval:
    """The median of too few to draw from again, by order: so many are left out at either end as leave it in with nine
    chances in ten (the interval of the sign test). Under eight none can be: the ends are the least and the most.
    """
    ordered, outside = sorted(values), 0
    while 2 * _half_above(outside + 1, len(ordered)) <= 1 - SHARE:
        outside += 1
    return Interval(ordered[outside], statistics.median(ordered), ordered[-1 - outside])


def _half_above(outside: int, many: int) -> float:
    """How likely it is that no more than so many of these lie on one side of the median."""
    return sum(math.comb(many, number) for number in range(outside + 1)) / 2**many


def apart(one: Sequence[float], other: Sequence[float], middle: Middle = p95) -> Interval:
    """The ratio of two figures of samples that were not taken in pairs."""
    draw = random.Random(SEED)
    found = [
        middle(draw.choices(one, k=len(one))) / middle(draw.choices(other, k=len(other))) for _ in range(RESAMPLED)
    ]
    return _ends(found, middle(one) / middle(other))


def _ends(found: Sequence[float], middle: float) -> Interval:
    ordered = sorted(found)
    outside = round(len(ordered) * (1 - SHARE) / 2)
    return Interval(ordered[outside], middle, ordered[-1 - outside])
