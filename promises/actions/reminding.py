"""The stages of a promise whose client has to hear, and the reminders of the stages that are reached."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple

from django.db.models import F

from engagement.outbox.models import State
from engagement.staff.models import User
from promises.actions.alarms import Hearers
from promises.bulk import Besides, among
from promises.models import Promise, Reminder

WORST_FIRST = (Reminder.Kind.SLIPPED, Reminder.Kind.TELL_BY, Reminder.Kind.HALF_WAY, Reminder.Kind.AT_RISK)


class Occasion(NamedTuple):
    """What a person is reminded of, once: a stage of one promise, its date, and from when it was at risk."""

    promise_id: int
    kind: str
    about_due_at: datetime
    alarm_at: datetime
    person_id: int


COLUMNS = ("promise", "kind", "person", "message")
# A reminder says of a promise what it holds, and what the look writes of it.
SAME_OF_A_REMINDER = {"about_due_at": "due_at", "alarm_at": "alarm_at"}


class Written(NamedTuple):
    """How the alarm stands that a reminder was written into."""

    state: str
    attempts: int
    not_before: datetime

    def waits_beyond(self, moment: datetime) -> bool:
        return self.state == State.WAITING and not self.attempts and self.not_before > moment


class Raised(NamedTuple):
    """A promise whose client has to hear: at risk or overdue, and not told. `is_new`: since this look."""

    promise: Promise
    restricted: bool
    is_new: bool


@dataclass(slots=True)
class Reminders:
    """What is to be written of each promise, and by whom an alarm is awaited, until when."""

    of: dict[int, list[Occasion]] = field(default_factory=dict)
    hears: dict[User, datetime] = field(default_factory=dict)

    def add(self, occasion: Occasion, person: User, moment: datetime) -> None:
        self.of.setdefault(occasion.promise_id, []).append(occasion)
        self.hurry(person, moment)

    def hurry(self, person: User, moment: datetime) -> None:
        self.hears[person] = min(moment, self.hears.get(person, moment))

    def some(self, promises: Iterable[int]) -> Reminders:
        """Those of some of the promises, and their people."""
        of = {promise: self.of[promise] for promise in promises if promise in self.of}
        people = {one.person_id for occasions in of.values() for one in occasions}
        return Reminders(of, {person: moment for person, moment in self.hears.items() if person.id in people})

    def besides(self, alarms: Mapping[int, int], now: datetime) -> Besides:
        """To be written with the promises, into the alarms of their people."""
        every = chain.from_iterable(self.of.values())
        rows = [(one.promise_id, one.kind, one.person_id, alarms[one.person_id]) for one in every]
        return Besides(Reminder, COLUMNS, rows, SAME_OF_A_REMINDER, {"at": now})


def reminders(raised: Sequence[Raised], hearers: Hearers) -> Reminders:
    """Those of the stages that are reached; nobody is reminded twice of a stage."""
    # About a fright that begins with this look nothing can have been written.
    written = _written([one.promise for one in raised if not one.is_new])
    lost = _lost(written)
    wanted = Reminders()
    for one in raised:
        stage = _stage(one.promise, hearers.now)
        heard = hearers.whom(one.promise, stage.kind, one.restricted, lost.get(stage, ()))
        for person, moment in heard.items():
            occasion = Occasion(*stage[:-1], person.id)
            if occasion not in written:
                wanted.add(occasion, person, moment)
            elif written[occasion].waits_beyond(moment):
                # Whoever was to hear in time cannot any more: who was to hear later hears sooner.
                wanted.hurry(person, moment)
    return wanted


def with_half_way(promise: Promise, moment: datetime | None, now: datetime) -> datetime | None:
    """The next look: not after half of the time in which the client has to hear is gone."""
    if promise.alarm_at and promise.alarm_at < promise.tell_by_at and _half_way(promise) > now:
        return min(filter(None, [moment, _half_way(promise)]))
    return moment


NOBODY = 0


def _stage(promise: Promise, now: datetime) -> Occasion:
    """The latest that is reached; those that passed unnoticed are merged into it."""
    assert promise.alarm_at
    stages = {
        Reminder.Kind.AT_RISK: promise.alarm_at,
        Reminder.Kind.TELL_BY: promise.tell_by_at,
        Reminder.Kind.SLIPPED: promise.due_at,
    }
    if promise.alarm_at < promise.tell_by_at:
        stages[Reminder.Kind.HALF_WAY] = _half_way(promise)
    reached = (kind for kind in WORST_FIRST if kind in stages and stages[kind] <= now)
    # None, where the clock was put back since.
    kind = next(reached, Reminder.Kind.AT_RISK)
    return Occasion(promise.pk, kind.value, promise.due_at, promise.alarm_at, NOBODY)


def _half_way(promise: Promise) -> datetime:
    assert promise.alarm_at
    return promise.alarm_at + (promise.tell_by_at - promise.alarm_at) / 2


def _written(promises: Collection[Promise]) -> dict[Occasion, Written]:
    """What was written about the fright that each is in, and how its alarm stands. Of earlier ones nothing is read."""
    if not promises:
        return {}
    rows = Reminder.objects.filter(
        promise__in=among([promise.pk for promise in promises]), alarm_at=F("promise__alarm_at")
    )
    key, alarm = Occasion._fields, [f"message__{name}" for name in Written._fields]
    read = rows.order_by().values_list(*key, *alarm)
    return {Occasion(*row[: len(key)]): Written(*row[len(key) :]) for row in read}


def _lost(written: dict[Occasion, Written]) -> dict[Occasion, set[int]]:
    """Whose alarm about a stage failed or came back."""
    lost: dict[Occasion, set[int]] = {}
    for occasion, alarm in written.items():
        if alarm.state == State.FAILED:
            lost.setdefault(occasion._replace(person_id=NOBODY), set()).add(occasion.person_id)
    return lost
