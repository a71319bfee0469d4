"""The key of the seal: one PKCS#12 file outside the database, opened by a passphrase from the environment."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PrivateFormat, pkcs12
from cryptography.x509.oid import NameOID
from django.utils.translation import gettext as _

from clients.sealing.errors import CannotSeal

# What every reader of PDF/A-2 knows; elliptic curves came into the format later.
BITS = 3072
LASTS = timedelta(days=3653)
# Two machines' clocks differ a little: a key must not be younger than what the other one seals with it.
BEFORE = timedelta(days=1)
# A certificate's name holds so many bytes.
LONGEST_NAME = 64
# Against guessing at a stolen file; opened once a process, so nobody waits for it.
ROUNDS = 200_000


@dataclass(frozen=True)
class Key:
    private: RSAPrivateKey
    certificate: x509.Certificate

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.certificate)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def firm_of(certificate: x509.Certificate) -> str:
    """The firm's name as it was when the key was made."""
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


# Making


def make(firm_name: str, now: datetime) -> Key:
    name = _cut(firm_name)
    if not name:
        raise CannotSeal(_("The firm has no name yet, and the seal bears it. Set up the firm first."))
    private = generate_private_key(public_exponent=65537, key_size=BITS)
    subject = x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, name), x509.NameAttribute(NameOID.COMMON_NAME, name)]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_to_sign_with(), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False)
        .sign(private, hashes.SHA256())
    )
    return Key(private, certificate)


def _cut(name: str) -> str:
    return " ".join(name.split()).encode()[:LONGEST_NAME].decode(errors="ignore").strip()


def _to_sign_with() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


# Keeping


def write(key: Key, path: Path, passphrase: str) -> None:
    """Put the key down where none is yet. Of two that are written at once the first one stays."""
    with _speaking_of(path), _draft(_locked(key, passphrase), path) as draft, contextlib.suppress(FileExistsError):
        # A link appears whole or not at all.
        os.link(draft, path)


def replace(key: Key, path: Path, passphrase: str, now: datetime) -> Path:
    """Put the key down in place of the one that is there, which is kept aside under the day's date."""
    with _speaking_of(path), _alone_in(path.parent), _draft(_locked(key, passphrase), path) as draft:
        aside = _free_name(path, now)
        os.link(path, aside)
        os.replace(draft, path)
    return aside


def _free_name(path: Path, now: datetime) -> Path:
    name = f"{path.stem}-until-{now.date().isoformat()}"
    aside, number = path.with_name(f"{name}{path.suffix}"), 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{name}-{number}{path.suffix}")
    return aside


def _locked(key: Key, passphrase: str) -> bytes:
    if not passphrase:
        raise CannotSeal(_("SEAL_PASSPHRASE is not set: the key of the seal is locked with it."))
    lock = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(hashes.SHA256())
        .build(passphrase.encode())
    )
    return pkcs12.serialize_key_and_certificates(b"seal", key.private, key.certificate, None, lock)


@contextlib.contextmanager
def _draft(content: bytes, path: Path) -> Iterator[str]:
    # mkstemp gives a file that nobody else on the machine can read.
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Two who change the key together do it one after the other, or one of the keys would be kept nowhere."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _speaking_of(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text = _("%(file)s cannot be written: the disk is full. Make room, then try again.")
        elif error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            text = _("%(file)s cannot be written: this program may not write in that folder. See SEAL_FILE.")
        else:
            text = _("%(file)s cannot be written: %(why)s.")
        raise CannotSeal(text % {"file": path, "why": error.strerror or error}) from error


# Opening


def open_key(path: Path, passphrase: str) -> Key:
    try:
        found = path.stat()
        # A file that was replaced is opened anew.
        return _opened(path, found.st_mtime_ns, found.st_ino, passphrase)
    except FileNotFoundError as error:
        text = _(
            "There is no key to seal with: %(file)s is missing. "
            "Bring it back from the back-up, or make one with “manage.py make_seal”."
        )
        raise CannotSeal(text % {"file": path}) from error
    except OSError as error:
        text = _("The key of the seal cannot be read from %(file)s: %(why)s.")
        raise CannotSeal(text % {"file": path, "why": error.strerror or error}) from error


@lru_cache(maxsize=2)
def _opened(path: Path, changed: int, number: int, passphrase: str) -> Key:
    # Kept, because a key is proven anew each time it is opened, which takes a quarter of a second.
    content = path.read_bytes()
    if not passphrase:
        raise CannotSeal(_("SEAL_PASSPHRASE is not set: the key of the seal is locked with it."))
    try:
        private, certificate, _others = pkcs12.load_key_and_certificates(content, passphrase.encode())
    except ValueError as error:
        text = _("SEAL_PASSPHRASE does not open %(file)s: the passphrase is another one, or the file is damaged.")
        raise CannotSeal(text % {"file": path}) from error
    if not isinstance(private, RSAPrivateKey) or certificate is None:
        raise CannotSeal(_("%(file)s does not hold an RSA key with its certificate.") % {"file": path})
    return Key(private, certificate)
