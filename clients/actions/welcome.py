"""A scope is signed: the client hears what happens next, and somebody here greets them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from clients import record
from clients.actions.cadence import next_word
from clients.actions.links import make_link, placeholder
from clients.actions.sending import signing_placeholder
from clients.diary import client_calendar
from clients.models import Agreement, Client, Contact, PrivateLink, Scope
from clients.quiet import after_quiet_hours
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_date
from engagement.staff.worktime import NoWorkingTime, working_day_after

# How its occasions begin; the number of the agreement follows.
WELCOME = "welcome:"
# By then the client has our word on each thing: what it is, and by when.
CONFIRM_WITHIN = 2
# A link that runs out sooner is not worth sending.
LINK_LASTS = timedelta(days=30)
# Whoever signed longer ago than this does not wait for a welcome any more.
WELCOME_LASTS = timedelta(days=30)


def welcome(scope: Scope, now: datetime) -> Message | None:
    """Write the welcome down, in the transaction of the last signature. It leaves in hours when we write to clients.

    None where nobody can be written to, and where it was written already: greeting them stays with staff.
    """
    agreement, client = scope.agreement, scope.client
    contact = who_signed(agreement)
    if contact is None or not contact.email or client.archived_at or now - signed_moment(scope, now) > WELCOME_LASTS:
        return None
    firm = Firm.get()
    host = _host(agreement)
    with transaction.atomic(), translation.override(contact.speaks):
        link = _lasting_link(scope, contact, now)
        message = outbox.write(
            occasion=f"{WELCOME}{agreement.pk}",
            now=now,
            not_before=max(after_quiet_hours(contact, firm, now), now + outbox.HOLD),
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=host.email if host and host.is_reachable else firm.email,
            language=contact.speaks,
            subject=_("%(title)s: what happens next") % {"title": scope.title},
            body=_body(scope, contact, host, firm, link, now),
            kind=f"client {client.pk}",
            # Whose name stands under it hears when it does not arrive.
            written_by=host,
        )
        if message is None:
            transaction.set_rollback(True)
            return None
        data = {"to": contact.name, "email": contact.email, "message": message.pk}
        record.write(client.pk, record.Event(agreement.record_subject, "welcome_written", now, None, data))
    return message


def greet(agreement: Agreement, by: User, now: datetime) -> bool:
    """Somebody here has greeted them. False when that is known already."""
    with transaction.atomic():
        waiting = Agreement.objects.to_greet().filter(pk=agreement.pk)
        if not waiting.update(greeted_at=now, greeted_by=by):
            return False
        record.write(agreement.client_id, record.Event(agreement.record_subject, "greeted", now, by))
    return True


def who_signed(agreement: Agreement) -> Contact | None:
    """Who signed, while they are there; for a scope signed on paper, and after them, the main contact."""
    contact = agreement.contact
    if contact and contact.left_at is None:
        return contact
    return agreement.client.contacts.filter(left_at=None).order_by("-is_main", "name", "pk").first()


def signed_moment(scope: Scope, now: datetime) -> datetime:
    """The moment of the last signature; of paper only the day is known."""
    if scope.agreement.signed_at:
        return scope.agreement.signed_at
    return _noon(scope.client, scope.signed_on) if scope.signed_on else now


def signed_day(scope: Scope) -> date:
    """The day on which it came into force, as the client counts days."""
    if scope.signed_on:
        return scope.signed_on
    moment = scope.agreement.signed_at or scope.made_at
    return moment.astimezone(scope.client.zoneinfo).date()


def confirm_by(client: Client, firm: Firm, signed_on: date) -> date:
    """By when we said that each promise would be confirmed: a working day of theirs."""
    try:
        return working_day_after(client_calendar(client, firm), signed_on, CONFIRM_WITHIN)
    except NoWorkingTime:
        return signed_on + timedelta(days=CONFIRM_WITHIN)


def _host(agreement: Agreement) -> User | None:
    """Who leads the work: the client's lead, or else whoever sent the scope."""
    return next((person for person in (agreement.client.lead, agreement.sent_by) if person and person.is_active), None)


