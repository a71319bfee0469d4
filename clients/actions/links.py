from __future__ import annotations

import re
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from clients import record
from clients.actions import sending
from clients.models import Agreement, Client, Contact, PrivateLink, Scope
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_date

# The same link once an hour, however often a stranger asks.
ASKED_AGAIN_AFTER = timedelta(hours=1)
PLACEHOLDER = re.compile(r"\[progress page (\d+)\]")


def make_link(
    client: Client,
    by: User | None,
    now: datetime,
    *,
    contact: Contact | None = None,
    scope: Scope | None = None,
    days: int | None = None,
) -> PrivateLink:
    with transaction.atomic():
        link = PrivateLink.objects.create(
            client=client,
            contact=contact,
            scope=scope,
            made_by=by,
            made_at=now,
            expires_at=now + timedelta(days=days or Firm.get().link_days),
        )
        data = {"link": link.pk, "contact": contact.name if contact else "", "scope": scope.number if scope else ""}
        record.write(client.pk, record.Event(f"client {client.pk}", "link_made", now, by, data))
    return link


def revoke_link(link: PrivateLink, by: User, now: datetime) -> bool:
    """Close a link from the next request on. False when it was closed already."""
    with transaction.atomic():
        if not PrivateLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=now, revoked_by=by):
            return False
        event = record.Event(f"client {link.client_id}", "link_revoked", now, by, {"link": link.pk})
        record.write(link.client_id, event)
    return True


def renew_link(link: PrivateLink, by: User, now: datetime) -> PrivateLink:
    """A new address in place of the old one, which stops opening."""
    with transaction.atomic():
        revoke_link(link, by, now)
        return make_link(link.client, by, now, contact=link.contact, scope=link.scope)


def link_address(link: PrivateLink) -> str | None:
    token = link.token()
    return f"{settings.SITE_URL}/p/{token}/" if token else None


def send_new_link(email: str, now: datetime) -> int:
    """Mail each contact on file with this address what they had a link to: a new one to their progress page, if we have
    not taken it from them, and the one to what waits for their signature.

    Says nothing to whoever asked. The texts hold a mark in place of the address, put in at the moment of sending.
    """
    contacts = Contact.objects.filter(email__iexact=email.strip(), left_at=None, client__archived_at=None)
    sent = 0
    for contact in contacts.exclude(email="").select_related("client"):
        before = PrivateLink.objects.filter(contact=contact).select_related("scope").order_by("-made_at", "-pk").first()
        if before and not before.revoked_at and not _was_asked_lately(f"new link:{contact.pk}:", now):
            sent += _write_new_link(contact, before, now)
        for agreement in contact.agreements.to_sign(now).filter(by_mail=True):
            asked = f"to sign:{agreement.pk}:{agreement.version}:asked:"
            if not _was_asked_lately(asked, now):
                sent += _write_signing_link(agreement, contact, asked, now)
    return sent


def _was_asked_lately(occasion: str, now: datetime) -> bool:
    return Message.objects.filter(occasion__startswith=occasion, written_at__gt=now - ASKED_AGAIN_AFTER).exists()


def _write_new_link(contact: Contact, before: PrivateLink, now: datetime) -> int:
    firm = Firm.get()
    with transaction.atomic(), translation.override(contact.speaks):
        # What was open to them, and no more: a link to one scope is followed by a link to that scope.
        link = make_link(contact.client, None, now, contact=contact, scope=before.scope)
        message = outbox.write(
            occasion=f"new link:{contact.pk}:{link.pk}",
            now=now,
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=firm.email,
            language=contact.speaks,
            subject=_("Your progress page at %(firm)s") % {"firm": firm.name},
            body=_("You asked for a new link to your progress page. Here it is:\n\n%(link)s\n\n%(firm)s\n")
            % {"link": placeholder(link), "firm": firm.name},
            kind="link",
        )
    return 1 if message else 0


def _write_signing_link(agreement: Agreement, contact: Contact, asked: str, now: datetime) -> int:
    firm = Firm.get()
    with translation.override(contact.speaks):
        values = {
            "number": agreement.about.number,
            "title": agreement.about.title,
            "until": speak_date(agreement.valid_until, today=None) if agreement.valid_until else "",
            "link": sending.signing_placeholder(agreement),
            "firm": firm.name,
        }
        message = outbox.write(
            occasion=f"{asked}{now.isoformat(timespec='minutes')}",
            now=now,
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=firm.email,
            language=contact.speaks,
            subject=_("Your link to sign: %(title)s (%(number)s)") % values,
            body=_(
                "You asked for a new link. Here you can read and sign %(number)s, %(title)s, until %(until)s:\n\n"
                "%(link)s\n\n%(firm)s\n"
            )
            % values,
            kind="link",
        )
    return 1 if message else 0


def placeholder(link: PrivateLink) -> str:
    """What stands in a written message for the address of a link, until the message leaves."""
    return f"[progress page {link.pk}]"


def readable(text: str) -> str:
    """A message as it is shown here: the address stays unsaid, and its number tells a person nothing."""
    text = PLACEHOLDER.sub(_("(their private link)"), text)
    return sending.PLACEHOLDER.sub(_("(their link to sign)"), text)
