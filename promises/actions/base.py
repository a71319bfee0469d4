from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from clients import record
from engagement.staff.models import User
from promises.models import InternalNote, LoadChange, Promise


class Refused(Exception):
    """It cannot be done as things stand. The text says why, and what can be done, to a person."""


@contextmanager
def holding(promise: Promise, *, still_open: bool = True) -> Iterator[Promise]:
    """The promise as it is now, its row locked until the caller's change is whole or undone."""
    with transaction.atomic():
        held = (
            Promise.objects.select_for_update(of=("self",), no_key=True)
            .select_related("client", "owner")
            .get(pk=promise.pk)
        )
        if still_open and not held.is_open:
            raise Refused(_("This promise has ended meanwhile. Nothing was changed; open it again to see how."))
        yield held


def write(promise: Promise, kind: str, now: datetime, by: User | None, **data: Any) -> None:
    """Into the client's record, in the transaction of what happened."""
    write_with(promise, kind, now, by, (), **data)


def write_with(
    promise: Promise, kind: str, now: datetime, by: User | None, beside: Sequence[Model], **data: Any
) -> None:
    """The same, together with new rows that go `beside` the entry."""
    client = promise.client if Promise.client.is_cached(promise) else None
    head = (client.entries, client.head) if client else None
    event = record.Event(promise.record_subject, kind, now, by, data)
    entries = record.write(promise.client_id, event, head=head, beside=beside)
    if client:
        client.entries, client.head = entries[-1].seq, entries[-1].hash


def load_changed(held: Promise, now: datetime, since: datetime | None = None) -> None:
    load_change(held, now, since).save()


def load_change(held: Promise, now: datetime, since: datetime | None = None) -> LoadChange:
    """Hours, date, owner or end changed: what its owner has promised for later is to be looked at again.

    One row, however much that is; the watch sets the hints of what it touches.
    """
    return LoadChange(owner_id=held.owner_id, since=since or held.due_at, at=now)


def keep_note(promise: Promise, text: str, by: User, now: datetime) -> None:
    if text.strip():
        InternalNote.objects.create(promise=promise, text=text.strip(), by=by, at=now)
