"""The firm's seal: its key where the settings say, its certificates in the database."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from clients.models import SealCertificate
from clients.sealing import key as keys
from clients.sealing.errors import CannotSeal
from clients.sealing.finding import Finding
from clients.sealing.key import Key
from clients.sealing.reading import MOST_BYTES, read_seal
from engagement.staff.models import Firm
from engagement.staff.when import speak_date

logger = logging.getLogger(__name__)

STAMP_WITHIN = 5.0
# What the seal adds to a document, and more.
ROOM = 128 * 1024


@dataclass(frozen=True)
class Sealed:
    content: bytes
    fingerprint: str
    timestamped: bool


def seal(pdf: bytes, now: datetime, *, reason: str) -> Sealed:
    """The document with the firm's seal on it, proven before it is given out; with a time stamp if there is one soon.

    `reason` is read by people in their PDF program. Raises CannotSeal.
    """
    from clients.sealing import pades  # costs a second, the first time, and most processes never seal

    if len(pdf) > MOST_BYTES - ROOM:
        raise CannotSeal(_("This document is larger than 10 MB, which is the most that is sealed."))
    key = _key(now)
    certificate = _remember(key, now)
    if certificate.retired_at is not None:
        raise CannotSeal(
            _("The key in %(file)s is no longer in use. Bring the one that was made after it to this machine.")
            % {"file": settings.SEAL_FILE}
        )
    stamped = _stamped(pdf, key, now, reason)
    if stamped is not None and read_seal(stamped, [certificate]).stamped_at is not None:
        return Sealed(stamped, key.fingerprint, timestamped=True)
    content = pades.set_seal(pdf, key, now, reason, None)
    if not read_seal(content, [certificate]).is_sealed:
        raise CannotSeal(_("The seal that was set does not hold, so the document was not given out."))
    return Sealed(content, key.fingerprint, timestamped=False)


def _stamped(pdf: bytes, key: Key, now: datetime, reason: str) -> bytes | None:
    if not settings.TIMESTAMP_URL:
        return None
    from clients.sealing import pades, stamping

    try:
        return pades.set_seal(pdf, key, now, reason, stamping.Service(settings.TIMESTAMP_URL, STAMP_WITHIN))
    except (stamping.NoStamp, CannotSeal) as error:
        logger.warning("Sealed without a time stamp: %s", error)
        return None


def read(pdf: bytes) -> Finding:
    """What the seal of any file says, by every certificate that the firm has had."""
    return read_seal(pdf, SealCertificate.objects.all())


def ensure_key(firm_name: str, now: datetime) -> Key:
    """The key that is there, or the firm's first one.

    Where a key was in use and its file is gone, none is made in silence: the file belongs back.
    """
    path = Path(settings.SEAL_FILE)
    if not path.exists() and not SealCertificate.objects.filter(retired_at=None).exists():
        keys.write(keys.make(firm_name, now), path, settings.SEAL_PASSPHRASE)
    key = keys.open_key(path, settings.SEAL_PASSPHRASE)
    _remember(key, now)
    return key


def change_key(firm_name: str, now: datetime) -> tuple[Key, Path | None]:
    """A new key in place of the one in use, and where the old file lies now. What was sealed stays provable."""
    path = Path(settings.SEAL_FILE)
    new = keys.make(firm_name, now)
    aside = None
    if path.exists():
        # A wrong passphrase must come to light before it locks the new key.
        _remember(keys.open_key(path, settings.SEAL_PASSPHRASE), now)
        aside = keys.replace(new, path, settings.SEAL_PASSPHRASE, now)
    else:
        keys.write(new, path, settings.SEAL_PASSPHRASE)
    # Whichever was put down: somebody else may have changed it a moment ago.
    key = keys.open_key(path, settings.SEAL_PASSPHRASE)
    _remember(key, now)
    SealCertificate.objects.filter(retired_at=None).exclude(fingerprint=key.fingerprint).update(retired_at=now)
    return key, aside


def _key(now: datetime) -> Key:
    path = Path(settings.SEAL_FILE)
    if (settings.EMBEDDED or settings.DEBUG) and not path.exists():
        key = ensure_key(Firm.get().name, now)
    else:
        key = keys.open_key(path, settings.SEAL_PASSPHRASE)
    ended = key.certificate.not_valid_after_utc
    if ended <= now:
        text = _("The certificate of the seal ran out on %(date)s. Change the key with “manage.py make_seal --rotate”.")
        raise CannotSeal(text % {"date": speak_date(ended.date(), today=now.date())})
    return key


def _remember(key: Key, now: datetime) -> SealCertificate:
    # Before the first document that it seals: without its certificate nobody could verify that one.
    certificate, _made = SealCertificate.objects.get_or_create(
        fingerprint=key.fingerprint, defaults={"pem": key.pem, "made_at": now}
    )
    return certificate
