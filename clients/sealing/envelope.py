"""The envelope of a seal (CMS, RFC 5652), read by the form that ours have.

Nothing is parsed that is not ours, and nothing is left open: a signature covers its own envelope only in part, so the
rest must be, to the byte, what we write around this certificate.
"""

from __future__ import annotations

from collections.abc import Iterator

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

SEQUENCE, SET, INTEGER, OCTETS = 0x30, 0x31, 0x02, 0x04
FIRST, SECOND = 0xA0, 0xA1

# The parts that are the same in every seal, as they stand in the file.
VERSION_1 = bytes.fromhex("020101")
SHA256 = bytes.fromhex("300d06096086480165030402010500")
SHA256_WITH_RSA = bytes.fromhex("300d06092a864886f70d01010b0500")
DATA = bytes.fromhex("06092a864886f70d010701")
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
MESSAGE_DIGEST = bytes.fromhex("06092a864886f70d010904")
TIME_STAMP = bytes.fromhex("060b2a864886f70d010910020e")
# A number of our own (2.25 and a UUID). A time service signs its stamp no more fully than others their envelopes, so
# our key signs all of it. Readers that do not know the number pass it over.
HOLD = "2.25.112630225784671387939026075719617312587"
HELD = bytes.fromhex("06146981a9bbe5b7bca4b2a9e192e0c595eddde5ee4b")


class Broken(Exception):
    """It is not in the form of ours."""


def names(content: bytes, certificate: x509.Certificate) -> bool:
    """Whether it says that it is of this certificate. Anybody can write that: it proves nothing yet."""
    return _signer_id(certificate) in content


def proves(content: bytes, certificate: x509.Certificate, covered: bytes) -> bool:
    """Whether this certificate's key signed what hashes to `covered`, and nobody has touched the envelope since.

    `content` ends with the zeros that fill the place kept free for it.
    """
    head = VERSION_1 + _signer_id(certificate) + SHA256
    _before, _head, rest = content.partition(head)
    try:
        attributes, rest = _take(FIRST, rest)
        rest = rest.removeprefix(SHA256_WITH_RSA)
        signature, rest = _take(OCTETS, rest)
        stamp = _stamp(rest, certificate)
    except Broken:
        return False
    signer = head + _put(FIRST, attributes) + SHA256_WITH_RSA + _put(OCTETS, signature) + stamp
    said = _put(SEQUENCE, MESSAGE_DIGEST + _put(SET, _put(OCTETS, covered)))
    return (
        said in attributes
        and _is_signed(_put(SET, attributes), signature, certificate)
        and _around(certificate, signer).ljust(len(content), b"\0") == content
    )


def _signer_id(certificate: x509.Certificate) -> bytes:
    serial = certificate.serial_number
    number = _put(INTEGER, serial.to_bytes(serial.bit_length() // 8 + 1, "big"))
    return _put(SEQUENCE, certificate.issuer.public_bytes() + number)


def holding(token: bytes) -> bytes:
    """What our key signs for a time stamp. No other thing that it signs begins like this."""
    return b"The time stamp of this seal: " + token


def _stamp(rest: bytes, certificate: x509.Certificate) -> bytes:
    """The one thing that is added after the signature, for it is about it: its time stamp, held by our key."""
    if rest[:1] != bytes([SECOND]):
        return b""
    added, _padding = _take(SECOND, rest)
    values = dict(_attributes(added))
    if values.keys() != {TIME_STAMP, HELD}:
        raise Broken
    token, hold = values[TIME_STAMP], _take(OCTETS, values[HELD])[0]
    if not _is_signed(holding(token), hold, certificate):
        raise Broken
    written = {TIME_STAMP: token, HELD: _put(OCTETS, hold)}
    return _put(SECOND, b"".join(_put(SEQUENCE, kind + _put(SET, written[kind])) for kind in values))


def _attributes(added: bytes) -> Iterator[tuple[bytes, bytes]]:
    while added:
        attribute, added = _take(SEQUENCE, added)
        for kind in (TIME_STAMP, HELD):
            if attribute.startswith(kind):
                yield kind, _take(SET, attribute.removeprefix(kind))[0]


def _is_signed(attributes: bytes, signature: bytes, certificate: x509.Certificate) -> bool:
    public = certificate.public_key()
    assert isinstance(public, RSAPublicKey)
    try:
        public.verify(signature, attributes, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _around(certificate: x509.Certificate, signer: bytes) -> bytes:
    signed = (
        VERSION_1
        + _put(SET, SHA256)
        + _put(SEQUENCE, DATA)
        + _put(FIRST, certificate.public_bytes(Encoding.DER))
        + _put(SET, _put(SEQUENCE, signer))
    )
    return _put(SEQUENCE, SIGNED_DATA + _put(FIRST, _put(SEQUENCE, signed)))


# How DER writes a tag, a length and a value


def _put(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + value


def _take(tag: int, content: bytes) -> tuple[bytes, bytes]:
    """The value at the beginning, and what follows it."""
    if len(content) < 2 or content[0] != tag:
        raise Broken
    start = 2
    length = content[1]
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(content[2:start], "big")
    if start + length > len(content):
        raise Broken
    return content[start : start + length], content[start + length :]
