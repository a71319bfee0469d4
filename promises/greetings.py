"""Whom to greet after a signing, and how they like to be spoken to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from clients.models import Agreement, Contact
from engagement.outbox.models import Channel
from engagement.staff.when import speak_time
from promises.words import channel_words

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Greeting:
    agreement: Agreement
    contact: Contact | None
    signed_on: date
    # By what: "by phone, 021 555 0134"; nothing where nobody is on file.
    how: str
    good_hours: str


def greetings(agreements: Sequence[Agreement]) -> list[Greeting]:
    """The same queries for one and for many."""
    mains = _main_contacts([agreement for agreement in agreements if not _is_there(agreement.contact)])
    return [
        _greeting(agreement, agreement.contact if _is_there(agreement.contact) else mains.get(agreement.client_id))
        for agreement in agreements[:MOST_SHOWN]
    ]


def _greeting(agreement: Agreement, contact: Contact | None) -> Greeting:
    assert agreement.signed_at
    signed_on = agreement.signed_at.astimezone(agreement.client.zoneinfo).date()
    return Greeting(agreement, contact, signed_on, _how(contact) if contact else "", _hours(contact) if contact else "")


def _is_there(contact: Contact | None) -> bool:
    return contact is not None and contact.left_at is None


def _main_contacts(agreements: Sequence[Agreement]) -> dict[int, Contact]:
    """Who is spoken to where whoever signed has left, or the paper does not say who it was."""
    if not agreements:
        return {}
    clients = {agreement.client_id for agreement in agreements}
    return {
        contact.client_id: contact for contact in Contact.objects.filter(client__in=clients, is_main=True, left_at=None)
    }


def _how(contact: Contact) -> str:
    where = contact.email if contact.channel == Channel.EMAIL else contact.phone
    how = channel_words(contact.channel)
    if contact.channel in (Channel.LETTER, Channel.IN_PERSON) or not where:
        return how
    return _("%(how)s, %(where)s") % {"how": how, "where": where}


def _hours(contact: Contact) -> str:
    if contact.good_from is None or contact.good_until is None:
        return ""
    hours = {"from": speak_time(contact.good_from), "until": speak_time(contact.good_until)}
    return _("%(from)s to %(until)s") % hours
