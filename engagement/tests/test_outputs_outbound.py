"""What the product fetches is named here: nothing that a person typed says where from. A document fetches nothing."""

from __future__ import annotations

import ast
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typst

from clients.document import render
from clients.document.fonts import fonts
from clients.sealing.stamping import NoStamp, Service
from clients.tests.test_document import ADDENDUM, EVIDENCE, SCOPE, SIGNATURE, everywhere, read
from engagement.tests.corpora import FULL, corpus

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = corpus("documents")
# Modules that can speak to somebody else.
SPEAKS = {
    *("socket", "ssl", "http.client", "http.server", "urllib.request", "urllib3", "requests", "httpx", "aiohttp"),
    *("ftplib", "smtplib", "telnetlib", "poplib", "imaplib", "nntplib", "xmlrpc", "socketserver", "asyncio", "pycurl"),
    *("subprocess", "os.system", "os.popen", "webbrowser", "paramiko", "redis", "kombu", "boto3", "websockets"),
}
# Who may, to whom, and from where the address comes. Nobody else may; nothing here reads what a person typed.
MAY_SPEAK = {
    "engagement/celery.py": "Redis: REDIS_URL of the installation",
    "clients/sealing/stamping.py": "the time service: TIMESTAMP_URL of the installation",
    "engagement/management/commands/serve.py": "this machine: whether the port is free",
    "engagement/backup/postgresql.py": "the database: its own programs, with DATABASE_URL of the installation",
    "engagement/outbox/health.py": "the mail server: EMAIL_URL of the installation",
    "engagement/outbox/line.py": "the mail server: EMAIL_URL of the installation",
    "engagement/settings.py": "Redis: REDIS_URL of the installation",
    "engagement/staff/throttle.py": "Redis: what it raises when it is away",
    "engagement/supervisor.py": "starts our own programs",
    "engagement/testservers.py": "servers of the tests, on this machine",
    "promises/views/once.py": "Redis: what it raises when it is away",
}


def modules():
    for top in ("engagement", "clients", "promises"):
        for path in sorted((ROOT / top).rglob("*.py")):
            if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts):
                yield path


def speaks(source):
    """Every way to reach for one of those modules, or to name one that is imported by its name."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                found |= {alias.name for alias in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {module, *(f"{module}.{alias.name}" for alias in names)}
            case ast.Attribute(
                value=ast.Name(id="os"), attr=("system" | "popen" | "execv" | "execve" | "spawnv") as name
            ):
                found.add(f"os.{name}")
            case ast.Call(
                func=ast.Name(id="__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name))],
            ):
                found.add(name)
    return {name for name in found for module in SPEAKS if name == module or name.startswith(f"{module}.")}


def test_only_those_named_here_speak_to_anybody():
    speaking = {str(path.relative_to(ROOT)) for path in modules() if speaks(path.read_text())}

    assert {name for name in speaking if name not in MAY_SPEAK} == set()
    assert {name for name in MAY_SPEAK if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "import requests as r",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import http.client",
        "def later():\n    import httpx",
        "import importlib\nimportlib.import_module('requests')",
        "__import__('socket')",
        "import os\nos.system('curl x')",
        "from subprocess import run",
    ],
)
def test_each_way_to_speak_is_seen(source):
    assert speaks(source)


def test_parsing_an_address_is_not_speaking():
    assert speaks("from urllib.parse import urlencode") == set()


class Listener(ThreadingHTTPServer):
    """Counts who comes, and sends them on to `to`."""

    def __init__(self, to=""):
        self.came, self.to = [], to
        super().__init__(("127.0.0.1", 0), Answer)


class Answer(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.came.append(self.path)
        self.send_response(302 if self.server.to else 200)
        if self.server.to:
            self.send_header("Location", self.server.to)
        self.end_headers()
        self.wfile.write(b"x")

    do_POST = do_HEAD = do_GET

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def listener():
    server = Listener()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_there_are_sixty():
    assert len(DOCUMENTS) == 60


@pytest.mark.parametrize("whole", [SCOPE, ADDENDUM] if FULL else [ADDENDUM], ids=lambda whole: whole["kind"])
def test_a_document_reads_nothing_and_fetches_nothing(whole, listener, monkeypatch):
    """Each text stands where it would be read as code first, and one of them in every place that there is."""
    reached = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: reached.append(address))
    texts = [text.replace("{port}", str(listener.server_port)) for text in DOCUMENTS]
    everywhere_once = everywhere(json.loads(json.dumps(whole)), texts[0])
    all_of_them = {"summary": "\n\n".join(texts), "terms": "\n\n".join(texts), "not_included": texts}
    in_every_place = [everywhere(json.loads(json.dumps(whole)), text) | {"terms": text} for text in texts if FULL]

    for content in [everywhere_once | all_of_them, *in_every_place]:
        words = read(render(content, signatures=[SIGNATURE], evidence=EVIDENCE))

        assert "root:x:0" not in words
        assert "SECRET_KEY" not in words
        said = "".join(words.split())
        # Printed as it was typed, and so never read.
        assert [text for text in content["not_included"] if "".join(text.split()) not in said] == []

    assert listener.came == []
    assert reached == []


@pytest.mark.parametrize(
    "text", ['#read("/etc/passwd")', '#image("http://127.0.0.1:{port}/x.png")', '#include "x.typ"']
)
def test_the_same_text_read_as_code_would_be_refused_too(text, listener):
    """Were a text ever taken for code: there is no disk below the renderer, and no network at all."""
    source = text.replace("{port}", str(listener.server_port)).encode()

    with pytest.raises(RuntimeError):
        typst.compile({"main.typ": source}, root=ROOT / "clients" / "document", font_paths=fonts(), format="pdf")

    assert listener.came == []


def test_a_package_is_never_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    hostile = SCOPE | {"title": '#import "@preview/cetz:0.3.0": *', "terms": '#import "@preview/cetz:0.3.0": *'}
    render(hostile)

    assert list(tmp_path.rglob("*")) == []


def test_the_template_imports_nothing_and_reads_one_file():
    source = (ROOT / "clients/document/contract.typ").read_text()

    assert "@preview" not in source
    assert "#import" not in source
    assert "#include" not in source
    assert "eval(" not in source
    assert source.count("json(") == 1 + source.count("json.decode(")
    assert 'json("data.json")' in source


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/x", "//x", "", "data:,x"]
)
def test_the_time_service_is_asked_by_http_only(address):
    service = Service(address, 2)

    with pytest.raises((NoStamp, ValueError)):
        service._ask(b"question")


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_time_service_that_sends_us_on_leads_to_no_file(to):
    server = Listener(to)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        with pytest.raises(Exception, match=r"."):
            Service(f"http://127.0.0.1:{server.server_port}/", 2)._ask(b"question")
    finally:
        server.shutdown()
        server.server_close()


def test_a_time_service_that_sends_us_on_is_not_followed(listener):
    first = Listener(f"http://127.0.0.1:{listener.server_port}/inside")
    threading.Thread(target=first.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        with pytest.raises(Exception, match=r"."):
            Service(f"http://127.0.0.1:{first.server_port}/", 2)._ask(b"question")
    finally:
        first.shutdown()
        first.server_close()

    assert listener.came == []
