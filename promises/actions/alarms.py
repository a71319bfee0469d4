"""Who is asked to tell a client, and the alarm that asks: one a person for what arises together."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property, partial
from itertools import chain
from typing import Any, NamedTuple
from uuid import uuid4

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clients.models import Client
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message, State
from engagement.staff.diary import Covers, Diaries, without_absences
from engagement.staff.models import User
from engagement.staff.worktime import NoWorkingTime, next_working_moment
from promises.bulk import Needed, among, update_rows
from promises.models import Promise, Reminder

# Alarms that arise together leave together.
COLLECT = timedelta(seconds=20)
# Once the date has passed, somebody is to hear within a long weekend.
LATEST = timedelta(days=4)


class _Circle(NamedTuple):
    """People, and who is asked for them, when."""

    people: list[User]
    heard: dict[User, datetime]


class Hearers:
    """Who hears of what, at one moment: managers, covers and hours are read once. Made anew for every sweep."""

    def __init__(self, now: datetime, diaries: Diaries) -> None:
        self.now, self.diaries = now, diaries
        self._of: dict[tuple[int, bool], list[_Circle]] = {}
        self._lines: dict[int, list[User]] = {}
        self._restricted: dict[int, frozenset[int]] = {}

    def whom(self, promise: Promise, kind: str, restricted: bool, lost: Collection[int] = ()) -> dict[User, datetime]:
        """Who hears of this stage, and when: in their working hours, if anybody's come before the date.

        Somebody who left, may not see the client or could not be written to (`lost`) hears nothing. Where nobody is
        left who hears in time, the next circle is asked as well; where there is none, whoever such a person stands in
        for, though away; and where these do not hear in time either, all at once, whatever the hour. Once managers are
        to hear, it takes somebody who was not asked before: a manager who is away may have the owner to stand in for
        them, and the owner's cover may be their manager.
        """
        in_time = promise.due_at if promise.due_at > self.now else self.now + LATEST
        at_once = kind in (Reminder.Kind.TELL_BY, Reminder.Kind.SLIPPED)
        circles = self._circles(promise.owner, at_once)
        asked_before = {promise.owner, *self._circles(promise.owner, False)[0].heard} if at_once else set()
        ways: Iterator[dict[User, datetime]] = (circle.heard for circle in circles)
        if restricted or lost:
            let_in = partial(self._may_hear, promise, restricted, lost)
            strictly = ({one: at for one, at in circle.heard.items() if let_in(one)} for circle in circles)
            ways = chain(strictly, (self._hear(circle.people, let_in) for circle in circles))
        heard: dict[User, datetime] = {}
        for heard in ways:
            if any(moment < in_time for one, moment in heard.items() if one not in asked_before):
                break
        else:
            if promise.due_at > self.now:
                soon = self.now + COLLECT
                heard = {one: at if one in asked_before and at < in_time else soon for one, at in heard.items()}
        return heard

    @cached_property
    def managers(self) -> list[User]:
        managers = list(User.objects.managers())
        self.diaries.read(managers)
        return managers

    @cached_property
    def _covers(self) -> Covers:
        covers = Covers(self.now.date())
        self.diaries.read(covers.people)
        return covers

    def _circles(self, owner: User, at_once: bool) -> list[_Circle]:
        """Who is asked first, and who as well next."""
        circles = self._of.get((owner.id, at_once))
        if circles is None:
            above = managers_of(owner, self.managers)
            nearer = [[owner, *above]] if at_once else [[owner], [owner, *above]]
            wider = [*nearer, [owner, *above, *self.managers]]
            circles = [_Circle(people, self._hear(people)) for people in wider]
            self._of[owner.id, at_once] = circles
        return circles

    def _hear(self, people: Iterable[User], let_in: Callable[[User], bool] | None = None) -> dict[User, datetime]:
        """Who is asked for them, and when each is at work."""
        asked = (next(filter(let_in, self._line(person)), None) for person in people)
        return {person: hears_at(person, self.now, self.diaries) for person in asked if person}

    def _line(self, person: User) -> list[User]:
        """Who hears for somebody when they would next be at work: what arises on a Friday night is read on Monday."""
        line = self._lines.get(person.id)
        if line is None:
            moment = self.now + COLLECT
            with suppress(NoWorkingTime):
                moment = next_working_moment(without_absences(self.diaries.of(person)), moment)
            line = self._lines[person.id] = self._covers.line(person, moment) if person.is_reachable else []
        return line

    def _may_hear(self, promise: Promise, restricted: bool, lost: Collection[int], person: User) -> bool:
        return person.id not in lost and (not restricted or promise.client_id in self._let_in(person))

    def _let_in(self, person: User) -> frozenset[int]:
        """The restricted clients that somebody may see."""
        if person.pk not in self._restricted:
            seen = Client.objects.visible_to(person).filter(restricted=True)
            self._restricted[person.pk] = frozenset(seen.values_list("pk", flat=True))
        return self._restricted[person.pk]


def managers_of(user: User, managers: Sequence[User] | None = None) -> list[User]:
    """The person's manager, or every manager when nobody is named (or the one named is none, or cannot be reached)."""
    if user.manager and user.manager.is_manager and user.manager.is_reachable:
        return [user.manager]
    of_all = User.objects.managers() if managers is None else managers
    return [manager for manager in of_all if manager.pk != user.pk and manager.is_reachable]


