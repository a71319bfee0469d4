"""The chance that a promise slips. Plain Python, plain values.

One idea, used twice: of past jobs like this one that had already got as far, what share needed more than is left? Once
for hours (actual against estimate), once for working days. This owner's jobs count most, the firm's stand behind them.
docs/foresight.md has the formula, the measurements and where each number comes from.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

from promises.job_book import AS_GOOD_AS_DONE, LONGEST, OTHERS_RATIO_SHAPE, SAME_DAY, Ratios, pace, size_of
from promises.track_record import FIRM_BEHIND, OTHERS_BEHIND, Like, TrackRecord

# Silence makes a job in hand likelier to be late than the record says, time gone a little less so, and hours spent
# less: of each one plus so many days, or plus so many times the estimate, the logarithm.
SILENT_DAYS = 0.5
ELAPSED_DAYS = -0.3
SPENT = -0.6
# The share of the estimate that is spent on a job in hand in the middle: it says nothing either way.
SPENT_USUALLY = 0.4
# The share of time that is gone less the share that is reported as done.
BEHIND_TIME = 3.0
# Without an estimate, what a promise is taken to need, and the chance that is then the least one may claim.
UNKNOWN_HOURS = 4.0
UNKNOWN_AT_LEAST = 0.15
# Nobody has said lately how it stands, and the client would soon have to hear of a slip.
SILENT = 0.6
# The owner has said that it may be late.
SAID_MAY_BE_LATE = 0.9
# Nobody is surer than this, not even of what is reported as finished and not delivered yet.
SEEMS_DONE = 0.05
SUREST = 0.99
# From so much on, reported as done, it is asked whether it is before anybody is alarmed.
NEARLY_DONE = 0.9
WAITING_AT_LEAST = 0.35
# In days, and more than rounding can make of two equal paces.
A_HAIR = 1e-6
# Reasons to ask that stand by themselves, whatever the chance and the firm's thresholds.
ALARMING = frozenset({"said", "silent", "not_delivered"})
# The chance of what seems finished does not grow as free hours pass.
FINISHED = frozenset({"seems_done", "not_delivered"})


# Nobody changes either of the two. They are not frozen, for a sweep makes one of each for every promise, and to make
# frozen ones takes three times as long.
@dataclass(slots=True)
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
    spent_hours: float | None = None
    # Nobody knows when it was made: it is weighed by its hours alone.
    is_undated: bool = False


@dataclass(slots=True)
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
    # The share of such jobs that ran past such a date, where days are a ground; None where no job had a date.
    usual_late: float | None = None
    days_elapsed: int = 0
    days_left: int = 0
    jobs: int = 0
    own_ratio: bool = False
    own: bool = False
    enough: bool = False
    is_nearly_done: bool = False
    # Somebody is to be asked first, whether it is done or how long it takes, before the client has to hear.
    asks_first: bool = False
    # What the calendar says by itself, where it was asked.
    late: float | None = None

    @property
    def is_alarming(self) -> bool:
        return not ALARMING.isdisjoint(self.grounds)

    @property
    def grows(self) -> bool:
        return FINISHED.isdisjoint(self.grounds)


def forecast(facts: Facts, record: TrackRecord) -> Forecast:
    like = _like(facts, record)
    left, done = work_left(facts), _done(facts)
    late = _late(facts, like, done) if _asks_the_calendar(facts, left, record) else None
    chance, grounds = _from_work(facts, left, facts.free_hours, record, like, late)
    for least, ground in _said(facts):
        grounds = (ground, *grounds) if chance < least else (*grounds, ground)
        chance = max(chance, least)
    is_nearly_done = (done or 0.0) >= NEARLY_DONE - A_HAIR
    own, firm = like.ratios
    own_ratio, jobs = own.weight >= FIRM_BEHIND, record.jobs
    return Forecast(
        chance=min(chance, SUREST),
        left=left,
        free=facts.free_hours,
        grounds=grounds,
        usual_ratio=(own if own_ratio else firm).middle if jobs else None,
        usual_days=like.days.middle if jobs else None,
        usual_late=_from_the_start(facts, like) if "days" in grounds and like.paces else None,
        days_elapsed=facts.days_elapsed,
        days_left=facts.days_left,
        jobs=jobs,
        own_ratio=own_ratio,
        own=like.days.own >= FIRM_BEHIND,
        enough=record.is_enough,
        is_nearly_done=is_nearly_done,
        asks_first=not facts.tell_by_passed and (left is None or is_nearly_done),
        late=late,
    )


def chance_with(free_hours: float, facts: Facts, seen: Forecast, record: TrackRecord) -> float:
    """What `seen` would say of the same facts with its own free hours or fewer: as `forecast`, many times faster."""
    chance, _grounds = _from_work(facts, seen.left, free_hours, record, _like(facts, record), seen.late)
    return min(max(chance, *(least for least, _ground in _said(facts)), 0.0), SUREST)


def _said(facts: Facts) -> list[tuple[float, str]]:
    """What people said or did not say, the weightiest last, and the least that it makes of any chance."""
    said = []
    if facts.silent:
        said.append((SILENT, "silent"))
    if facts.waiting_for_client:
        said.append((WAITING_AT_LEAST, "waiting"))
    if facts.standing == "may_be_late":
        said.append((SAID_MAY_BE_LATE, "said"))
    return said


def work_left(facts: Facts) -> float | None:
    """Hours left: as last said, else what the per cent leaves of the estimate, else the estimate."""
    return hours_left(facts.estimate_hours, facts.hours_left, facts.per_cent)


def hours_left(estimate: float | None, said: float | None, per_cent: int | None) -> float | None:
    """As `work_left`, of these three alone."""
    if said is not None:
        return said
    return None if estimate is None else estimate * (1 - (per_cent or 0) / 100)


def late_chance(facts: Facts, record: TrackRecord) -> float:
    """The calendar question: chance that it is finished after the day on which it is due."""
    return _late(facts, _like(facts, record), _done(facts))


def _late(facts: Facts, like: Like, done: float | None) -> float:
    if done is None:
        return _unsaid(facts, like)
    days, gone, left = like.days, facts.days_elapsed, facts.days_left
    # What is known to be done says more than that it is not finished yet: the chance that it had at the start.
    need = max(gone + left, 1)
    said = _shifted(_from_the_start(facts, like), BEHIND_TIME * (gone / need - done))
    if done * need <= gone:
        # Too little is done: as far as that goes, nothing has been said that makes it safer.
        unsaid = _unsaid(facts, like)
        said = max(said, unsaid + max(done, 0.0) * (said - unsaid))
    if done <= 0:
        return said
    # What is left, at the pace of the whole.
    whole = math.ceil(max(left, SAME_DAY) / (1 - done)) if done < 1 else LONGEST
    return min(said, _past_its_date(like, days.share_beyond(whole, 0), 0, whole))


def _unsaid(facts: Facts, like: Like) -> float:
    """The chance of a job of which nobody has said how much is done."""
    days, gone, left = like.days, facts.days_elapsed, facts.days_left
    chance = days.share_beyond(gone + max(left, 1), gone)
    if left == 0 and gone:
        # It may still be finished today. That is never better than to have until tomorrow.
        chance = max(chance, days.share_beyond(gone, gone - 1))
    chance = _past_its_date(like, chance, gone, gone + left)
    by = SILENT_DAYS * math.log1p(facts.silent_days) + ELAPSED_DAYS * math.log1p(gone)
    if facts.spent_hours is not None and facts.estimate_hours:
        by += SPENT * math.log((1 + facts.spent_hours / facts.estimate_hours) / (1 + SPENT_USUALLY))
    return _shifted(chance, by)


def _from_the_start(facts: Facts, like: Like) -> float:
    """The share of such jobs that ran past such a date."""
    given = facts.days_elapsed + facts.days_left
    return _past_its_date(like, like.days.share_beyond(max(given, 1), 0), 0, given)


def _past_its_date(like: Like, chance: float, gone: int, given: int) -> float:
    """Of jobs that had a date and got as far before it, the share that ran past it; `chance` stands behind them.

    People work towards a date: what a job took tells how long it had, and only in part how long it needs.
    """
    if like.paces is None:
        return chance
    # Those that were finished on this very day had got as far: it may be finished today.
    room = max(given, SAME_DAY)
    so_far = pace(min(gone - 0.5, AS_GOOD_AS_DONE * room - A_HAIR), given, like.spreads)
    return _needed_more(like.paces, so_far, pace(room + A_HAIR, given, like.spreads), chance)


def overrun_chance(
    owner: Hashable, kind: str, estimate: float, spent: float, free: float, record: TrackRecord
) -> float:
    """The effort question: chance that work estimated at `estimate` hours takes more than those spent and free."""
    return _overrun(record.ratios(owner, kind, size_of(estimate, 1.0)), spent / estimate, (spent + free) / estimate)


def chance_of_overrun(left: float, free: float) -> float:
    """Without a record: chance that `left` hours take more than `free` hours: 1 / (1 + (free/left) ** shape)."""
    if left <= 0:
        return 0.0
    if free <= 0:
        return 1.0
    return 1 / (1 + math.pow(free / left, OTHERS_RATIO_SHAPE))


def _from_work(
    facts: Facts, left: float | None, free: float, record: TrackRecord, like: Like, late: float | None
) -> tuple[float, tuple[str, ...]]:
    if _is_finished(facts, left):
        # Finished is not delivered: the chance stays small, but by now somebody has to say which it is.
        return SEEMS_DONE, ("not_delivered" if facts.tell_by_passed else "seems_done",)
    if left is None:
        left_of_unknown = UNKNOWN_HOURS * (1 - (facts.per_cent or 0) / 100)
        chance, ground = _chance(facts, left_of_unknown, free, record, like, late)
        grounds = ("no_estimate",) if ground == "work" or chance < UNKNOWN_AT_LEAST else (ground, "no_estimate")
        return max(UNKNOWN_AT_LEAST, chance), grounds
    chance, ground = _chance(facts, left, free, record, like, late)
    return max(SEEMS_DONE, chance), (ground,)


def _chance(
    facts: Facts, left: float, free: float, record: TrackRecord, like: Like, late: float | None
) -> tuple[float, str]:
    """The worse of the two questions: hours that do not suffice, or days that never did."""
    if free <= 0:
        return 1.0, "work"
    if not record.is_enough:
        return chance_of_overrun(left, free), "work"
    # What is left is a job of its own. It stays of the size that was estimated, so that less of it is always better.
    is_whole = facts.hours_left is None and facts.per_cent is None
    spent = (facts.spent_hours or 0.0) / left if is_whole else 0.0
    hours = _overrun(like.ratios, spent, spent + free / left)
    return (hours, "work") if late is None or hours >= late else (late, "days")


def _is_finished(facts: Facts, left: float | None) -> bool:
    return facts.standing == "done" or facts.per_cent == 100 or left == 0


def _asks_the_calendar(facts: Facts, left: float | None, record: TrackRecord) -> bool:
    """Where no hours are free, it does not matter how many days are left."""
    return facts.free_hours > 0 and not facts.is_undated and record.is_enough and not _is_finished(facts, left)


def _like(facts: Facts, record: TrackRecord) -> Like:
    return record.like(facts.owner, facts.kind, facts.estimate_hours, facts.hours_a_day)


def _overrun(record: tuple[Ratios, Ratios], so_far: float, need: float) -> float:
    """Of jobs that had taken as much for each estimated hour, the share that needed more."""
    of_others = (1 + math.pow(so_far, OTHERS_RATIO_SHAPE)) / (1 + math.pow(need, OTHERS_RATIO_SHAPE))
    return _needed_more(record, so_far, need, of_others)


def _needed_more(record: tuple[Ratios, Ratios], so_far: float, need: float, of_others: float) -> float:
    """Of what lies above `so_far`, the share above `need`: the owner's, the firm's behind it, others' behind that."""
    own, firm = record
    of_firm = (firm.above(need) + OTHERS_BEHIND * of_others) / (firm.above(so_far) + OTHERS_BEHIND)
    return (own.above(need) + FIRM_BEHIND * of_firm) / (own.above(so_far) + FIRM_BEHIND)


def _done(facts: Facts) -> float | None:
    """The share that is reported as done, less than nothing when it has grown; None where nobody said."""
    if facts.hours_left is not None and facts.estimate_hours:
        return max(1 - facts.hours_left / facts.estimate_hours, -1.0)
    return None if facts.per_cent is None else facts.per_cent / 100


def _shifted(chance: float, by: float) -> float:
    return 1 / (1 + math.exp(-by) * (1 / chance - 1)) if chance else 0.0
