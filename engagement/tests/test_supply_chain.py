"""What the product is made of, what is known of it, and whom to tell."""

import hashlib
import json
import re
import subprocess
import sys
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import time_machine

from conftest import NOW
from engagement.testservers import free_port
from engagement.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)")
FLAW = {"id": "PYSEC-2026-1", "affected": [], "details": "Anybody may read everything.", "aliases": []}


# The bill of materials


def pinned():
    """What requirements.txt pins: name and version, and the hashes that one of them must have."""
    pins, name = {}, None
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if found := PIN.match(line):
            name = (found[1].lower(), found[2])
            pins[name] = set()
        elif "--hash=sha256:" in line:
            pins[name].add(line.split("sha256:")[1].split()[0])
    return pins


def bill(place):
    # The schema of CycloneDX is its library's concern, and costs ten times as much.
    command = [sys.executable, ROOT / ".ci" / "sbom", place, "--no-validate"]
    subprocess.run(command, check=True, capture_output=True, cwd=place.parent)
    return json.loads(place.read_text())


def test_the_bill_names_what_is_pinned_by_version_and_hash_and_nothing_else(tmp_path):
    found = bill(tmp_path / "bill.json")

    listed = {
        (part["name"].lower(), part["version"]): {
            one["content"] for ref in part["externalReferences"] for one in ref.get("hashes", [])
        }
        for part in found["components"]
    }
    assert listed == pinned()
    assert len(listed) > 40
    assert all(part["purl"].startswith("pkg:pypi/") for part in found["components"])
    about = found["metadata"]["component"]
    assert (found["bomFormat"], about["name"], about["version"]) == ("CycloneDX", "engagement", VERSION)


def test_the_same_pins_give_the_same_bytes(tmp_path):
    bills = [tmp_path / "one.json", tmp_path / "two.json"]

    digests = [(bill(place), hashlib.sha256(place.read_bytes()).hexdigest())[1] for place in bills]

    assert digests[0] == digests[1]


# Known vulnerabilities


@pytest.fixture
def advisories():
    """A service that speaks as OSV does, and knows what it is told."""
    known = {}

    class Service(BaseHTTPRequestHandler):
        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = json.dumps({"vulns": known.get(asked["package"]["name"], [])}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield known, f"http://127.0.0.1:{server.server_address[1]}/v1/query"
        server.shutdown()


@pytest.fixture
def audit(tmp_path, monkeypatch):
    pins = tmp_path / "requirements.txt"
    pins.write_text(f"made-up==1.0 --hash=sha256:{'0' * 64}\nother==2.0 --hash=sha256:{'1' * 64}\n")

    def ask(service):
        monkeypatch.setenv("ADVISORIES", service)
        done = subprocess.run([sys.executable, ROOT / ".ci" / "audit", pins], capture_output=True, text=True)
        return done.returncode, done.stdout

    return ask


def test_what_is_known_to_be_vulnerable_is_named_and_fails(audit, advisories):
    known, service = advisories
    fixed = {"package": {"name": "made-up", "ecosystem": "PyPI"}, "ranges": [], "versions": ["1.0"]}
    known["made-up"] = [FLAW | {"affected": [fixed]}]

    status, said = audit(service)

    assert status == 1
    assert "made-up 1.0: PYSEC-2026-1" in said


def test_nothing_known_of_anything_is_an_all_clear(audit, advisories):
    assert audit(advisories[1]) == (0, "Nothing is known of 2 packages.\n")


def test_not_to_have_been_able_to_ask_is_neither(audit):
    status, said = audit(f"http://127.0.0.1:{free_port()}/v1/query")

    assert status == 3
    assert said.startswith("Could not ask")


# Whom to tell


def told(client):
    with time_machine.travel(NOW, tick=False):
        return client.get("/.well-known/security.txt")


@pytest.mark.django_db
def test_security_txt_is_not_there_until_somebody_is_named(client, settings):
    settings.SECURITY_CONTACT = ""

    assert told(client).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("contact", "written"),
    [
        ("security@word.example", "mailto:security@word.example"),
        ("https://word.example/security", "https://word.example/security"),
    ],
)
def test_security_txt_says_whom_to_tell_and_for_how_long_that_holds(client, settings, contact, written):
    settings.SECURITY_CONTACT, settings.SITE_URL = contact, "https://engagement.word.example"

    response = told(client)

    assert (response.status_code, response["Content-Type"]) == (200, "text/plain; charset=utf-8")
    fields = dict(line.split(": ", 1) for line in response.content.decode().splitlines())
    assert set(fields) == {"Contact", "Expires", "Preferred-Languages", "Canonical"}
    assert fields["Contact"] == written
    assert fields["Canonical"] == "https://engagement.word.example/.well-known/security.txt"
    until = datetime.fromisoformat(fields["Expires"])
    # Shorter than a year, as the RFC asks, and not over tomorrow.
    assert NOW + timedelta(days=90) < until < NOW + timedelta(days=365)
