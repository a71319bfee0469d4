from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.diary import cover_for
from engagement.staff.models import User
from promises.actions.base import write
from promises.digest import render_request
from promises.models import Promise


def by_owner(promises: Sequence[Promise]) -> dict[User, list[Promise]]:
    owners: dict[User, list[Promise]] = {}
    for promise in promises:
        owners.setdefault(promise.owner, []).append(promise)
    return owners


def ask_for_update(promises: Sequence[Promise], by: User, now: datetime, *, occasion: str) -> int:
    """Ask each owner how these stand: one message a person. How many were written; none for a second press."""
    written = 0
    with transaction.atomic():
        for owner, theirs in by_owner(promises).items():
            person = cover_for(owner, now)
            subject, body = render_request(person, theirs, by, now)
            message = outbox.write(
                occasion=f"ask:{occasion}:{owner.pk}",
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
