from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.diary import cover_for
from engagement.staff.models import User
from promises.actions.alarms import managers_of
from promises.actions.base import write
from promises.digest import render_request
from promises.models import Promise


def by_person(promises: Sequence[Promise], now: datetime) -> dict[User, list[Promise]]:
    """Who is to be asked about which."""
    asked: dict[User, list[Promise]] = {}
    for promise in promises:
        for person in _whom(promise, now):
            asked.setdefault(person, []).append(promise)
    return asked


def _whom(promise: Promise, now: datetime) -> list[User]:
    """The owner or their cover; the managers where neither can be written to, or may see the client."""
    person = cover_for(promise.owner, now)
    if promise.owner.is_reachable and person.is_reachable and promise.client.may_be_seen_by(person):
        return [person]
    return managers_of(promise.owner)


def ask_for_update(promises: Sequence[Promise], by: User, now: datetime, *, occasion: str) -> int:
    """Ask how these stand: one message a person. How many were written; none for a second press."""
    written = 0
    with transaction.atomic():
        for person, theirs in by_person(promises, now).items():
            subject, body = render_request(person, theirs, by, now)
            message = outbox.write(
                occasion=f"ask:{occasion}:{person.pk}",
                now=now,
                audience=Audience.STAFF,
                person=person,
                address=person.email,
                reply_to=by.email,
                language=person.language,
                subject=subject,
                body=body,
                kind="ask",
                written_by=by,
            )
            if message:
                written += 1
                for promise in sorted(theirs, key=lambda promise: promise.client_id):
                    write(promise, "update_asked", now, by, to=person.name)
    return written
