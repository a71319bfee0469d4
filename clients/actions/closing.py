"""Withdrawn, taken back to be changed, lapsed, ended; and the reminders before that."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TypeGuard

from django.db import transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from clients.actions.base import Refused, forget_requests_to_sign, holding_agreement, must_be_allowed, write
from clients.actions.notices import tell_staff
from clients.actions.sending import MOST_NUDGES, NUDGE_EVERY, signing_placeholder
from clients.agreement_rules import Actor, State, Step
from clients.models import Agreement, Contact, Kind, Scope, Side
from clients.quiet import after_quiet_hours
from clients.rights import actor
from clients.signals import scope_ending
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_date

logger = logging.getLogger(__name__)

AT_ONCE = 200
# A reminder that could not be written: until it is tried again, those behind it have its place.
TRY_AGAIN_AFTER = timedelta(hours=1)


def withdraw(agreement: Agreement, *, why: str, by: User, now: datetime) -> None:
    """Take it back. The client hears that it was, without our reasons."""
    with holding_agreement(agreement) as held:
        _withdraw(held, why, by, now)
    agreement.refresh_from_db()


def revise(agreement: Agreement, *, by: User, now: datetime) -> None:
    """Take it back to be changed and sent anew, as the next version. The address stays, and opens the new one then."""
    with holding_agreement(agreement) as held:
        to = must_be_allowed(held, Step.REVISE, actor(by, held.client)).to
        if held.signatures.filter(side=Side.CLIENT).exists():
            raise Refused(_what_instead(held))
        sent = held.versions.filter(version=held.version).exists()
        held.version += sent
        held.state = to
        forget_requests_to_sign(held, now)
        held.closed_at, held.closed_by, held.closed_why = None, None, ""
        held.save(update_fields=["version", "state", "next_nudge_at", "closed_at", "closed_by", "closed_why"])
        write(held, "agreement_revised", now, by, version=held.version)
    agreement.refresh_from_db()


def end(agreement: Agreement, *, why: str, by: User, now: datetime) -> None:
    """Nothing is owed under it any more. What it still has out to be signed is withdrawn with it."""
    with transaction.atomic():
        # Whoever sends or signs an addendum holds it first and then its scope: so do we, or both would wait.
        addenda = _holding_addenda(agreement)
        with holding_agreement(agreement) as held:
            to = must_be_allowed(held, Step.END, actor(by, held.client)).to
            if held.kind == Kind.ADDENDUM:
                raise Refused(_("An addendum ends with its scope: end that one."))
            _must_owe_nothing(held.scope)
            for addendum in addenda:
                if addendum.state in (State.SENT, State.ACCEPTED):
                    _withdraw(addendum, why, by, now)
            _close(held, to, why, by, now)
            write(held, "agreement_ended", now, by, why=held.closed_why)
    agreement.refresh_from_db()


def lapse_due(now: datetime) -> int:
    """Write down which ones can be signed no more. One that cannot be settled stops no other."""
    done, tried = 0, list[int]()
    while done < AT_ONCE:
        # Those that could not be settled keep their place at the head: this turn goes on behind them.
        due = Agreement.objects.lapsing(now).exclude(pk__in=tried).order_by("valid_until_at")
        batch = list(due[:AT_ONCE])
        if not batch:
            break
        tried += [agreement.pk for agreement in batch]
        done += sum(_lapsed(agreement, now) for agreement in batch)
    return done


def nudge_due(now: datetime) -> int:
    """Remind who has not signed yet, each time once."""
    done = 0
    for agreement in list(Agreement.objects.to_nudge(now).order_by("next_nudge_at")[:AT_ONCE]):
        try:
            done += _nudge(agreement, now)
        except Exception:
            logger.exception("Agreement %s could not be reminded of; it is tried again later.", agreement.pk)
            same = Agreement.objects.to_nudge(now).filter(pk=agreement.pk, nudges=agreement.nudges)
            same.update(next_nudge_at=now + TRY_AGAIN_AFTER)
    return done


def _withdraw(held: Agreement, why: str, by: User, now: datetime) -> None:
    was_sent = held.state != State.DRAFT
    to = must_be_allowed(held, Step.WITHDRAW, actor(by, held.client)).to
    _close(held, to, why, by, now)
    write(held, "agreement_withdrawn", now, by, why=held.closed_why, version=held.version)
    if was_sent and held.by_mail:
        _say_withdrawn(held, by, now)


def _what_instead(held: Agreement) -> str:
    if held.kind == Kind.ADDENDUM:
        return _("The client has signed this. Write a new addendum instead: what was signed stays as it was signed.")
    return _("The client has signed this. Copy it instead: what was signed stays as it was signed.")


def _holding_addenda(agreement: Agreement) -> list[Agreement]:
    """Those of a scope, in one order, drafts too: one that is being sent at this moment is waited for."""
    held = Agreement.objects.select_for_update(of=("self",), no_key=True)
    held = held.select_related("client__lead", "contact__client", "sent_by", "addendum__scope")
    return list(held.filter(addendum__scope__agreement=agreement).order_by("pk"))


def _must_owe_nothing(scope: Scope) -> None:
    for _receiver, reason in scope_ending.send(sender=Scope, scope=scope):
        if reason:
            raise Refused(reason)


def _close(held: Agreement, to: State, why: str, by: User | None, now: datetime) -> None:
    held.state, held.closed_at, held.closed_by, held.closed_why = to, now, by, why.strip()[:500]
    forget_requests_to_sign(held, now)
    held.save(update_fields=["state", "closed_at", "closed_by", "closed_why", "next_nudge_at"])


def _lapsed(agreement: Agreement, now: datetime) -> bool:
    try:
        return _lapse(agreement, now)
    except Exception:
        logger.exception("Agreement %s could not lapse; it is looked at again.", agreement.pk)
        return False


def _lapse(agreement: Agreement, now: datetime) -> bool:
    with holding_agreement(agreement) as held:
        if not held.has_lapsed(now):
            return False
        to = must_be_allowed(held, Step.LAPSE, Actor.CLOCK).to
        _close(held, to, "", None, now)
        write(held, "agreement_lapsed", now, None, version=held.version)
        tell_staff(
            held,
            f"lapsed:{held.pk}:{held.version}",
            gettext_noop("%(number)s was not signed in time"),
            gettext_noop("%(who)s did not sign %(number)s, %(title)s, in time. Call them, or send a new version."),
            now,
        )
    return True


def _nudge(agreement: Agreement, now: datetime) -> bool:
    mine = Agreement.objects.to_nudge(now).filter(pk=agreement.pk, nudges=agreement.nudges, nudges__lt=MOST_NUDGES)
    last = agreement.nudges + 1 >= MOST_NUDGES
    with transaction.atomic():
        # The claim: a second worker finds another count and leaves.
        if not mine.update(nudges=F("nudges") + 1, next_nudge_at=None if last else now + NUDGE_EVERY):
            return False
        with holding_agreement(agreement) as held:
            if held.has_lapsed(now):
                return False
            if held.client.archived_at or not _can_be_written_to(held.contact):
                _stop_nudges(held, now)
                return False
            _write_nudge(held, now)
            write(held, "agreement_nudged", now, None, nudge=held.nudges, version=held.version)
    return True


def _stop_nudges(held: Agreement, now: datetime) -> None:
    """This one was not written, so it does not count; somebody here has to find another way."""
    held.nudges, held.next_nudge_at = held.nudges - 1, None
    held.save(update_fields=["nudges", "next_nudge_at"])
    tell_staff(
        held,
        f"no nudge:{held.pk}:{held.version}",
        gettext_noop("%(who)s cannot be reminded of %(number)s"),
        gettext_noop(
            "%(number)s, %(title)s, waits for %(who)s, and no reminder can be sent: they have left, have no e-mail "
            "address, or the client is archived. There will be no more reminders. Take it back and send it to "
            "somebody else, or withdraw it."
        ),
        now,
    )


def _write_nudge(held: Agreement, now: datetime) -> None:
    contact, firm = held.contact, Firm.get()
    assert contact
    with translation.override(contact.speaks):
        values = {
            "name": contact.name,
            "number": held.about.number,
            "title": held.about.title,
            "until": speak_date(held.valid_until, today=None) if held.valid_until else "",
            "link": signing_placeholder(held),
            "firm": firm.name,
        }
        outbox.write(
            occasion=f"sign nudge:{held.pk}:{held.version}:{held.nudges}",
            now=now,
            # This one was due then, however often it could not be written since.
            since=held.sent_at + NUDGE_EVERY * held.nudges if held.sent_at else None,
            not_before=after_quiet_hours(contact, firm, now),
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=held.sent_by.email if held.sent_by else firm.email,
            language=contact.speaks,
            subject=_("Waiting for you: %(title)s (%(number)s)") % values,
            body=_(
                "Dear %(name)s,\n\n"
                "%(number)s, %(title)s, waits for your signature. You can sign it until %(until)s:\n\n"
                "%(link)s\n\n"
                "There you can also ask a question, or decline.\n\n%(firm)s\n"
            )
            % values,
            kind=f"client {held.client_id}",
        )


def _can_be_written_to(contact: Contact | None) -> TypeGuard[Contact]:
    return contact is not None and contact.left_at is None and contact.email != ""


def _say_withdrawn(held: Agreement, by: User, now: datetime) -> None:
    contact, firm = held.contact, Firm.get()
    if not _can_be_written_to(contact):
        return
    with translation.override(contact.speaks):
        values = {"name": contact.name, "number": held.about.number, "title": held.about.title, "firm": firm.name}
        outbox.write(
            occasion=f"withdrawn:{held.pk}:{held.version}",
            now=now,
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=by.email,
            language=contact.speaks,
            subject=_("Withdrawn: %(title)s (%(number)s)") % values,
            body=_(
                "Dear %(name)s,\n\n"
                "we have withdrawn %(number)s, %(title)s. It cannot be signed any more, and you need do nothing.\n\n"
                "Answer this mail if you want to know more.\n\n%(by)s\n%(firm)s\n"
            )
            % {**values, "by": by.name},
            kind=f"client {held.client_id}",
            written_by=by,
        )
