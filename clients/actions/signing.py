"""What the signer does through the private link, and the firm's own signature."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from clients.actions.base import (
    Changed,
    Refused,
    Seen,
    forget_requests_to_sign,
    holding_agreement,
    must_be_allowed,
    write,
)
from clients.actions.codes import Purpose, must_not_have_moved, spend, try_code, write_opened
from clients.actions.notices import tell_staff
from clients.actions.signatures import (
    must_still_come_to,
    sign_for_the_firm,
    take_effect,
    version_in_force,
    write_signed,
)
from clients.agreement_rules import Actor, Rule, State, Step
from clients.models import Agreement, Entry, SentVersion, Side, Signature
from clients.rights import actor
from engagement.staff.models import User
from engagement.staff.when import speak_moment

CONSENT = gettext_lazy(
    "I have read the whole text. I agree to it, and to signing it electronically with my name typed here."
)
MOST_QUESTIONS_AN_HOUR = 5

BOTH_SIGNED = gettext_noop("%(who)s signed %(number)s, %(title)s. It is in force.")
WAITS_FOR_US = gettext_noop("%(who)s signed %(number)s, %(title)s. It waits for the firm's signature.")

Stroke = list[list[float]]


def sign(
    agreement: Agreement,
    *,
    name: str,
    drawn: list[Stroke] | None,
    consent: str,
    shown: str,
    code: str,
    seen: Seen,
    now: datetime,
) -> Signature:
    """The client's signature. `shown` is the fingerprint of the text that their page carried.

    Raises Changed when another text would be signed, WrongCode, and Refused when it is not theirs to sign any more.
    """
    _must_be_named(name)
    with holding_agreement(agreement) as held:
        # Before a try is spent on what cannot be signed.
        _must_be_signable(held, shown, now)
    passed = try_code(agreement, Purpose.SIGN, code, now)
    with holding_agreement(agreement) as held:
        version = _must_be_signable(held, shown, now)
        spend(passed, now)
        signature = Signature.objects.create(
            agreement=held,
            version=version,
            side=Side.CLIENT,
            contact=held.contact,
            name=name.strip(),
            drawn=drawn,
            consent=consent,
            signed_at=now,
            address=seen.address,
            browser=seen.browser[:300],
            zone=seen.zone,
            channel=Signature.Channel.EMAIL if held.by_mail else Signature.Channel.COPIED,
            code_passed_at=now,
            text_sha256=version.sha256,
            pdf_sha256=version.pdf_sha256,
        )
        if version.signatures.filter(side=Side.FIRM).exists():
            take_effect(held, now)
        else:
            held.state = State.ACCEPTED
            forget_requests_to_sign(held, now)
            held.save(update_fields=["state", "next_nudge_at"])
        write(held, "code_passed", now, None, **seen.data, code=passed.pk, purpose=str(Purpose.SIGN))
        write_signed(held, signature, None, now)
        tell_staff(
            held,
            f"signed:{held.pk}",
            gettext_noop("%(who)s signed %(number)s"),
            BOTH_SIGNED if held.state == State.SIGNED else WAITS_FOR_US,
            now,
        )
    return signature


def countersign(agreement: Agreement, *, name: str, shown: str, by: User, seen: Seen, now: datetime) -> Signature:
    """The firm's signature, before the client's or after it. With the second one it comes into force.

    `shown` is the fingerprint of the text that their page carried. Raises Changed when another one would be signed.
    """
    with holding_agreement(agreement) as held:
        must_be_allowed(held, Step.COUNTERSIGN, actor(by, held.client))
        _must_be_named(name)
        version = _must_be_shown(held, shown)
        both = held.state == State.ACCEPTED
        if both:
            must_still_come_to(held, version, now)
            take_effect(held, now)
        signature = sign_for_the_firm(held, version, name, by, seen, now)
    agreement.refresh_from_db()
    return signature


def decline(agreement: Agreement, *, why: str, shown: str, seen: Seen, now: datetime) -> None:
    with holding_agreement(agreement) as held:
        to = _must_be_open(held, Step.DECLINE, now).to
        _must_be_shown(held, shown)
        write_opened(held, seen, now)
        held.state, held.closed_at, held.closed_why = to, now, why.strip()[:500]
        forget_requests_to_sign(held, now)
        held.save(update_fields=["state", "closed_at", "closed_why", "next_nudge_at"])
        contact = held.contact.name if held.contact else ""
        write(held, "agreement_declined", now, None, **seen.data, contact=contact, why=why.strip(), shown=shown)
        tell_staff(
            held,
            f"declined:{held.pk}:{held.version}",
            gettext_noop("%(who)s declined %(number)s"),
            gettext_noop("%(who)s declined %(number)s, %(title)s, and gave this reason:\n\n%(words)s"),
            now,
            words=why.strip(),
        )


def ask_question(agreement: Agreement, *, text: str, seen: Seen, now: datetime) -> None:
    """Kept, and on its way to whoever sent it and leads the client."""
    with holding_agreement(agreement) as held:
        _must_be_open(held, Step.ASK, now)
        lately = Entry.objects.filter(
            client=held.client_id,
            subject=held.record_subject,
            kind="agreement_question",
            at__gt=now - timedelta(hours=1),
        ).count()
        if lately >= MOST_QUESTIONS_AN_HOUR:
            raise Refused(_("We have your questions and answer them. Call us if it is urgent."))
        write_opened(held, seen, now)
        contact = held.contact.name if held.contact else ""
        data = {**seen.data, "contact": contact, "text": text.strip(), "version": held.version}
        write(held, "agreement_question", now, None, **data)
        tell_staff(
            held,
            f"question:{held.pk}:{now.isoformat()}",
            gettext_noop("%(who)s asks about %(number)s"),
            gettext_noop("%(who)s asks about %(number)s, %(title)s:\n\n%(words)s"),
            now,
            words=text.strip(),
        )


def _must_be_named(name: str) -> None:
    if not name.strip():
        raise Refused(_("Type your name: that is the signature."))


def _must_be_open(held: Agreement, step: Step, now: datetime) -> Rule:
    found = must_be_allowed(held, step, Actor.SIGNER)
    if held.has_lapsed(now):
        raise Refused(_("The time to sign this has ended. Ask us for a new one."))
    return found


def _must_be_signable(held: Agreement, shown: str, now: datetime) -> SentVersion:
    if held.state == State.DRAFT:
        raise Changed(
            _("This is being changed. A new version is sent to you when it is ready. Nothing was signed."), None
        )
    _must_be_open(held, Step.SIGN, now)
    version = _must_be_shown(held, shown)
    must_not_have_moved(held, version)
    must_still_come_to(held, version, now)
    return version


def _must_be_shown(held: Agreement, shown: str) -> SentVersion:
    version = version_in_force(held)
    if version.sha256 != shown:
        when = speak_moment(version.sent_at, held.client.zoneinfo, now=None)
        words = _("This was changed on %(when)s. See what changed. Nothing was signed.") % {"when": when}
        raise Changed(words, version)
    return version