def hears_at(person: User, now: datetime, diaries: Diaries) -> datetime:
    """The next moment at which they are at work: nobody is woken."""
    moment = now + COLLECT
    with suppress(NoWorkingTime):
        moment = next_working_moment(diaries.of(person), moment)
    return moment


class _Waiting(NamedTuple):
    alarm: int
    # Or earlier.
    leaves: datetime


class Alarms:
    """The alarms that a sweep writes into, as they were when it asked for them. Each of them may have left since.

    It is no good any more where a transaction is taken back in which it asked: what it hurried waits on then.
    """

    def __init__(self, now: datetime) -> None:
        self.now = now
        self._of: dict[int, _Waiting] = {}

    def of(self, people: Mapping[User, datetime]) -> dict[int, int]:
        """The alarm of each of them, by person. It leaves by then, with what is written by then; without any, never.

        Where it does not know of one it asks for all: they are held in the order in which everybody holds several.
        """
        if not all(self._leaves_by(person.id, moment) for person, moment in people.items()):
            alarms = alarms_for(people, self.now)
            self._of |= {person.id: _Waiting(alarms[person.id], moment) for person, moment in people.items()}
        return {person.id: self._of[person.id].alarm for person in people}

    def _leaves_by(self, person: int, moment: datetime) -> bool:
        return person in self._of and self._of[person].leaves <= moment


def still_waiting(alarms: Collection[int]) -> Needed:
    return Needed(waiting_alarms().filter(pk__in=among([*alarms])), len(alarms))


def alarms_for(people: Mapping[User, datetime], now: datetime) -> dict[int, int]:
    """The alarm each of them is about to get, by person: one that has not left yet, or a new one; it leaves by then.

    It is worded as it leaves, from what still holds then. Its occasion is its own: should none of the reminders that it
    was made for be written, it never leaves, and must keep no later one from being written.
    """
    alarms = _hurried(people)
    new = [person for person in people if person.pk not in alarms]
    for message in outbox.write_all([_alarm(person, people[person]) for person in new], now):
        assert message.person_id
        alarms[message.person_id] = message.pk
    return alarms


def _hurried(people: Mapping[User, datetime]) -> dict[int, int]:
    """Those that wait already. Held, so that none leaves before this transaction has written its reminders."""
    by = {person.pk: moment for person, moment in people.items()}
    held = waiting_alarms().filter(person__in=by).select_for_update(no_key=True).order_by("pk")
    rows: list[tuple[datetime, int, Any]] = list(held.values_list("not_before", "pk", "person_id"))
    update_rows(Message, ["not_before"], [(by[person], pk) for moment, pk, person in rows if moment > by[person]])
    # One that failed and was sent again may wait beside it: the one that leaves first.
    leaving = sorted(((min(moment, by[person]), pk, person) for moment, pk, person in rows), reverse=True)
    return {person: pk for _moment, pk, person in leaving}


def _alarm(person: User, moment: datetime) -> dict[str, Any]:
    return {
        "occasion": f"alarm:{person.pk}:{uuid4().hex}",
        "not_before": moment,
        "audience": Audience.STAFF,
        "person": person,
        "address": person.email,
        "language": person.language,
        "subject": _("A client has to hear from you"),
        "body": "",
        "kind": "alarm",
    }


def waiting_alarms() -> QuerySet[Message]:
    return Message.objects.filter(kind="alarm", state=State.WAITING, attempts=0)


def hurry_alarms(user: User | None, now: datetime, diaries: Diaries) -> None:
    """A diary changed: what waits for an absence that is not to be leaves when they are there after all."""
    waiting = waiting_alarms().select_related("person").exclude(person=None).order_by("pk")
    for message in waiting if user is None else waiting.filter(person=user):
        assert message.person
        moment = hears_at(message.person, now, diaries)
        waiting_alarms().filter(pk=message.pk, not_before__gt=moment).update(not_before=moment)
