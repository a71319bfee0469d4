"""The rows that say that a side has signed, and what follows when both have."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from clients.actions.base import Changed, Refused, Seen, forget_requests_to_sign, write
from clients.agreement_rules import State
from clients.content import freeze
from clients.holding import LineGone
from clients.models import Addendum, Agreement, Kind, SentVersion, Side, Signature
from clients.signals import addendum_signed, scope_signed
from engagement.staff.models import Firm, User

# Of an addendum: what it comes to must still be what it says when it comes into force.
COMES_TO = ("changes", "lines", "taxes", "total")


def version_in_force(held: Agreement) -> SentVersion:
    return held.versions.defer("pdf").get(version=held.version)


def firm_consent() -> str:
    return _("I sign this for %(firm)s, and may.") % {"firm": Firm.get().name}


def sign_for_the_firm(
    held: Agreement, version: SentVersion, name: str, by: User, seen: Seen, now: datetime
) -> Signature:
    if held.signatures.filter(version=version, side=Side.FIRM).exists():
        raise Refused(_("The firm has signed this already."))
    signature = Signature.objects.create(
        agreement=held,
        version=version,
        side=Side.FIRM,
        user=by,
        name=name.strip(),
        consent=firm_consent(),
        signed_at=now,
        address=seen.address,
        browser=seen.browser[:300],
        zone=seen.zone or by.zone,
        channel=Signature.Channel.STAFF,
        text_sha256=version.sha256,
        pdf_sha256=version.pdf_sha256,
    )
    write_signed(held, signature, by, now)
    return signature


def write_signed(held: Agreement, signature: Signature, by: User | None, now: datetime) -> None:
    """What the record keeps of a signature: enough to find any change in its row."""
    data = said_of(signature)
    if held.kind == Kind.SCOPE and held.scope.signed_on:
        # Both have signed. The client's zone may be another one later; the day stays what it was.
        data["signed_on"] = held.scope.signed_on.isoformat()
    write(held, "agreement_signed", now, by, **data)


def said_of(signature: Signature) -> dict[str, Any]:
    return {
        "signature": signature.pk,
        "side": str(signature.side),
        "name": signature.name,
        # As the text names them: whoever signed may be called otherwise later.
        "contact": signature.version.content["contact"]["name"] if signature.side == Side.CLIENT else "",
        "signer": signature.contact_id or signature.user_id,
        "drawn": signature.drawn,
        "consent": signature.consent,
        "address": signature.address,
        "browser": signature.browser,
        "zone": signature.zone,
        "channel": str(signature.channel),
        "code_passed_at": signature.code_passed_at.astimezone(UTC).isoformat() if signature.code_passed_at else None,
        "version": signature.version.version,
        "text_sha256": signature.text_sha256,
        "pdf_sha256": signature.pdf_sha256,
    }


def must_still_come_to(held: Agreement, version: SentVersion, now: datetime) -> None:
    """Between its sending and its signing another addendum may have changed what this one builds upon."""
    if not isinstance(held.about, Addendum):
        return
    # Two addenda to one scope come into force one after the other, so that the second one sees the first.
    scope = Agreement.objects.select_for_update(of=("self",), no_key=True).get(scope=held.about.scope_id)
    if scope.state != State.SIGNED:
        raise Refused(_("The scope that this changes is not in force any more. Nothing was signed."))
    try:
        as_things_stand: Mapping[str, Any] | None = freeze(held, now)
    except LineGone:
        as_things_stand = None
    if as_things_stand is None or any(as_things_stand[part] != version.content[part] for part in COMES_TO):
        raise Changed(
            _(
                "Since this was sent, another addendum was signed, and this one would not come to what it says. "
                "Nothing was signed: a new version has to be sent."
            ),
            None,
        )


def take_effect(held: Agreement, now: datetime) -> None:
    """Both sides have signed: totals and dates follow, in the transaction of the last signature."""
    held.state, held.signed_at, held.document_due_at = State.SIGNED, now, now
    forget_requests_to_sign(held, now)
    held.save(update_fields=["state", "signed_at", "document_due_at", "next_nudge_at"])
    about = held.about
    if isinstance(about, Addendum):
        addendum_signed.send(sender=Addendum, addendum=about, now=now)
        return
    about.signed_on = now.astimezone(held.client.zoneinfo).date()
    about.save(update_fields=["signed_on"])
    scope_signed.send(sender=type(about), scope=about, now=now)
