from __future__ import annotations

from datetime import datetime

from django.db import transaction

from clients import record
from clients.actions.cadence import set_cadence_hint
from clients.models import Client, Contact
from clients.signals import client_hours_changed
from engagement.staff.models import User

# Every change to these is kept in the client's record.
RECORDED = ("name", "zone", "language", "hours", "lead_id", "restricted", "word_on", "word_every_days")


def make_client(client: Client, by: User | None, now: datetime) -> Client:
    with transaction.atomic():
        client.made_at = now
        client.save()
        set_cadence_hint(client, now)
        record.write(client.pk, record.Event(f"client {client.pk}", "client_made", now, by, {"name": client.name}))
    return client


def save_client(client: Client, by: User, now: datetime) -> None:
    """Save an edited client and keep what was changed in its record."""
    with transaction.atomic():
        before = Client.objects.select_for_update(no_key=True).get(pk=client.pk)
        fields = [field.name for field in Client._meta.concrete_fields if field.editable and not field.primary_key]
        client.save(update_fields=fields)
        changed = {
            name: [getattr(before, name), getattr(client, name)]
            for name in RECORDED
            if getattr(before, name) != getattr(client, name)
        }
        if changed:
            record.write(client.pk, record.Event(f"client {client.pk}", "client_changed", now, by, changed))
        if {"word_on", "word_every_days", "zone", "hours"} & changed.keys():
            set_cadence_hint(client, now)
        if {"zone", "hours"} & changed.keys():
            client_hours_changed.send(sender=Client, client=client, now=now)


def archive(client: Client, by: User, now: datetime) -> bool:
    """Put a client away. Their links stop opening at once. False when somebody has done so already."""
    return _set_archived(client, now, by, now, "client_archived", archived_at=None)


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
        before = Contact.objects.filter(pk=contact.pk).first()
        others = Contact.objects.filter(client=contact.client, left_at=None).exclude(pk=contact.pk)
        if not others.filter(is_main=True).exists():
            contact.is_main = True
        elif contact.is_main:
            others.update(is_main=False)
        if before and before.email != contact.email:
            contact.bounced_at = None
        contact.save()
        kind = "contact_changed" if before else "contact_made"
        data = {"name": contact.name, "email": contact.email, "channel": contact.channel}
        record.write(contact.client_id, record.Event(f"client {contact.client_id}", kind, now, by, data))
