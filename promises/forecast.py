"""The chance that a promise slips. Plain Python, plain values.

A first rule that is honest about knowing little: no record of past jobs is read yet. Without one, a job's true length
is taken to be log-logistic around its estimate (median 1.0, shape 1.5): half of all jobs overrun, one in four takes
twice as long, one in nine four times. What matters is then only how many free hours there are for each hour left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# Spread of actual over estimated hours before anything is known about these people: log-logistic, shape 1.5.
SHAPE = 1.5
# Without an estimate, what a promise is taken to need, and the chance that is then the least one may claim.
UNKNOWN_HOURS = 4.0
UNKNOWN_AT_LEAST = 0.15
# Nobody has said lately how it stands, and the client would soon have to hear of a slip.
SILENT = 0.6
# The owner has said that it may be late.
SAID_MAY_BE_LATE = 0.9
# Nobody is surer than this, not even of what is reported as finished and not delivered yet.
SEEMS_DONE = 0.05
WAITING_AT_LEAST = 0.35
# Reasons to ask that stand by themselves, whatever the chance and the firm's thresholds.
ALARMING = frozenset({"said", "silent", "not_delivered"})
# The chance of what seems finished does not grow as free hours pass.
FINISHED = frozenset({"seems_done", "not_delivered"})


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at a moment. Hours are working hours; `free_hours` until the due instant, share applied."""

    free_hours: float
    estimate_hours: float | None
    hours_left: float | None
    per_cent: int | None
    standing: str  # what the last update said: "", on_track, may_be_late, done
    silent: bool
    tell_by_passed: bool
    waiting_for_client: bool = False


@dataclass(frozen=True, slots=True)
class Forecast:
    """`left` is None without an estimate; `grounds` name, in order of weight, what the sentence should say."""

    chance: float
    left: float | None
    free: float
    grounds: tuple[str, ...]

    @property
    def is_alarming(self) -> bool:
        return not ALARMING.isdisjoint(self.grounds)

    @property
    def grows(self) -> bool:
        return FINISHED.isdisjoint(self.grounds)


def forecast(facts: Facts) -> Forecast:
    left = work_left(facts)
    chance, grounds = _from_work(facts, left)
    for holds, least, ground in (
        (facts.silent, SILENT, "silent"),
        (facts.waiting_for_client, WAITING_AT_LEAST, "waiting"),
        (facts.standing == "may_be_late", SAID_MAY_BE_LATE, "said"),
    ):
        if holds:
            grounds = (ground, *grounds) if chance < least else (*grounds, ground)
            chance = max(chance, least)
    return Forecast(chance=chance, left=left, free=facts.free_hours, grounds=grounds)


def work_left(facts: Facts) -> float | None:
    """Hours left: as last said, else what the per cent leaves of the estimate, else the estimate."""
    if facts.hours_left is not None:
        return facts.hours_left
    if facts.estimate_hours is None:
        return None
    return facts.estimate_hours * (1 - (facts.per_cent or 0) / 100)


def chance_of_overrun(left: float, free: float) -> float:
    """Chance that work estimated at `left` hours takes more than `free` hours: 1 / (1 + (free/left) ** shape)."""
    if left <= 0:
        return 0.0
    if free <= 0:
        return 1.0
    return 1 / (1 + math.pow(free / left, SHAPE))


def free_hours_for(chance: float, left: float) -> float:
    """Free hours at which `chance_of_overrun` is exactly `chance`; fewer hours give more."""
    return left * math.pow(1 / chance - 1, 1 / SHAPE)


def _from_work(facts: Facts, left: float | None) -> tuple[float, tuple[str, ...]]:
    if facts.standing == "done" or facts.per_cent == 100 or left == 0:
        # Finished is not delivered: the chance stays small, but by now somebody has to say which it is.
        return SEEMS_DONE, ("not_delivered" if facts.tell_by_passed else "seems_done",)
    if left is None:
        share = 1 - (facts.per_cent or 0) / 100
        return max(UNKNOWN_AT_LEAST, chance_of_overrun(UNKNOWN_HOURS * share, facts.free_hours)), ("no_estimate",)
    return max(SEEMS_DONE, chance_of_overrun(left, facts.free_hours)), ("work",)
