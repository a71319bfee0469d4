"""Keeps score of a replay: what was said against what came of it. Plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from promises import measure
from promises.events import Answer, Ask, Done, Event
from promises.measure import Bin, Course, Lead

# Under so many working days there is no half-way to speak of, and under so many no early warning.
SHORTEST_WITH_STAGES = 3
SHORTEST_WITH_LEAD = 5
# Up to this share of its days, a promise is looked at about half-way.
NEAR_FROM = 0.65


class Stage(StrEnum):
    MAKING = "making"
    HALF_WAY = "half_way"
    NEAR = "near"


class Judged(NamedTuple):
    """One answer whose truth is known."""

    chance: float
    slipped: bool
    elapsed: int
    left: int
    org: str
    task: str

    @property
    def window(self) -> int:
        return self.elapsed + self.left

    @property
    def stage(self) -> Stage:
        if not self.elapsed:
            return Stage.MAKING
        return Stage.NEAR if self.elapsed >= NEAR_FROM * self.window else Stage.HALF_WAY


@dataclass(frozen=True, slots=True)
class Figures:
    """How right some answers were."""

    count: int
    slipped: int
    brier: float | None
    log_loss: float | None
    auc: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """`lead` is of the flag, `due_soon` of the rule that needs no forecast, with no more false alarms than the flag."""

    asked: int
    answered: int
    judged: int
    jobs: int
    stages: dict[Stage, Figures]
    # Of the question whether the work takes more than the free hours.
    hours: Figures | None
    bins: list[Bin]
    lead: Lead | None
    due_soon: Lead | None


class Judge:
    """Hears a replay through. An answer waits until its job is done; one whose truth is known counts at once."""

    def __init__(self, jobs_needed: int = 0) -> None:
        """Answers given before so many jobs of the firm were finished are not judged."""
        self._jobs_needed = jobs_needed
        self._waiting: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._days: list[Judged] = []
        self._hours: list[Judged] = []
        self.asked = self.answered = self.jobs = 0

    def hear(self, said: Answer | Event) -> None:
        if isinstance(said, Done):
            self.jobs += 1
            for answer in self._waiting.pop((said.org, said.task), ()):
                self._judge(answer, _came(answer.ask, said))
        elif isinstance(said, Answer):
            self._hear_answer(said)

    def _hear_answer(self, said: Answer) -> None:
        self.asked += 1
        if said.chance is None:
            return
        self.answered += 1
        if said.ask.slipped is not None:
            self._judge(said, said.ask.slipped)
        elif said.jobs >= self._jobs_needed:
            self._waiting[said.ask.org, said.ask.task].append(said)

    def report(self, threshold: float | None = None) -> Report:
        """With `threshold` a flag is raised from it on, else at the share of false alarms that all are compared at."""
        lead, soon = self._leads(threshold)
        judged = self._days or self._hours
        return Report(
            asked=self.asked,
            answered=self.answered,
            judged=len(self._days) + len(self._hours),
            jobs=self.jobs,
            stages={stage: figures for stage in Stage if (figures := _figures(self._at(stage))).count},
            hours=_figures(self._hours) if self._hours else None,
            bins=measure.calibration(*_said_and_came(judged)),
            lead=lead,
            due_soon=soon,
        )

    def _judge(self, answer: Answer, slipped: bool) -> None:
        ask = answer.ask
        if answer.chance is None or answer.jobs < self._jobs_needed:
            return
        kept = self._hours if ask.due is None else self._days
        kept.append(Judged(answer.chance, slipped, ask.facts.days_elapsed, ask.facts.days_left, ask.org, ask.task))

    def _at(self, stage: Stage) -> list[Judged]:
        return [
            one
            for one in self._days
            if one.stage == stage and (stage == Stage.MAKING or one.window >= SHORTEST_WITH_STAGES)
        ]

    def _leads(self, threshold: float | None) -> tuple[Lead | None, Lead | None]:
        courses = self._courses()
        if not any(one.late for one in courses) or all(one.late for one in courses):
            return None, None
        lead = measure.lead(courses, measure.threshold_for(courses) if threshold is None else threshold)
        allowed = measure.FALSE_ALARMS if threshold is None else lead.false_alarms or 0.0
        soon = measure.due_soon(courses)
        return lead, measure.lead(soon, measure.threshold_for(soon, allowed))

    def _courses(self) -> list[Course]:
        by_task: dict[tuple[str, str], list[Judged]] = defaultdict(list)
        for one in self._days:
            if one.window >= SHORTEST_WITH_LEAD:
                by_task[one.org, one.task].append(one)
        return [
            Course(looks[0].slipped, looks[0].window, [(look.left, look.chance) for look in looks])
            for looks in by_task.values()
        ]


def _came(ask: Ask, done: Done) -> bool:
    if ask.due is not None:
        return done.day > ask.due
    return done.job.actual is not None and done.job.actual > ask.facts.free_hours


def _figures(judged: Sequence[Judged]) -> Figures:
    said, came = _said_and_came(judged)
    return Figures(
        count=len(came),
        slipped=sum(came),
        brier=measure.brier(said, came),
        log_loss=measure.log_loss(said, came),
        auc=measure.auc(said, came),
        error=measure.calibration_error(said, came),
    )


def _said_and_came(judged: Sequence[Judged]) -> tuple[list[float], list[bool]]:
    return [one.chance for one in judged], [one.slipped for one in judged]
