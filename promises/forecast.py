"""The chance that a promise slips. Plain Python, plain values.

One idea, used twice: of past jobs of this size that had already got as far as this one, what share needed more than
is left? Once for hours (actual against estimate), once for working days. This owner's recent jobs count most, and
the firm's stand behind them. docs/foresight.md has the formula, the measurements and where each number comes from.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

from promises.track_record import Tail, TrackRecord, size_of

# The firm's record weighs as much as so many of the owner's own jobs: for hours, and for working days.
OWN_HOURS_BEHIND = 10.0
OWN_DAYS_BEHIND = 4.0
# Silence makes a job in hand likelier to be late than the record says, and time spent on it less so.
SILENT_DAYS = 0.70
ELAPSED_DAYS = -0.56
# Spread of actual over estimated hours before anything is known about these people: log-logistic, shape 1.5. Half of
# all jobs overrun, one in four takes twice as long, one in nine four times.
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
    """What is known at a moment. Hours are working hours, days the owner's working days.

    `free_hours`: until the due instant, share applied, after what is promised earlier. `days_elapsed`: after the day
    it was made up to today. `days_left`: after today up to the day it is due.
    """

    free_hours: float
    estimate_hours: float | None
    hours_left: float | None
    per_cent: int | None
    standing: str  # what the last update said: "", on_track, may_be_late, done
    silent: bool
    tell_by_passed: bool
    waiting_for_client: bool = False
    owner: Hashable = None
    kind: str = ""
    hours_a_day: float = 0.0
    days_elapsed: int = 0
    days_left: int = 0
    silent_days: int = 0
    other_open: int = 0
    spent_hours: float | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """`left` is None without an estimate; `grounds` name, in order of weight, what the sentence should say.

    `usual_ratio` and `usual_days` are the middle of what such jobs took, `jobs` how many stand behind it; `own_ratio`
    and `own` say that they are mostly the owner's, `enough` that there are enough of them to speak of a record.
    """

    chance: float
    left: float | None
    free: float
    grounds: tuple[str, ...]
    usual_ratio: float | None = None
    usual_days: float | None = None
    days_elapsed: int = 0
    days_left: int = 0
    jobs: int = 0
    own_ratio: bool = False
    own: bool = False
    enough: bool = False

    @property
    def is_alarming(self) -> bool:
        return not ALARMING.isdisjoint(self.grounds)

    @property
    def grows(self) -> bool:
        return FINISHED.isdisjoint(self.grounds)


def forecast(facts: Facts, record: TrackRecord) -> Forecast:
    left = work_left(facts)
    chance, grounds = _from_work(facts, left, record)
    for holds, least, ground in (
        (facts.silent, SILENT, "silent"),
        (facts.waiting_for_client, WAITING_AT_LEAST, "waiting"),
        (facts.standing == "may_be_late", SAID_MAY_BE_LATE, "said"),
    ):
        if holds:
            grounds = (ground, *grounds) if chance < least else (*grounds, ground)
            chance = max(chance, least)
    own_ratios, own_days = record.owner(facts.owner).ratios(), _days(facts, record)[0]
    return Forecast(
        chance=chance,
        left=left,
        free=facts.free_hours,
        grounds=grounds,
        usual_ratio=_middle(own_ratios, record.firm.ratios(), OWN_HOURS_BEHIND),
        usual_days=_middle(*_days(facts, record), OWN_DAYS_BEHIND),
        days_elapsed=facts.days_elapsed,
        days_left=facts.days_left,
        jobs=record.jobs,
        own_ratio=own_ratios.weight >= OWN_HOURS_BEHIND,
        own=own_days.weight >= OWN_DAYS_BEHIND,
        enough=record.is_enough,
    )


def work_left(facts: Facts) -> float | None:
    """Hours left: as last said, else what the per cent leaves of the estimate, else the estimate."""
    if facts.hours_left is not None:
        return facts.hours_left
    if facts.estimate_hours is None:
        return None
    return facts.estimate_hours * (1 - (facts.per_cent or 0) / 100)


def late_chance(facts: Facts, record: TrackRecord) -> float:
    """The calendar question: chance that it is finished after the day on which it is due."""
    own, firm = _days(facts, record)
    need = facts.days_elapsed + facts.days_left
    chance = _share(own, firm, OWN_DAYS_BEHIND, facts.days_elapsed, need)
    return _shifted(chance, SILENT_DAYS * math.log1p(facts.silent_days) + ELAPSED_DAYS * math.log1p(facts.days_elapsed))


def overrun_chance(
    owner: Hashable, kind: str, estimate: float, spent: float, free: float, record: TrackRecord
) -> float:
    """The effort question: chance that work estimated at `estimate` hours takes more than those spent and free."""
    if not record.is_enough:
        return chance_of_overrun(max(estimate - spent, 0.0), free)
    own, firm = record.owner(owner).ratios(), record.firm.ratios()
    return _share(own, firm, OWN_HOURS_BEHIND, spent / estimate, (spent + free) / estimate)


def chance_of_overrun(left: float, free: float) -> float:
    """Without a record: chance that `left` hours take more than `free` hours: 1 / (1 + (free/left) ** shape)."""
    if left <= 0:
        return 0.0
    if free <= 0:
        return 1.0
    return 1 / (1 + math.pow(free / left, SHAPE))


def free_hours_for(chance: float, left: float) -> float:
    """Free hours at which `chance_of_overrun` is exactly `chance`; fewer hours give more."""
    return left * math.pow(1 / chance - 1, 1 / SHAPE)


def _from_work(facts: Facts, left: float | None, record: TrackRecord) -> tuple[float, tuple[str, ...]]:
    if facts.standing == "done" or facts.per_cent == 100 or left == 0:
        # Finished is not delivered: the chance stays small, but by now somebody has to say which it is.
        return SEEMS_DONE, ("not_delivered" if facts.tell_by_passed else "seems_done",)
    if left is None:
        left_of_unknown = UNKNOWN_HOURS * (1 - (facts.per_cent or 0) / 100)
        return max(UNKNOWN_AT_LEAST, _chance(facts, left_of_unknown, record)[0]), ("no_estimate",)
    chance, ground = _chance(facts, left, record)
    return max(SEEMS_DONE, chance), (ground,)


def _chance(facts: Facts, left: float, record: TrackRecord) -> tuple[float, str]:
    """The worse of the two questions: hours that do not suffice, or days that never did."""
    if facts.free_hours <= 0:
        return 1.0, "work"
    hours = overrun_chance(facts.owner, facts.kind, left, 0.0, facts.free_hours, record)
    if not record.is_enough or facts.days_elapsed + facts.days_left == 0:
        return hours, "work"
    return max((hours, "work"), (late_chance(facts, record), "days"))


def _days(facts: Facts, record: TrackRecord) -> tuple[Tail, Tail]:
    size = size_of(facts.estimate_hours, facts.hours_a_day)
    return record.owner(facts.owner).days(size), record.firm.days(size)


def _share(own: Tail, firm: Tail, behind: float, so_far: float, need: float) -> float:
    """Of past jobs that had got as far, the share that needed more; the firm's count as `behind` of the owner's."""
    of_firm = (firm.above(need) + 0.5) / (firm.above(so_far) + 1)
    return (own.above(need) + behind * of_firm) / (own.above(so_far) + behind)


def _shifted(chance: float, by: float) -> float:
    return 1 / (1 + math.exp(-by) * (1 / chance - 1)) if chance else 0.0


def _middle(own: Tail, firm: Tail, behind: float) -> float | None:
    return (own if own.weight >= behind else firm).middle()
