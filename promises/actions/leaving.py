"""Somebody works here no longer: who hears that what they owe needs another owner."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet

from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from promises.actions.alarms import hears_at, managers_of
from promises.digest import render_left
from promises.models import Promise

KIND = "left"


def owed_by(person: User) -> QuerySet[Promise]:
    return Promise.objects.open().filter(owner=person).select_related("client").order_by("due_at", "pk")


def say_who_left(person: User, now: datetime) -> int:
    """Their manager, else every manager, is told at once what to hand over; nobody is woken for it. Once a day."""
    theirs = owed_by(person)
    if not theirs.exists():
        return 0
    diaries, written = Diaries(Firm.get()), 0
    for manager in managers_of(person):
        subject, body = render_left(manager, person, theirs, now)
        message = outbox.write(
            occasion=f"{KIND}:{person.pk}:{manager.pk}:{now.date().isoformat()}",
            now=now,
            not_before=hears_at(manager, now, diaries),
            audience=Audience.STAFF,
            person=manager,
            address=manager.email,
            language=manager.language,
            subject=subject,
            body=body,
            kind=KIND,
        )
        written += message is not None
    return written


def is_seen_to(occasion: str) -> bool:
    """Whether they are back, or nothing of theirs is open any more."""
    return not Promise.objects.open().filter(owner=_who_left(occasion), owner__is_active=False).exists()


def say_to_another(occasion: str, now: datetime) -> None:
    """Where this word reached nobody: whoever is to hear of it now."""
    if not is_seen_to(occasion):
        say_who_left(User.objects.get(pk=_who_left(occasion)), now)


def _who_left(occasion: str) -> int:
    return int(occasion.split(":")[1])
