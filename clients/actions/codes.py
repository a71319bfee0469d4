"""One-time codes: six figures to the address on file, for ten minutes, five tries, once. What is unclear is a no."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clients.actions.base import Refused, Seen, WrongCode, holding_agreement, write
from clients.actions.signatures import version_in_force
from clients.actions.welcome import who_signed
from clients.agreement_rules import State
from clients.models import Agreement, Contact, Entry, OneTimeCode, SentVersion
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.models import Firm
from engagement.staff.when import speak_moment

LASTS = timedelta(minutes=10)
MOST_TRIES = 5
# So many codes an hour: more would be somebody else's game with the client's mailbox.
MOST_AN_HOUR = 5
HOUR = timedelta(hours=1)

Purpose = OneTimeCode.Purpose
STATES = {
    Purpose.SIGN: (State.SENT,),
    Purpose.DOCUMENT: (State.SIGNED, State.ENDED),
}


def send_code(agreement: Agreement, purpose: OneTimeCode.Purpose, seen: Seen, now: datetime) -> OneTimeCode:
    """Write a fresh code to the contact's own address; the ones before it stop working."""
    with holding_agreement(agreement) as held:
        if held.state not in STATES[purpose] or held.has_lapsed(now) or held.contact is None:
            raise Refused(_("No code is needed as things stand. Open the page again to see how."))
        contact = receiver_of(held, purpose)
        if contact is None or contact.left_at or not contact.email:
            raise Refused(_("There is no address on file to send a code to. Call us, and we put it right."))
        if purpose == Purpose.SIGN:
            must_not_have_moved(held, version_in_force(held))
        lately = held.codes.filter(purpose=purpose, made_at__gt=now - HOUR).order_by("made_at")
        if len(lately) >= MOST_AN_HOUR:
            again = speak_moment(lately[0].made_at + HOUR, contact.zoneinfo, now=now)
            raise Refused(
                _("%(number)d codes were sent within the hour. You can have another one after %(when)s.")
                % {"number": len(lately), "when": again}
            )
        figures, salt = f"{secrets.randbelow(10**6):06}", secrets.token_hex(16)
        code = OneTimeCode.objects.create(
            agreement=held,
            contact=contact,
            purpose=purpose,
            salt=salt,
            code_hash=_hash(figures, salt),
            made_at=now,
            expires_at=now + LASTS,
        )
        with translation.override(contact.speaks):
            firm = Firm.get()
            values = {"code": figures, "number": held.about.number, "firm": firm.name}
            code.message = outbox.write(
                occasion=f"code:{code.pk}",
                now=now,
                audience=Audience.CLIENT,
                address=contact.email,
                reply_to=firm.email,
                language=contact.speaks,
                subject=_("Your code for %(number)s") % values,
                body=_(
                    "%(code)s is your code for %(number)s. It works once, for ten minutes.\n\n"
                    "If you did not ask for it, somebody else has your link: tell us, and type the code nowhere.\n\n"
                    "%(firm)s\n"
                )
                % values,
                is_secret=True,
                kind=f"client {held.client_id}",
            )
        code.save(update_fields=["message"])
        data = {**seen.data, "contact": contact.name, "version": held.version, "purpose": str(purpose)}
        if purpose == Purpose.SIGN:
            write_opened(held, seen, now)
        write(held, "code_sent", now, None, **data, to=contact.email, code=code.pk)
    return code


def receiver_of(agreement: Agreement, purpose: OneTimeCode.Purpose) -> Contact | None:
    """Whose mailbox proves who they are: the signer's; to read what was signed, after them, the main contact's."""
    return agreement.contact if purpose == Purpose.SIGN else who_signed(agreement)


def has_moved(agreement: Agreement, version: SentVersion) -> bool:
    """Whether the signer's address is not the one any more that the text names: who reads there, nobody has said."""
    contact = agreement.contact
    return contact is not None and contact.email != version.content["contact"]["email"]


def must_not_have_moved(held: Agreement, version: SentVersion) -> None:
    if has_moved(held, version):
        raise Refused(_("Your address changed since this was sent. We send it to you again."))


def write_opened(held: Agreement, seen: Seen, now: datetime) -> None:
    """A person opened it: written with the first thing that only a person does, once for each version."""
    entries = Entry.objects.filter(client=held.client_id, subject=held.record_subject, kind="agreement_opened")
    if not entries.filter(data__version=held.version).exists():
        contact = held.contact.name if held.contact else ""
        write(held, "agreement_opened", now, None, **seen.data, contact=contact, version=held.version)


def is_for(code: OneTimeCode, contact: Contact | None) -> bool:
    """A code that went to somebody else, or to an address of theirs from before, proves nothing about them now."""
    if contact is None or contact.left_at or code.contact_id != contact.pk or code.message is None:
        return False
    return code.message.address == contact.email


def latest_code(agreement: Agreement, purpose: OneTimeCode.Purpose) -> OneTimeCode | None:
    codes = OneTimeCode.objects.filter(agreement=agreement, purpose=purpose)
    return codes.select_related("message").order_by("-made_at", "-pk").first()


def try_code(agreement: Agreement, purpose: OneTimeCode.Purpose, typed: str, now: datetime) -> OneTimeCode:
    """The code, if this is it: a try is counted before anything is compared, so that no two guesses count as one.

    Not inside a transaction that a wrong guess would undo. Raises WrongCode. The caller spends it (`spend`) in the
    transaction of what it is for.
    """
    code = latest_code(agreement, purpose)
    now_theirs = receiver_of(Agreement.objects.select_related("client", "contact").get(pk=agreement.pk), purpose)
    if code is None or not is_for(code, now_theirs):
        raise WrongCode(_("Ask for a code first. It is sent to the address we have on file."), 0)
    usable = OneTimeCode.objects.filter(pk=code.pk, used_at=None, tries__lt=MOST_TRIES, expires_at__gt=now)
    if not usable.update(tries=F("tries") + 1):
        raise WrongCode(_("This code does not work any more. Ask for a new one."), 0)
    if not hmac.compare_digest(_hash("".join(typed.split()), code.salt), code.code_hash):
        left = MOST_TRIES - code.tries - 1
        if left <= 0:
            raise WrongCode(_("That is not the code, and it was the last try. Ask for a new one."), 0)
        raise WrongCode(
            ngettext(
                "That is not the code. You have one more try.",
                "That is not the code. You have %(left)d more tries.",
                left,
            )
            % {"left": left},
            left,
        )
    return code


def spend(code: OneTimeCode, now: datetime) -> None:
    if not OneTimeCode.objects.filter(pk=code.pk, used_at=None).update(used_at=now):
        raise WrongCode(_("This code was used already. Ask for a new one."), 0)


def _hash(figures: str, salt: str) -> str:
    key = settings.SECRET_KEY.encode()
    return hmac.new(key, f"one-time code {salt} {figures}".encode(errors="replace"), hashlib.sha256).hexdigest()
