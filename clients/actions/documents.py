"""The sealed document: made by a worker after the last signature, again and again until it is there.

What it needs may be missing for a while: the key, room on the disk. The signatures stand meanwhile, and staff see why.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from clients.actions.base import holding_agreement, logo_of_firm, write
from clients.actions.sending import signing_placeholder
from clients.document import Evidence, EvidenceRow, render
from clients.document.values import Signature as ShownSignature
from clients.events import PROOF, entries_of, event
from clients.models import Agreement, Client, SealedDocument, SentVersion, Side, Signature
from clients.quiet import after_quiet_hours
from clients.sealing import CannotSeal, seal
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience
from engagement.staff.models import Firm
from engagement.staff.when import iso, speak_moment

logger = logging.getLogger(__name__)

AT_ONCE = 20
# A turn is over well before Celery's limit, which would strike in the middle of a document.
TURN_LASTS = timedelta(seconds=30)
# Of a hash in a row of the evidence page: the whole ones stand above the rows.
SHORT = 12
# Longer than any document takes: who holds one longer is dead.
LEASE_LASTS = timedelta(minutes=5)
PAUSES = [timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1)]


def make_documents(now: datetime) -> int:
    """Make what is due. One that cannot be made stops no other."""
    ends, made = monotonic() + TURN_LASTS.total_seconds(), 0
    for agreement in Agreement.objects.wanting_a_document(now).order_by("document_due_at")[:AT_ONCE]:
        made += make_document(agreement, now)
        if monotonic() > ends:
            break
    return made


def make_document(agreement: Agreement, now: datetime) -> bool:
    """Claim, make, keep. False when somebody else has it in hand, or when it cannot be made now."""
    mine = Agreement.objects.wanting_a_document(now).filter(pk=agreement.pk, document_tries=agreement.document_tries)
    tries = agreement.document_tries + 1
    if not mine.update(document_due_at=now + LEASE_LASTS, document_tries=tries):
        return False
    try:
        _make(agreement, now)
    except CannotSeal as problem:
        return _failed(agreement, tries, str(problem), now)
    except Exception as error:
        logger.exception("The document of agreement %s could not be made.", agreement.pk)
        return _failed(agreement, tries, f"{type(error).__name__}: {error}", now)
    return True


def compose(agreement: Agreement, head: tuple[int, str], now: datetime) -> bytes:
    """The signed text with its signatures and the evidence page, not sealed yet."""
    signatures = list(agreement.signatures.select_related("contact", "user", "version"))
    version = _signed_version(signatures)
    with translation.override(version.content["language"]):
        return render(
            version.content,
            signatures=[_shown(signature, version, now) for signature in signatures],
            evidence=_evidence(agreement, version, signatures, head, now),
            logo=logo_of_firm(),
            proposal=False,
            made_at=now,
        )


def _make(agreement: Agreement, now: datetime) -> None:
    agreement = Agreement.objects.select_related("client", "contact__client", "scope", "addendum__scope").get(
        pk=agreement.pk
    )
    seq, head = Client.objects.values_list("entries", "head").get(pk=agreement.client_id)
    pdf = compose(agreement, (seq, head), now)
    with translation.override(agreement.contact.speaks if agreement.contact else agreement.client.language):
        sealed = seal(pdf, now, reason=_("Sealed as it was signed"))
    sha256 = hashlib.sha256(sealed.content).hexdigest()
    with holding_agreement(agreement) as held, transaction.atomic():
        SealedDocument.objects.create(
            agreement=held,
            content=sealed.content,
            size=len(sealed.content),
            sha256=sha256,
            fingerprint=sealed.fingerprint,
            is_timestamped=sealed.timestamped,
            head_seq=seq,
            head_hash=head,
            made_at=now,
        )
        held.document_due_at, held.document_error = None, ""
        held.save(update_fields=["document_due_at", "document_error"])
        data: dict[str, Any] = {"sha256": sha256, "fingerprint": sealed.fingerprint, "timestamped": sealed.timestamped}
        write(held, "document_sealed", now, None, **data, size=len(sealed.content), head_seq=seq, head_hash=head)
        _write_copy(held, sha256, head, now)


def _failed(agreement: Agreement, tries: int, why: str, now: datetime) -> bool:
    pause = PAUSES[min(tries, len(PAUSES)) - 1]
    mine = Agreement.objects.filter(pk=agreement.pk, document_tries=tries, document_due_at__isnull=False)
    mine.update(document_due_at=now + pause, document_error=" ".join(why.split())[:300])
    return False


def _signed_version(signatures: list[Signature]) -> SentVersion:
    return next(signature.version for signature in signatures if signature.side == Side.CLIENT)


def _shown(signature: Signature, version: SentVersion, now: datetime) -> ShownSignature:
    theirs = signature.side == Side.CLIENT
    content = version.content
    zone = signature.contact.zoneinfo if signature.contact else signature.user.zoneinfo if signature.user else None
    return {
        "side": "client" if theirs else "firm",
        "name": signature.name,
        "role": (signature.contact.role if signature.contact else getattr(signature.user, "title", "")) or "",
        "for": content["client"]["name"] if theirs else content["firm"]["name"],
        "at": speak_moment(signature.signed_at, zone, now=None),
        "drawn": signature.drawn,
    }


def _evidence(
    agreement: Agreement, version: SentVersion, signatures: list[Signature], head: tuple[int, str], now: datetime
) -> Evidence:
    theirs = next(signature for signature in signatures if signature.side == Side.CLIENT)
    zone = agreement.client.zoneinfo
    rows: list[EvidenceRow] = []
    for entry in entries_of(agreement, PROOF):
        if entry.data.get("version", version.version) != version.version:
            continue
        said = event(entry, letters=SHORT)
        by = [_("by %(name)s") % {"name": said.by}] if said.by else []
        rows.append({"what": said.what, "at": _to_the_second(said.at, zone), "detail": ", ".join([*by, *said.facts])})
    return {
        "reference": f"{version.content['number']}, {version.version}",
        "text_sha256": version.sha256,
        "pdf_sha256": version.pdf_sha256,
        "chain": _("entry %(seq)d, %(hash)s") % {"seq": head[0], "hash": head[1]},
        "consent": theirs.consent,
        "rows": rows,
        "statement": "",
        "verify": f"{settings.SITE_URL}/verify/",
    }


def _to_the_second(at: datetime, zone: ZoneInfo) -> str:
    """As people say it, and as it is compared with other records."""
    utc = iso(at.astimezone(UTC).replace(tzinfo=None)).replace("T", " ")
    return f"{speak_moment(at, zone, now=None)}\n{utc} UTC"


def _write_copy(held: Agreement, sha256: str, head: str, now: datetime) -> None:
    """Both sides get the copy. Its fingerprint and the head of the chain lie in their mailbox, out of our reach."""
    contact, firm = held.contact, Firm.get()
    if contact is None or contact.left_at or not contact.email:
        return
    with translation.override(contact.speaks):
        values = {
            "name": contact.name,
            "number": held.about.number,
            "title": held.about.title,
            "link": signing_placeholder(held),
            "verify": f"{settings.SITE_URL}/verify/",
            "sha256": sha256,
            "head": head,
            "firm": firm.name,
        }
        outbox.write(
            occasion=f"document:{held.pk}",
            now=now,
            # The seal may have been out of order for weeks.
            since=held.signed_at,
            not_before=after_quiet_hours(contact, firm, now),
            audience=Audience.CLIENT,
            address=contact.email,
            reply_to=firm.email,
            language=contact.speaks,
            subject=_("Your signed copy: %(title)s (%(number)s)") % values,
            body=_(
                "Dear %(name)s,\n\n"
                "%(number)s, %(title)s, is signed by both sides. The sealed document is here for you:\n\n"
                "%(link)s\n\n"
                "Anybody can check it at %(verify)s. Keep this mail: with these numbers nobody, not even we, "
                "can change the document or its record unseen.\n\n"
                "Fingerprint of the document: %(sha256)s\n"
                "Head of the record: %(head)s\n\n%(firm)s\n"
            )
            % values,
            kind=f"client {held.client_id}",
        )
