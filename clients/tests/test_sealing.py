"""A seal is proven whole, and nothing that was touched passes for it."""

import io
import re
import shutil
import subprocess
import time
import zlib
from random import Random

import pytest
from asn1crypto import pem, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from clients import sealing
from clients.models import SealCertificate
from clients.sealing import Verdict, key, reading
from clients.tests.seal_papers import WHY, paper, place_of_the_seal, sealed_by, verdict
from conftest import NOW, ZONE

SOON = 3  # seconds, on a busy machine; most take a thousandth
MEGABYTE = 1024 * 1024


@pytest.fixture
def sealed(firm):
    return sealing.seal(paper(), NOW, reason=WHY).content


@pytest.fixture(scope="session")
def stranger():
    """Somebody else, who calls himself the same."""
    return key.make("Word & Co", NOW)


# What is whole


def test_a_seal_says_who_and_when(sealed):
    finding = sealing.read(sealed)

    said = "Sealed by Word & Co, unchanged, on Wednesday 18 November, 11:00 (Johannesburg time)."
    assert (finding.verdict, finding.sealed_at) == (Verdict.SEALED, NOW)
    assert finding.words(NOW, ZONE) == said


def test_sealing_names_the_key_and_whether_there_is_a_stamp(firm):
    done = sealing.seal(paper(), NOW, reason=WHY)

    assert done.fingerprint == SealCertificate.objects.get().fingerprint
    assert done.timestamped is False


def test_another_reader_of_the_library_finds_nothing_wrong(sealed):
    _kind, _headers, der = pem.unarmor(SealCertificate.objects.get().pem.encode())
    context = ValidationContext(trust_roots=[x509.Certificate.load(der)], moment=NOW, allow_fetching=False)
    (signature,) = PdfFileReader(io.BytesIO(sealed)).embedded_signatures

    assert validate_pdf_signature(signature, context).bottom_line
    assert signature.docmdp_level == MDPPerm.NO_CHANGES
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.sig_object["/Reason"] == WHY


