"""A draft goes to whoever signs it: frozen, rendered once, hashed, kept, and from then on only watched."""

from __future__ import annotations

import hashlib
import re
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from clients.actions.base import Changed, Refused, Seen, holding_agreement, logo_of_firm, must_be_allowed, write
from clients.actions.drafting import line_is_gone
from clients.actions.signatures import sign_for_the_firm
from clients.agreement_rules import State, Step
from clients.content import fingerprint, freeze
from clients.document import render
from clients.document.values import Content
from clients.holding import LineGone
from clients.models import Addendum, Agreement, Contact, SentVersion
from clients.rights import actor
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_date

# Reminders to sign: after three days and then every three, five at the most.
NUDGE_EVERY = timedelta(days=3)
MOST_NUDGES = 5
NOBODY_SEEN = Seen()
PLACEHOLDER = re.compile(r"\[signing page (\d+)\]")


def send(
    agreement: Agreement,
    *,
    contact: Contact,
    valid_until: date,
    by: User,
    now: datetime,
    by_mail: bool = True,
    name: str = "",
    shown: str = "",
    seen: Seen = NOBODY_SEEN,
) -> SentVersion:
    """Freeze what it says and send it to be signed. With a name, the sender signs for the firm at once.

    With `shown`, the fingerprint of what the sender looked at, nothing else is sent: raises Changed.
    Without `by_mail` somebody here copies the address and passes it on, and the evidence will say so.
    """
    with holding_agreement(agreement) as held:
        to = must_be_allowed(held, Step.SEND, actor(by, held.client)).to
        _must_be_reachable(held, contact)
        if valid_until < now.astimezone(held.client.zoneinfo).date():
            raise Refused(_("The last day to sign must be today or in the future"))
        if not held.token_hash or _sent_to_last(held) != contact.pk:
            # Whoever had the address before is not the one who signs.
            held.renew_address()
        held.contact, held.valid_until = contact, valid_until
        held.valid_until_at = _end_of(valid_until, held)
        version = _freeze(held, contact, shown, by, now)
        held.state, held.sent_at, held.sent_by, held.by_mail = to, now, by, by_mail
        held.nudges, held.next_nudge_at = 0, (now + NUDGE_EVERY if by_mail else None)
        held.closed_at, held.closed_by, held.closed_why = None, None, ""
        held.save()
        write(
            held,
            "agreement_sent",
            now,
            by,
            version=version.version,
            text_sha256=version.sha256,
            pdf_sha256=version.pdf_sha256,
            contact=contact.name,
            address=contact.email,
            by_mail=by_mail,
            valid_until=valid_until.isoformat(),
        )
        if name.strip():
            sign_for_the_firm(held, version, name, by, seen, now)
        if by_mail:
            _write_mail(held, version, by, now)
    agreement.refresh_from_db()
    return version


def preview(agreement: Agreement, now: datetime) -> Content:
    """What would be sent, as things stand. Raises Refused where an addendum speaks of a line that is gone."""
    try:
        return freeze(agreement, now)
    except LineGone as gone:
        raise Refused(line_is_gone(gone)) from gone


def signing_address(agreement: Agreement) -> str | None:
    token = agreement.token() if agreement.token_hash else None
    return f"{settings.SITE_URL}/s/{token}/" if token else None


def signing_placeholder(agreement: Agreement) -> str:
    """What stands in a written message for the signing address, until the message leaves."""
    return f"[signing page {agreement.pk}]"


def _freeze(held: Agreement, contact: Contact, shown: str, by: User, now: datetime) -> SentVersion:
    content = preview(held, now)
    _must_say_something(held, content)
    sha256 = fingerprint(content)
    if shown and sha256 != shown:
        raise Changed(_("It was changed while you looked at it. Look at it again. Nothing was sent."), None)
    pdf = render(content, logo=logo_of_firm(), proposal=True, made_at=now)
    return SentVersion.objects.create(
        agreement=held,
        version=held.version,
        content=content,
        sha256=sha256,
        pdf=pdf,
        pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        contact=contact,
        sent_at=now,
        by=by,
    )


def _must_be_reachable(held: Agreement, contact: Contact) -> None:
    if contact.client_id != held.client_id or contact.left_at:
        raise Refused(_("Choose a contact of this client."))
    if not contact.email:
        raise Refused(
            _("%(name)s has no e-mail address on file. The code to sign with goes there: add one, or choose another.")
            % {"name": contact.name}
        )
    if held.client.archived_at:
        raise Refused(_("This client is archived. Bring the client back before you send anything."))


def _must_say_something(held: Agreement, content: Content) -> None:
    about = held.about
    if isinstance(about, Addendum):
        if about.scope.agreement.state != State.SIGNED:
            raise Refused(_("The scope that this changes is not in force. Nothing was sent."))
        if not (content["changes"] or content["dates"] or content["terms"]):
            raise Refused(_("Say what it changes before you send it: a line, a date or the terms."))
    elif not content["lines"]:
        raise Refused(_("Add at least one service before you send it."))


def _sent_to_last(held: Agreement) -> int | None:
    """To whom the address went, whoever has been named for the draft since."""
    return held.versions.order_by("-version").values_list("contact_id", flat=True).first()


def _end_of(day: date, held: Agreement) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), tzinfo=held.client.zoneinfo)


def _write_mail(held: Agreement, version: SentVersion, by: User, now: datetime) -> None:
    contact, firm = version.contact, Firm.get()
    with translation.override(contact.speaks):
        values = {
            "name": contact.name,
            "number": version.content["number"],
            "title": version.content["title"],
            "total": version.content["total"],
            "until": speak_date(held.valid_until, today=None) if held.valid_until else "",
            "link": signing_placeholder(held),
            "by": by.name,
            "firm": firm.name,
        }
        outbox.write(
            occasion=f"to sign:{held.pk}:{version.version}",
            now=now,
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=by.email,
            language=contact.speaks,
            subject=_("To read and sign: %(title)s (%(number)s)") % values,
            body=_(
                "Dear %(name)s,\n\n"
                "here is %(number)s, %(title)s, for you to read and sign. It comes to %(total)s.\n\n"
                "%(link)s\n\n"
                "You need no account. You can sign, ask a question or decline there until %(until)s. "
                "To sign you are sent a code to this address.\n\n"
                "%(by)s\n%(firm)s\n"
            )
            % values,
            kind=f"client {held.client_id}",
            written_by=by,
        )
