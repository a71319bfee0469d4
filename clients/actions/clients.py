from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from clients import record
from clients.actions.cadence import set_cadence_hint
from clients.models import Client, Contact, PrivateLink
from clients.signals import client_archiving, client_changing
from engagement.staff.models import User

# Every change to these is kept in the client's record.
RECORDED = ("name", "zone", "language", "hours", "lead_id", "restricted", "word_on", "word_every_days")


class StillOwed(Exception):
    """The client cannot be put away as things stand. The text says to a person what is to be done first."""


def make_client(client: Client, by: User | None, now: datetime, *, members: Collection[User] = ()) -> Client:
    with transaction.atomic():
        client.made_at = now
        client.save()
        client.members.set(members)
        set_cadence_hint(client, now)
        record.write(client.pk, record.Event(f"client {client.pk}", "client_made", now, by, {"name": client.name}))
    return client


def save_client(client: Client, by: User, now: datetime, *, members: Collection[User] | None = None) -> None:
    """Save an edited client and keep what was changed in its record. Without `members` these stay as they are."""
    with transaction.atomic():
        before = Client.objects.get(pk=client.pk)
        if _is_watched_otherwise(before, client, members):
            # Before the client's row is held: whoever acts on a promise holds the promise first and then the client.
            client_changing.send(sender=Client, client=client, now=now)
        before = Client.objects.select_for_update(no_key=True).get(pk=client.pk)
        fields = [field.name for field in Client._meta.concrete_fields if field.editable and not field.primary_key]
        client.save(update_fields=fields)
        changed = {
            name: [getattr(before, name), getattr(client, name)]
            for name in RECORDED
            if getattr(before, name) != getattr(client, name)
        }
        if members is not None:
            changed |= _set_members(client, members)
        if changed:
            record.write(client.pk, record.Event(f"client {client.pk}", "client_changed", now, by, changed))
        if {"word_on", "word_every_days", "zone", "hours"} & changed.keys():
            set_cadence_hint(client, now)


def _is_watched_otherwise(before: Client, client: Client, members: Collection[User] | None) -> bool:
    if any(getattr(before, name) != getattr(client, name) for name in ("zone", "hours", "restricted", "lead_id")):
        return True
    return members is not None and {member.pk for member in members} != set(_members_of(client))


def _members_of(client: Client) -> list[int]:
    return sorted(client.members.values_list("pk", flat=True))


def _set_members(client: Client, members: Collection[User]) -> dict[str, list[list[int]]]:
    before, after = _members_of(client), sorted(member.pk for member in members)
    if before == after:
        return {}
    client.members.set(members)
    return {"members": [before, after]}


def archive(client: Client, by: User, now: datetime) -> bool:
    """Put a client away. Their links stop opening at once. False when somebody has done so already."""
    with transaction.atomic():
        is_new = _set_archived(client, now, by, now, "client_archived", archived_at=None)
        for _receiver, reason in client_archiving.send(sender=Client, client=client) if is_new else []:
            if reason:
                raise StillOwed(reason)
    return is_new


def unarchive(client: Client, by: User, now: datetime) -> bool:
    return _set_archived(client, None, by, now, "client_unarchived", archived_at__isnull=False)


def _set_archived(client: Client, moment: datetime | None, by: User, now: datetime, kind: str, **still: object) -> bool:
    with transaction.atomic():
        if not Client.objects.filter(pk=client.pk, **still).update(archived_at=moment):
            return False
        record.write(client.pk, record.Event(f"client {client.pk}", kind, now, by))
    return True


def save_contact(contact: Contact, by: User, now: datetime) -> None:
    """Save a contact. The first one is the main one, a new main one takes over, a new address starts afresh."""
    with transaction.atomic():
        # Two people who each make another contact the main one take turns.
        Client.objects.select_for_update(no_key=True).get(pk=contact.client_id)
        before = Contact.objects.select_for_update(no_key=True).filter(pk=contact.pk).first()
        others = Contact.objects.filter(client=contact.client, left_at=None).exclude(pk=contact.pk)
        if before:
            # Somebody may have said so since this one was read.
            contact.left_at = before.left_at
        if contact.left_at:
            contact.is_main = False
        elif not others.filter(is_main=True).exists():
            contact.is_main = True
        elif contact.is_main:
            others.update(is_main=False)
        if before and before.email != contact.email:
            contact.bounced_at = None
        contact.save()
        kind = "contact_changed" if before else "contact_made"
        data = {"name": contact.name, "email": contact.email, "channel": contact.channel}
        record.write(contact.client_id, record.Event(f"client {contact.client_id}", kind, now, by, data))


def mark_left(contact: Contact, by: User, now: datetime) -> bool:
    """They work there no longer: their links stop opening at once, and the next one becomes the main contact.

    False when somebody has said so already.
    """
    with transaction.atomic():
        if not Contact.objects.filter(pk=contact.pk, left_at=None).update(left_at=now, is_main=False):
            return False
        PrivateLink.objects.filter(contact=contact, revoked_at=None).update(revoked_at=now, revoked_by=by)
        _see_to_a_main_contact(contact.client_id)
        event = record.Event(f"client {contact.client_id}", "contact_left", now, by, {"name": contact.name})
        record.write(contact.client_id, event)
    return True


def mark_back(contact: Contact, by: User, now: datetime) -> bool:
    """They work there after all, or again. Links closed meanwhile stay closed."""
    with transaction.atomic():
        if not Contact.objects.filter(pk=contact.pk).exclude(left_at=None).update(left_at=None):
            return False
        _see_to_a_main_contact(contact.client_id)
        event = record.Event(f"client {contact.client_id}", "contact_back", now, by, {"name": contact.name})
        record.write(contact.client_id, event)
    return True


def _see_to_a_main_contact(client_id: int) -> None:
    current = Contact.objects.filter(client=client_id, left_at=None)
    if not current.filter(is_main=True).exists():
        first = current.order_by("pk").first()
        if first:
            Contact.objects.filter(pk=first.pk).update(is_main=True)
