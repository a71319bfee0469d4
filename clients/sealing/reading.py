"""Reads a seal. Whatever file comes in, the answer is a finding, soon.

A stranger's file is never opened as a PDF. First the seal is looked for among the bytes and proven with our own
certificates: that takes time in proportion to the file, and nothing in it is unpacked. Only what bears a seal of ours
over every byte, so what we made, goes on to be proven as a PDF.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from clients.sealing import envelope
from clients.sealing.finding import Finding, Verdict
from clients.sealing.key import fingerprint, firm_of

MOST_BYTES = 10 * 1024 * 1024
MOST_FRAMES = 10_000
MOST_SEALS = 20
LONGEST_SEAL = 256 * 1024
# What was begun before the key was changed is finished after it.
LEEWAY = timedelta(minutes=10)

RANGE = re.compile(rb"/ByteRange\s{0,9}\[\s{0,9}0\s{1,9}(\d{1,8})\s{1,9}(\d{1,8})\s{1,9}(\d{1,8})\s{0,9}\]")
UPPER_HEX = re.compile(rb"(?:[0-9A-F]{2})+")


class Certificate(Protocol):
    """A row of SealCertificate, or whatever else says the same."""

    pem: str
    retired_at: datetime | None


@dataclass(frozen=True)
class _Ours:
    certificate: x509.Certificate
    retired_at: datetime | None

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def good_until(self) -> datetime:
        run_out = self.certificate.not_valid_after_utc
        return min(run_out, self.retired_at) if self.retired_at else run_out


@dataclass(frozen=True)
class _Seal:
    """Where it lies: the seal itself between `start` and `end`, and what it covers up to `until`."""

    pdf: bytes
    start: int
    end: int
    until: int

    @property
    def covers_all(self) -> bool:
        return self.until == len(self.pdf)

    def covered_hash(self) -> bytes:
        covered = hashlib.sha256(memoryview(self.pdf)[: self.start])
        covered.update(memoryview(self.pdf)[self.end : self.until])
        return covered.digest()

    def content(self) -> bytes | None:
        """The bytes of the seal and the zeros behind it. None when they are not written as we write them."""
        written = self.pdf[self.start + 1 : self.end - 1]
        # Letter for letter: what is written otherwise may mean the same, and yet somebody has been at it.
        return bytes.fromhex(written.decode()) if UPPER_HEX.fullmatch(written) else None


def read_seal(pdf: bytes, certificates: Iterable[Certificate]) -> Finding:
    if len(pdf) > MOST_BYTES:
        return Finding(Verdict.TOO_LARGE)
    if b"%PDF-" not in pdf[:1024]:
        return Finding(Verdict.NOT_A_PDF)
    ours = [_Ours(x509.load_pem_x509_certificate(row.pem.encode()), row.retired_at) for row in certificates]
    findings = [_read(seal, ours) for seal in _seals(pdf)]
    # Anybody can put a seal of their own beside ours: the one that says most is what counts.
    return min(findings, key=lambda finding: list(Verdict).index(finding.verdict), default=Finding(Verdict.NO_SEAL))


def _seals(pdf: bytes) -> list[_Seal]:
    places = (tuple(int(number) for number in match.groups()) for match in islice(RANGE.finditer(pdf), MOST_FRAMES))
    # Each once: to write the same place a thousand times must not cost a thousand proofs.
    framed = dict.fromkeys(place for place in places if _is_framed(pdf, *place))
    return [_Seal(pdf, start, end, end + rest) for start, end, rest in islice(framed, MOST_SEALS)]


def _is_framed(pdf: bytes, start: int, end: int, rest: int) -> bool:
    fits = start < end <= start + LONGEST_SEAL and end + rest <= len(pdf)
    return fits and pdf[start : start + 1] == b"<" and pdf[end - 1 : end] == b">"


def _read(seal: _Seal, certificates: list[_Ours]) -> Finding:
    content = seal.content()
    if content is None:
        return Finding(Verdict.NO_SEAL)
    ours = next((each for each in certificates if envelope.names(content, each.certificate)), None)
    if ours is None:
        return Finding(Verdict.OTHER_KEY)
    if envelope.proves(content, ours.certificate, seal.covered_hash()) and (finding := _read_ours(seal, ours)):
        return finding
    return Finding(Verdict.CHANGED, firm_of(ours.certificate), fingerprint(ours.certificate))


def _read_ours(seal: _Seal, ours: _Ours) -> Finding | None:
    from clients.sealing import pades  # a second, the first time

    whole = pades.read_whole(seal.pdf[: seal.until], ours.der)
    if whole is None:
        return None
    return Finding(
        _verdict(seal, ours, whole.sealed_at),
        firm_of(ours.certificate),
        fingerprint(ours.certificate),
        whole.sealed_at,
        whole.stamped_at,
        whole.stamped_by,
    )


def _verdict(seal: _Seal, ours: _Ours, sealed_at: datetime) -> Verdict:
    if sealed_at > ours.good_until + LEEWAY:
        return Verdict.RETIRED_KEY
    return Verdict.SEALED if seal.covers_all else Verdict.APPENDED
