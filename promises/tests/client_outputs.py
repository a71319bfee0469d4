"""What every door towards clients is called, and what lies behind: for tests that collect all that leaves by them.

Both lists are compared with the code: a page that anybody can open, or a place that writes to a client, which is not
named here breaks the build until somebody collects what it says.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

from django.urls import URLResolver, get_resolver
from pypdf import PdfReader

ROOT = Path(__file__).resolve().parents[2]

# Opened without signing in, by a client.
FOR_CLIENTS = {
    "document/<path:rest>/",
    "document/<str:token>/<path:number>/",
    "p/<path:token>/",
    "p/new-link/",
    "s/<path:rest>/",
    "s/<str:token>/",
    "s/<str:token>/accept/",
    "s/<str:token>/ask/",
    "s/<str:token>/check/",
    "s/<str:token>/code/",
    "s/<str:token>/decline/",
    "s/<str:token>/document/",
    "s/<str:token>/pdf/",
    "verify/",
}
# The file and the function that write to a client, and how the subject begins.
WRITES_TO_CLIENTS = {
    ("clients/actions/closing.py", "_say_withdrawn"): "Withdrawn:",
    ("clients/actions/closing.py", "_write_nudge"): "Waiting for you:",
    ("clients/actions/codes.py", "send_code"): "Your code for",
    ("clients/actions/documents.py", "_write_copy"): "Your signed copy:",
    ("clients/actions/links.py", "_write_new_link"): "Your progress page at",
    ("clients/actions/links.py", "_write_signing_link"): "Your link to sign:",
    ("clients/actions/sending.py", "_write_mail"): "To read and sign:",
    ("clients/actions/welcome.py", "welcome"): "signed: what happens next",
    ("promises/actions/renewing.py", "_say"): "We go on",
    ("promises/actions/telling.py", "write_to_client"): "Shop fittings drawings",
    # In the words of the real one, to addresses that nobody has.
    ("promises/demo/papers.py", "_send_copy"): "Your signed copy:",
}


def open_routes() -> set[str]:
    """Whatever answers without signing in."""
    return set(_open(get_resolver().url_patterns))


def _open(patterns: Any, before: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from _open(pattern.url_patterns, before + str(pattern.pattern))
        elif not getattr(pattern.callback, "login_required", True):
            yield before + str(pattern.pattern)


def places_that_write() -> set[tuple[str, str]]:
    found = set()
    for top in ("engagement", "clients", "promises"):
        for path in (ROOT / top).rglob("*.py"):
            if "tests" not in path.parts and "udience" in (source := path.read_text()):
                here = str(path.relative_to(ROOT))
                found |= {(here, name) for name in writers(source)}
    return found


def writers(source: str) -> set[str]:
    """Functions that make a message for a client, whichever way they say so."""
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    return {
        function.name
        for function in functions
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and any(_is_to_a_client(word) for word in node.keywords)
        if getattr(node.func, "attr", getattr(node.func, "id", "")) not in ("Q", "exclude", "filter", "get")
    }


def _is_to_a_client(word: ast.keyword) -> bool:
    if word.arg != "audience":
        return False
    said = word.value
    is_ours = isinstance(said, ast.Attribute) and said.attr == "STAFF"
    return not is_ours and not (isinstance(said, ast.Constant) and said.value == "staff")


def mail_of(mail: Any) -> str:
    """Headers and text as they are read, whatever they were wrapped in, beside what goes over the wire."""
    wire = mail.message().as_bytes()
    read = message_from_bytes(wire, policy=policy.default)
    headers = "\n".join(f"{name}: {value}" for name, value in read.items())
    parts = [part.get_content() for part in read.walk() if not part.is_multipart()]
    return "\n".join([headers, *map(str, parts), wire.decode("utf-8", "replace")])


def document_of(pdf: bytes) -> str:
    """All that a reader of the file can find: words, what it says of itself, its marks, notes and attachments."""
    reader = PdfReader(io.BytesIO(pdf))
    xmp = reader.xmp_metadata
    about = [str(reader.metadata), str(xmp.stream.get_data()) if xmp else "", str(reader.outline)]
    inside = [str(reader.trailer["/Root"]), str(reader.attachments), str(reader.get_fields())]
    links = [str(page.get("/Annots", "")) for page in reader.pages]
    return "\n".join([*(page.extract_text() for page in reader.pages), *about, *inside, *links]).replace("\u200b", "")
