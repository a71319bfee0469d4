"""Who is asked to tell a client, and the alarm that asks: one a person for what arises together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from clients.models import Client
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message, State
from engagement.staff.diary import Diaries, cover_for
from engagement.staff.models import User
from engagement.staff.worktime import NoWorkingTime, next_working_moment
from promises.models import Promise, Reminder

# Alarms that arise together leave together.
COLLECT = timedelta(seconds=20)
# Once the date has passed, somebody is to hear within a long weekend.
LATEST = timedelta(days=4)


def whom(promise: Promise, kind: str, now: datetime, diaries: Diaries) -> dict[User, datetime]:
    """Who hears of this stage, and when: in their working hours, if anybody's come before the date.

    Somebody who left, may not see the client or could not be written to hears nothing. Where nobody is left who hears
    in time, the next circle is asked as well; where there is none, all of them at once, whatever the hour.
    """
    in_time = promise.due_at if promise.due_at > now else now + LATEST
    occasion = {"about_due_at": promise.due_at, "alarm_at": promise.alarm_at, "kind": kind}
    failed = promise.reminders.filter(**occasion, message__state=State.FAILED)
    lost = set(failed.values_list("person_id", flat=True))
    heard: dict[User, datetime] = {}
    for circle in _circles(promise, kind):
        for person in (stand_in(one, now, diaries) for one in circle if one.is_reachable):
            if person.is_reachable and person.pk not in lost and may_see(person, promise):
                heard[person] = hears_at(person, now, diaries)
        if any(moment < in_time for moment in heard.values()):
            break
    else:
        if promise.due_at > now:
            heard = dict.fromkeys(heard, now + COLLECT)
    # In one order for everybody, so that two sweeps never wait for each other's alarms.
    return dict(sorted(heard.items(), key=lambda pair: pair[0].pk))


def _circles(promise: Promise, kind: str) -> Iterator[list[User]]:
    if kind in (Reminder.Kind.TELL_BY, Reminder.Kind.SLIPPED):
        yield [promise.owner, *managers_of(promise.owner)]
    else:
        yield [promise.owner]
        yield managers_of(promise.owner)
    yield list(User.objects.managers())


def managers_of(user: User) -> list[User]:
    """The person's manager, or every manager when nobody is named (or the one named is none, or cannot be reached)."""
    if user.manager and user.manager.is_manager and user.manager.is_reachable:
        return [user.manager]
    return [manager for manager in User.objects.managers().exclude(pk=user.pk) if manager.is_reachable]


def stand_in(person: User, now: datetime, diaries: Diaries) -> User:
    """Who hears for somebody when they would next be at work: what arises on a Friday night is read on Monday."""
    moment = now + COLLECT
    with suppress(NoWorkingTime):
        moment = next_working_moment(replace(diaries.of(person), absences=()), moment)
    return cover_for(person, moment)


def hears_at(person: User, now: datetime, diaries: Diaries) -> datetime:
    """The next moment at which they are at work: nobody is woken."""
    moment = now + COLLECT
    with suppress(NoWorkingTime):
        moment = next_working_moment(diaries.of(person), moment)
    return moment


def may_see(person: User, promise: Promise) -> bool:
    if not promise.client.restricted:
        return True
    return Client.objects.visible_to(person).filter(pk=promise.client_id).exists()


def alarm_for(person: User, now: datetime, moment: datetime) -> Message:
    """The alarm this person is about to get: the one that has not left yet, or a new one; by `moment` it leaves.

    It is worded as it leaves, from what still holds then.
    """
    waiting = waiting_alarms().filter(person=person)
    latest = Message.objects.filter(kind="alarm", person=person).order_by("-pk").values_list("pk", flat=True).first()
    # Touching the row keeps it from leaving before this transaction has written its reminder.
    if not waiting.update(person=person):
        message = outbox.write(
            # Two sweeps at once mean the same alarm: the one after the latest.
            occasion=f"alarm:{person.pk}:{latest or 0}",
            now=now,
            not_before=moment,
            audience=Audience.STAFF,
            person=person,
            address=person.email,
            language=person.language,
            subject=_("A client has to hear from you"),
            body="",
            kind="alarm",
        )
        if message:
            return message
        waiting.update(person=person)
    waiting.filter(not_before__gt=moment).update(not_before=moment)
    # One that failed and was sent again may wait beside it.
    return waiting.order_by("not_before", "pk")[0]


def waiting_alarms() -> QuerySet[Message]:
    return Message.objects.filter(kind="alarm", state=State.WAITING, attempts=0)


def hurry_alarms(user: User | None, now: datetime, diaries: Diaries) -> None:
    """A diary changed: what waits for an absence that is not to be leaves when they are there after all."""
    waiting = waiting_alarms().select_related("person").exclude(person=None).order_by("pk")
    for message in waiting if user is None else waiting.filter(person=user):
        assert message.person
        moment = hears_at(message.person, now, diaries)
        waiting_alarms().filter(pk=message.pk, not_before__gt=moment).update(not_before=moment)
