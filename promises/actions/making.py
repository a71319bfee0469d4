from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from clients.models import Client, Contact, Scope
from engagement.staff.models import Firm, User
from promises.actions.base import Refused, holding, keep_note, load_change, load_changed, write, write_with
from promises.actions.overriding import Override, keep_override
from promises.actions.progress import put_steps
from promises.due import Due, tell_by_for
from promises.models import Promise

# What may be put in other words later; every change is kept in the record.
WORDS = (
    "what",
    "client_words",
    "our_understanding",
    "may_stand_in_the_way",
    "next_step",
    "estimate_hours",
    "contact_id",
    "scope_id",
)


def make(
    *,
    client: Client,
    what: str,
    due: Due,
    owner: User,
    by: User,
    now: datetime,
    contact: Contact | None = None,
    scope: Scope | None = None,
    scope_line: int | None = None,
    estimate_hours: Decimal | None = None,
    note: str = "",
    steps: Sequence[str] = (),
    override: Override | None = None,
    firm: Firm | None = None,
    **words: str,
) -> Promise:
    """Log a promise. It is looked at by the next tick; saved is not told. Whoever has read the firm hands it on."""
    _must_belong(client, contact, scope)
    if due.at <= now:
        raise Refused(_("Due date must be today or in the future"))
    if client.archived_at:
        raise Refused(_("%(client)s is archived. Take it back from the archive first.") % {"client": client.name})
    with transaction.atomic():
        promise = Promise.objects.create(
            client=client,
            contact=contact,
            scope=scope,
            scope_line=scope_line,
            owner=owner,
            made_by=by,
            made_at=now,
            what=what,
            zone=client.zone,
            first_due_on=due.on,
            first_due_time=due.time,
            first_due_at=due.at,
            due_on=due.on,
            due_time=due.time,
            due_at=due.at,
            tell_by_at=tell_by_for(firm or Firm.get(), now, due.at),
            estimate_hours=estimate_hours,
            last_update_at=now,
            next_look_at=now,
            **words,
        )
        put_steps(promise, steps)
        keep_note(promise, note, by, now)
        source = {"scope": scope.number, "line": scope_line} if scope and scope_line is not None else {}
        when = {"due": due.at.isoformat(), "on": due.on.isoformat()}
        beside = [load_change(promise, now)]
        write_with(promise, "made", now, by, beside, what=what, owner=owner.name, **when, **source)
        keep_override(promise, override, due, by, now)
    return promise


def change_words(promise: Promise, changes: dict[str, Any], by: User, now: datetime) -> bool:
    """Put a promise in other words. Dates are not words: they move by an extension. False when nothing differs."""
    assert set(changes) <= set(WORDS)
    with holding(promise) as held:
        differing = {name: value for name, value in changes.items() if getattr(held, name) != value}
        if not differing:
            return False
        data = {name: [_plain(getattr(held, name)), _plain(value)] for name, value in differing.items()}
        for name, value in differing.items():
            setattr(held, name, value)
        _must_belong(held.client, held.contact, held.scope)
        held.next_look_at = now
        held.save(update_fields=[*differing, "next_look_at"])
        if "estimate_hours" in differing:
            load_changed(held, now)
        write(held, "reworded", now, by, **data)
    return True


def reassign(promise: Promise, owner: User, by: User, now: datetime) -> bool:
    """Hand a promise over. False when it was theirs already."""
    with holding(promise) as held:
        if held.owner_id == owner.pk:
            return False
        load_changed(held, now)
        before, held.owner, held.next_look_at, held.hours_before = held.owner.name, owner, now, None
        held.save(update_fields=["owner", "next_look_at", "hours_before"])
        load_changed(held, now)
        write(held, "reassigned", now, by, old=before, new=owner.name)
    return True


def _must_belong(client: Client, contact: Contact | None, scope: Scope | None) -> None:
    if contact and contact.client_id != client.pk:
        raise Refused(_("Choose a contact of this client."))
    if scope and scope.client_id != client.pk:
        raise Refused(_("Choose a scope of this client."))


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else value
