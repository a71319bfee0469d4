"""A time stamp is welcome; a time service that is slow, absent or wrong delays nothing and spoils nothing."""

import asyncio
import hashlib
import io
import logging
import shutil
import subprocess
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from asn1crypto import cms, keys, tsp
from asn1crypto.x509 import Certificate
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature

from clients import sealing
from clients.models import SealCertificate
from clients.sealing import Verdict, read_seal
from clients.sealing import firm as the_firm
from clients.sealing.pades import _only
from clients.tests.seal_papers import WHY, paper, place_of_the_seal, verdict
from conftest import DAY, NOW

LATER = NOW + timedelta(seconds=3)


@pytest.fixture(scope="session")
def authority():
    """A time service's own key and certificate."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clock of the Cape")])
    certificate = (
        x509.CertificateBuilder(name, name, private.public_key(), 7, NOW - DAY, NOW + 365 * DAY)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(private, hashes.SHA256())
    )
    der = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Certificate.load(certificate.public_bytes(serialization.Encoding.DER)), keys.PrivateKeyInfo.load(der)


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        question = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.headers["Content-Type"], question))
        self.server.manner(self, question)

    def answer(self, content, status=200):
        self.send_response(status)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def service(settings, authority, firm):
    """A real server on this machine; `manner` says how it answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.asked, server.manner, server.over = [], stamping(authority), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings.TIMESTAMP_URL = f"http://127.0.0.1:{server.server_port}/tsr"
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def stamping(authority, asked_for=lambda question: question, given=lambda answer: answer):
    """Answers as a time service does, after the question or the answer were bent."""

    def manner(handler, question):
        stamper = DummyTimeStamper(*authority, fixed_dt=LATER)
        request = asked_for(tsp.TimeStampReq.load(question))
        handler.answer(given(stamper.request_tsa_response(request).dump()))

    return manner


def seal():
    return sealing.seal(paper(), NOW, reason=WHY)


def test_a_stamp_is_set_and_told(service):
    done = seal()

    finding = sealing.read(done.content)
    assert done.timestamped
    assert (finding.verdict, finding.sealed_at, finding.stamped_at) == (Verdict.SEALED, NOW, LATER)
    assert finding.stamped_by == "Clock of the Cape"


def test_the_service_is_asked_once_and_learns_nothing_but_a_hash(service):
    seal()

    ((kind, question),) = service.asked
    asked = tsp.TimeStampReq.load(question)
    assert kind == "application/timestamp-query"
    assert len(asked["message_imprint"]["hashed_message"].native) == 32
    assert asked["cert_req"].native is True
    assert len(question) < 100


def test_nothing_is_asked_when_no_service_is_named(service, settings):
    settings.TIMESTAMP_URL = ""

    assert seal().timestamped is False
    assert service.asked == []


def hang(handler, question):
    handler.server.over.wait(30)


def drip(handler, question):
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"X")


def refuse(handler, question):
    handler.answer(b"", status=503)


def talk(handler, question):
    handler.answer(b"<html>Pay first</html>")


def say_nothing(handler, question):
    handler.answer(b"")


def flood(handler, question):
    handler.answer(b"\x30\x84\x7f\xff\xff\xff" + bytes(4_000_000))


def reject(handler, question):
    handler.answer(tsp.TimeStampResp({"status": {"status": "rejection"}}).dump())


@pytest.mark.parametrize("manner", [hang, drip, refuse, talk, say_nothing, flood, reject])
def test_a_service_that_does_not_stamp_delays_nothing(service, monkeypatch, caplog, manner):
    monkeypatch.setattr(the_firm, "STAMP_WITHIN", 0.5)
    service.manner = manner
    began = time.monotonic()
    with caplog.at_level(logging.WARNING):
        done = seal()

    assert time.monotonic() - began < 3
    assert done.timestamped is False
    assert verdict(done.content) == Verdict.SEALED
    assert "Sealed without a time stamp" in caplog.text


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://time.invalid/", "file:///etc/passwd", "no address"])
def test_an_address_where_nobody_is_delays_nothing(firm, settings, monkeypatch, url):
    monkeypatch.setattr(the_firm, "STAMP_WITHIN", 0.5)
    settings.TIMESTAMP_URL = url

    assert seal().timestamped is False


def test_the_wait_is_five_seconds():
    assert the_firm.STAMP_WITHIN == 5


def for_something_else(question):
    question["message_imprint"]["hashed_message"] = bytes(32)
    return question


def with_another_nonce(question):
    question["nonce"] = 1
    return question


def changed(answer):
    """The service's own signature lies at the end."""
    return answer[:-10] + bytes([answer[-10] ^ 1]) + answer[-9:]


@pytest.mark.parametrize(
    "bent",
    [{"asked_for": for_something_else}, {"asked_for": with_another_nonce}, {"given": changed}],
    ids=["another hash", "another nonce", "broken"],
)
def test_a_stamp_that_proves_nothing_is_left_out(service, authority, bent):
    service.manner = stamping(authority, **bent)

    done = seal()

    assert len(service.asked) == 1
    assert done.timestamped is False
    assert sealing.read(done.content).stamped_at is None
    assert verdict(done.content) == Verdict.SEALED


def test_no_byte_of_a_stamped_seal_can_be_changed(service):
    sealed, certificates = seal().content, list(SealCertificate.objects.all())
    start, end = place_of_the_seal(sealed)
    # What fills the room that is kept free is all alike.
    end = start + len(sealed[start:end].rstrip(b"0>")) + 40
    for place in range(start, end, 2):
        changed = bytearray(sealed)
        changed[place] = ord("0") if sealed[place] != ord("0") else ord("8")
        assert read_seal(bytes(changed), certificates).verdict != Verdict.SEALED, place


def test_a_stamp_cannot_be_exchanged_for_another_one(service, authority):
    """Both are good stamps of the same seal."""
    sealed = seal().content
    start, end = place_of_the_seal(sealed)
    info = cms.ContentInfo.load(bytes.fromhex(sealed[start + 1 : end - 1].decode()))
    signer = info["content"]["signer_infos"][0]
    (attribute,) = [each for each in signer["unsigned_attrs"] if each["type"].native == "signature_time_stamp_token"]
    digest = hashlib.sha256(signer["signature"].native).digest()
    other = DummyTimeStamper(*authority, fixed_dt=LATER + DAY)
    attribute["values"] = [asyncio.run(other.async_timestamp(digest, "sha256"))]
    written = info.dump(force=True).hex().upper().encode().ljust(end - start - 2, b"0")

    ours = info["content"]["certificates"][0].chosen.dump()
    exchanged = sealed[: start + 1] + written + sealed[end - 1 :]

    (signature,) = PdfFileReader(io.BytesIO(exchanged)).embedded_signatures
    stamp = validate_pdf_signature(signature, _only(ours), _only(ours)).timestamp_validity
    assert (stamp.intact, stamp.valid, stamp.timestamp) == (True, True, LATER + DAY)
    assert verdict(exchanged) == Verdict.CHANGED


def test_another_reader_passes_over_what_holds_the_stamp(service, tmp_path):
    if not shutil.which("pdfsig"):
        pytest.skip("needs pdfsig, of the package poppler-utils")
    (tmp_path / "a.pdf").write_bytes(seal().content)

    said = subprocess.run(["pdfsig", "a.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    assert "Signature is Valid." in said
    assert "Total document signed" in said
