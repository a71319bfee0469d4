"""What pyHanko does for us: it sets the seal, and proves a whole document. Import it late: it takes a second."""

from __future__ import annotations

import io
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from django.utils.translation import gettext as _
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import BasePdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.timestamps import TimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from clients.sealing import envelope
from clients.sealing.errors import CannotSeal
from clients.sealing.key import Key

logger = logging.getLogger(__name__)

# Room for the token of a time service; without one pyHanko measures for itself.
STAMPED = 2 * 16_384


@dataclass(frozen=True)
class Whole:
    sealed_at: datetime
    stamped_at: datetime | None
    stamped_by: str


def set_seal(pdf: bytes, key: Key, now: datetime, reason: str, stamper: TimeStamper | None) -> bytes:
    metadata = PdfSignatureMetadata(
        field_name="Seal",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        reason=reason,
    )
    signer = _SealsAt(metadata, signer=_Hand(key), timestamper=stamper)
    signer.now = now
    out = io.BytesIO()
    try:
        signer.sign_pdf(_Writer(io.BytesIO(pdf)), output=out, bytes_reserved=STAMPED if stamper else None)
    except (PdfError, ValueError) as error:
        raise CannotSeal(_("This document cannot be sealed: %(why)s.") % {"why": error}) from error
    return out.getvalue()


class _Hand(Signer):
    """Signs with the key as it is open. pyHanko's own would prove it anew at each stroke, an eighth of a second."""

    def __init__(self, key: Key) -> None:
        certificate = _certificate(key.certificate.public_bytes(Encoding.DER))
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # it says no types
        super().__init__(signing_cert=certificate, cert_registry=store)
        self._key = key.private

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return self._key.sign(data, PKCS1v15(), hashes.SHA256())

    async def unsigned_attrs(self, *args: Any, **kwargs: Any) -> cms.CMSAttributes | None:
        added = await super().unsigned_attrs(*args, **kwargs)
        if added is not None:
            (stamp,) = added
            hold = self._key.sign(envelope.holding(stamp["values"][0].dump()), PKCS1v15(), hashes.SHA256())
            added.append(cms.CMSAttribute({"type": envelope.HOLD, "values": [core.OctetString(hold)]}))
        return added


class _SealsAt(PdfSigner):
    now: datetime

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.now
        return session


class _Writer(IncrementalPdfFileWriter):
    def _update_meta(self) -> None:
        """Leave the metadata alone: rewritten, they would say PDF/A in a form that PDF/A does not know."""


def read_whole(pdf: bytes, certificate: bytes) -> Whole | None:
    """Prove the one seal of a document against one certificate. None: it does not hold."""
    try:
        (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        sealed_at = signature.self_reported_timestamp
        if sealed_at is None:
            return None
        status = validate_pdf_signature(signature, _only(certificate), _only(certificate))
    except Exception:
        # Its kinds of error are many, and one that is not foreseen must not pass for a seal that holds.
        logger.warning("A seal could not be read.", exc_info=True)
        return None
    if not _holds(signature, status):
        return None
    stamp = status.timestamp_validity
    if stamp is None:
        return Whole(sealed_at, None, "")
    who = stamp.signing_cert.subject
    return Whole(sealed_at, stamp.timestamp, str(who.native.get("common_name") or who.human_friendly))


def _only(certificate: bytes) -> ValidationContext:
    # Never the machine's own list of authorities, never the network. At a moment of its own, so that a certificate
    # which has run out goes on to prove what was sealed before; the caller compares the times.
    root = _certificate(certificate)
    return ValidationContext(trust_roots=[root], moment=root.not_valid_after, allow_fetching=False)


def _holds(signature: EmbeddedPdfSignature, status: PdfSignatureStatus) -> bool:
    # Not its bottom line: that asks to trust the time service too, and of that the reader may judge.
    stamp = status.timestamp_validity
    return bool(
        status.intact
        and status.valid
        and status.trusted
        and status.coverage == SignatureCoverageLevel.ENTIRE_FILE
        and status.docmdp_ok
        and status.seed_value_ok
        and signature.docmdp_level == MDPPerm.NO_CHANGES
        and (stamp is None or (stamp.intact and stamp.valid))
    )


def _certificate(der: bytes) -> x509.Certificate:
    certificate: x509.Certificate = x509.Certificate.load(der)
    return certificate