def _lasting_link(scope: Scope, contact: Contact, now: datetime) -> PrivateLink:
    theirs = PrivateLink.objects.open(now).filter(client=scope.client_id, contact=contact)
    lasting = theirs.filter(expires_at__gt=now + LINK_LASTS).order_by("-expires_at")
    fitting = (link for link in lasting if link.scope_id in (None, scope.pk) and link.token())
    return next(fitting, None) or make_link(scope.client, None, now, contact=contact, scope=scope)


def _body(scope: Scope, contact: Contact, host: User | None, firm: Firm, link: PrivateLink, now: datetime) -> str:
    today = now.astimezone(scope.client.zoneinfo).date()
    signed_on = signed_day(scope)
    words = {
        "name": contact.name,
        "number": scope.number,
        "title": scope.title,
        "day": speak_date(signed_on, today=today),
        "firm": firm.name,
    }
    steps = [_who_leads(host, firm), _what_is_first(scope, firm, signed_on, today), _when_they_hear(scope, firm, today)]
    parts = [
        _("Dear %(name)s,") % words,
        _("Welcome, and thank you for your trust. %(title)s (%(number)s) was signed on %(day)s.") % words,
        _("This is what happens next:"),
        "\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1)),
        _("You can follow the work here: %(link)s") % {"link": placeholder(link)},
        _where_the_document_is(scope),
        _under(host, firm),
    ]
    return "\n\n".join(parts)


def _who_leads(host: User | None, firm: Firm) -> str:
    phone = (host.phone if host else "") or firm.phone
    words = {"name": host.name if host else firm.name, "phone": phone}
    if phone:
        return _("%(name)s leads the work for you. Call %(phone)s, or answer this message.") % words
    return _("%(name)s leads the work for you. Answer this message to reach them.") % words


def _what_is_first(scope: Scope, firm: Firm, signed_on: date, today: date) -> str:
    first_day = scope.starts_on if scope.starts_on and scope.starts_on > today else None
    # Counted from when it leaves where the paper is older: nobody announces a day that has passed.
    by = {"day": speak_date(confirm_by(scope.client, firm, max(signed_on, today)), today=today)}
    confirmed = _("By %(day)s we confirm to you what we deliver, and on which day.") % by
    if first_day is None:
        return confirmed
    begins = _("The work begins on %(day)s.") % {"day": speak_date(first_day, today=today)}
    return f"{confirmed} {begins}"


def _when_they_hear(scope: Scope, firm: Firm, today: date) -> str:
    client = scope.client
    owed_at = client.next_word_at or next_word(client, _noon(client, today), firm)
    if not client.has_cadence or owed_at is None:
        return _("You hear from us when something is done, and before a date changes.")
    day = max(owed_at.astimezone(client.zoneinfo).date(), today)
    words = {"day": speak_date(day, today=today), "weekday": client.get_word_on_display()}
    if client.word_on is not None:
        return _("You hear from us every %(weekday)s, for the first time on %(day)s.") % words
    words["days"] = str(client.word_every_days)
    return _("You hear from us at least every %(days)s days, for the first time by %(day)s.") % words


def _noon(client: Client, day: date) -> datetime:
    return datetime.combine(day, time(12), tzinfo=client.zoneinfo)


def _where_the_document_is(scope: Scope) -> str:
    if scope.agreement.token_hash:
        mark = {"link": signing_placeholder(scope.agreement)}
        return _("The signed document is kept for you here: %(link)s") % mark
    return _("The paper that we both signed is on file with us. Answer this message if you would like a copy.")


def _under(host: User | None, firm: Firm) -> str:
    lines = [host.name, host.title, firm.name, host.phone or firm.phone] if host else [firm.name, firm.phone]
    return "\n".join(line for line in lines if line)