@pytest.mark.parametrize("pages", [1, 10])
def test_a_reader_that_we_did_not_write_finds_it_whole(firm, tmp_path, pages):
    if not shutil.which("pdfsig"):
        pytest.skip("needs pdfsig, of the package poppler-utils")
    (tmp_path / "a.pdf").write_bytes(sealing.seal(paper(pages), NOW, reason=WHY).content)

    said = subprocess.run(["pdfsig", "a.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert "Signature is Valid." in said
    assert "Total document signed" in said
    assert "Signer Certificate Common Name: Word & Co" in said


def test_it_stays_what_it_was_under_the_seal(sealed):
    """The archive's format hangs on the metadata: they are left as they were."""
    before, after = PdfFileReader(io.BytesIO(paper())), PdfFileReader(io.BytesIO(sealed))

    assert sealed.startswith(paper())
    assert after.root["/Metadata"].data == before.root["/Metadata"].data
    assert b"<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in after.root["/Metadata"].data
    assert after.trailer["/Info"] == before.trailer["/Info"]


def test_a_mark_that_nobody_sees_is_all_that_is_added_to_a_page(sealed):
    (entry,) = PdfFileReader(io.BytesIO(sealed)).root["/Pages"]["/Kids"][0]["/Annots"]
    mark = entry.get_object()

    assert list(mark["/Rect"]) == [0, 0, 0, 0]
    # Printed and locked: the archive's format allows no hidden ones.
    assert mark["/F"] == 4 + 128


# What was touched


def test_no_byte_can_be_changed(sealed):
    dice = Random(14)
    for _number in range(500):
        place = dice.randrange(len(sealed))
        changed = bytearray(sealed)
        changed[place] ^= dice.randrange(1, 256)

        assert verdict(bytes(changed)) != Verdict.SEALED, place


def test_no_letter_of_the_seal_itself_can_be_changed(sealed, certificates):
    """A signature leaves much of its own envelope open: also what means the same is not the same."""
    start, end = place_of_the_seal(sealed)
    for place in range(start, end):
        for letter in b"0" + sealed[place : place + 1].swapcase():
            if letter != sealed[place]:
                changed = sealed[:place] + bytes([letter]) + sealed[place + 1 :]
                assert reading.read_seal(changed, certificates).verdict != Verdict.SEALED, (place, letter)


@pytest.fixture
def certificates(sealed):
    return list(SealCertificate.objects.all())


def test_a_changed_file_names_whose_seal_it_bears(sealed):
    finding = sealing.read(sealed[:2000] + b"\0" + sealed[2001:])

    assert finding.verdict == Verdict.CHANGED
    assert finding.words(NOW, ZONE) == "This file bears a seal of Word & Co, but it was changed after it was sealed."


def test_no_part_of_it_passes_for_the_whole(sealed):
    for length in [*range(0, len(sealed), 997), len(sealed) - 1]:
        assert verdict(sealed[:length]) != Verdict.SEALED, length


@pytest.mark.parametrize("more", [b"\n", b" ", b"\0", b"%%EOF", b"x" * 1000], ids=repr)
def test_what_is_added_is_noticed(sealed, more):
    assert verdict(sealed + more) == Verdict.APPENDED


def test_a_revision_that_is_added_is_noticed(sealed):
    writer = IncrementalPdfFileWriter(io.BytesIO(sealed))
    writer.root["/Lang"] = generic.pdf_string("nl")
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)

    finding = sealing.read(out.getvalue())

    assert finding.verdict == Verdict.APPENDED
    assert finding.words(NOW, ZONE).startswith("Word & Co sealed this document on Wednesday 18 November, 11:00")


def test_a_stranger_s_seal_beside_ours_hides_nothing(sealed, stranger):
    theirs = sealed_by(stranger)

    assert verdict(sealed + theirs[len(paper()) :]) == Verdict.APPENDED


def test_a_revision_slipped_in_behind_the_seal_is_noticed(sealed):
    """The old trick: our two halves stand untouched, a second frame says that what lies between them is the seal."""
    start, end = place_of_the_seal(sealed)
    rest = len(sealed) - end
    inside = sealed[start : end - 1] + b">/evil /ByteRange [0 %d %d %d] >"
    moved = start + len(inside % (start, 99999, rest))
    slipped_in = sealed[:start] + inside % (start, moved, rest) + sealed[end:]

    assert slipped_in[moved:] == sealed[end:]
    assert verdict(slipped_in) != Verdict.SEALED


def test_a_seal_cannot_be_carried_to_another_document(sealed):
    other = sealing.seal(paper(2), NOW, reason=WHY).content
    (start, end), (there, until) = place_of_the_seal(sealed), place_of_the_seal(other)

    assert verdict(other[:there] + sealed[start:end] + other[until:]) == Verdict.CHANGED


# Whose it is


def test_a_stranger_s_seal_is_not_ours_whatever_he_calls_himself(sealed, stranger):
    finding = sealing.read(sealed_by(stranger))

    assert finding.verdict == Verdict.OTHER_KEY
    assert finding.firm == ""


def test_a_stranger_s_seal_that_gives_our_number_proves_nothing(sealed, stranger):
    ours = key.x509.load_pem_x509_certificate(SealCertificate.objects.get().pem.encode())
    forged = key.x509.CertificateBuilder(
        ours.issuer,
        ours.subject,
        stranger.private.public_key(),
        ours.serial_number,
        ours.not_valid_before_utc,
        ours.not_valid_after_utc,
    ).sign(stranger.private, key.hashes.SHA256())

    assert verdict(sealed_by(key.Key(stranger.private, forged))) == Verdict.CHANGED


def test_before_there_is_a_key_no_seal_is_ours(db, stranger):
    assert verdict(sealed_by(stranger)) == Verdict.OTHER_KEY


def test_a_paper_without_a_seal_has_none(sealed):
    assert verdict(paper()) == Verdict.NO_SEAL


# Whatever comes in


def bomb(layers=2):
    """A few kilobytes that unpack to a gigabyte."""
    content = b"\0" * 32 * MEGABYTE
    for _layer in range(layers):
        content = zlib.compress(content, 9)
    head = b"%%PDF-1.7\n1 0 obj\n<</Length %d/Filter[%s]/Type/ObjStm/N 9/First 9>>\nstream\n"
    return head % (len(content), b"/FlateDecode" * layers) + content + b"\nendstream\nendobj\n"


HOSTILE = {
    "nothing": b"",
    "no PDF": b"PK\3\4" * 1000,
    "a head alone": b"%PDF-1.7",
    "junk": b"%PDF-1.7\n" + Random(3).randbytes(10 * MEGABYTE - 20),
    "zeros": b"%PDF-1.7\n" + bytes(10 * MEGABYTE - 20),
    "deep": b"%PDF-1.7\n1 0 obj\n" + b"[" * 5 * MEGABYTE,
    "deep dictionaries": b"%PDF-1.7\n1 0 obj\n" + b"<</A" * MEGABYTE,
    "packed": bomb(),
    "round": b"%PDF-1.7\nxref\n0 1\ntrailer<</Prev 9/Root 1 0 R>>\nstartxref\n9\n%%EOF",
    "many frames": b"%PDF-1.7\n" + b"/ByteRange [0 9 11 5]<>" * 400_000,
    "half frames": b"%PDF-1.7\n" + b"/ByteRange [0 9 11" * 500_000,
    "blank frames": b"%PDF-1.7\n" + (b"/ByteRange" + b" " * 90) * 100_000,
    "big numbers": b"%PDF-1.7\n/ByteRange [0 99999999 99999999 99999999]",
    "backwards": b"%PDF-1.7\n/ByteRange [0 40 10 5]" + b"<>" * 50,
    "odd letters": b"%PDF-1.7<ABC>/ByteRange [0 8 13 5]     ",
    "no letters": b"%PDF-1.7<>/ByteRange [0 8 10 5]     ",
    "eleven megabytes": b"%PDF-1.7\n" + bytes(11 * MEGABYTE),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("after_ours", [False, True])
def test_whatever_comes_in_gets_an_answer_soon(sealed, name, after_ours):
    pdf = sealed + HOSTILE[name] if after_ours else HOSTILE[name]
    began = time.monotonic()

    finding = sealing.read(pdf)

    assert time.monotonic() - began < SOON
    assert finding.words(NOW, ZONE)
    assert finding.advice()
    allowed = {Verdict.APPENDED, Verdict.TOO_LARGE} | ({Verdict.SEALED} if name == "nothing" else set())
    assert finding.verdict in (allowed if after_ours else set(Verdict) - {Verdict.SEALED, Verdict.APPENDED})


def test_our_number_written_a_thousand_times_costs_little(sealed):
    start, end = place_of_the_seal(sealed)
    names = sealed[start + 1 : end - 1]
    content = b"%PDF-1.7\n" + b"".join(b"<" + names + b">" for _number in range(200))
    frames = [9 + number * (len(names) + 2) for number in range(200)]
    content += b"".join(b"/ByteRange [0 %d %d 1]" % (at, at + len(names) + 2) for at in frames)
    began = time.monotonic()

    assert verdict(content.ljust(10 * MEGABYTE, b" ")) == Verdict.CHANGED
    assert time.monotonic() - began < SOON


def test_the_same_frame_written_a_thousand_times_is_proven_once(sealed):
    frame = re.search(rb"/ByteRange \[[^]]+\]", sealed)[0]
    began = time.monotonic()

    assert verdict(sealed + frame * 1000) == Verdict.APPENDED
    assert time.monotonic() - began < SOON


def test_the_network_is_never_asked(sealed, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("somebody called out")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)

    assert verdict(sealed) == Verdict.SEALED


@pytest.mark.parametrize(
    "paper_", [b"", b"not a PDF", paper()[:500], paper()[:-200]], ids=["none", "other", "head", "cut"]
)
def test_what_is_no_document_is_refused_in_words(firm, paper_):
    with pytest.raises(sealing.CannotSeal, match="This document cannot be sealed"):
        sealing.seal(paper_, NOW, reason=WHY)


def test_what_is_too_large_to_be_verified_is_not_sealed(firm):
    with pytest.raises(sealing.CannotSeal, match="larger than 10 MB"):
        sealing.seal(paper() + bytes(10 * MEGABYTE), NOW, reason=WHY)
