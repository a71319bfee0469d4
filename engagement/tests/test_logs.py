"""What the log says must open nothing."""

import io
import logging

import pytest

from clients.actions import make_link
from conftest import NOW
from engagement.logs import Line, Refusals


def written(message, *args):
    return Line("{message}", style="{").format(logging.LogRecord("x", logging.WARNING, "", 0, message, args, None))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Not Found: /p/UA5QJHK9MdXx-gECg0JEF/", "Not Found: /p/…"),
        ("Method Not Allowed (POST): /p/a/b/c/", "Method Not Allowed (POST): /p/…"),
        ('"GET http://x.example/p/UA5QJ/ HTTP/1.1" 200', '"GET http://x.example/p/… HTTP/1.1" 200'),
        ("Forbidden: /s/UA5QJHK9MdXx-gECg0JEF/check/", "Forbidden: /s/…"),
        ("Not Found: /s/UA5QJHK9MdXx-gECg0JEF/?pass=MQ:1b:Xx", "Not Found: /s/…"),
        ("Not Found: /document/UA5QJHK9MdXx/2026-014/1/?pass=MQ", "Not Found: /document/…"),
        ("Not Found: /agreements/12/document/", "Not Found: /agreements/12/document/"),
        ("Not Found: /scopes/12/", "Not Found: /scopes/12/"),
        ("Not Found: /password/MQ/c3p-abc/", "Not Found: /password/…"),
        ("Not Found: /join/MQ/c3p-abc/", "Not Found: /join/…"),
        ("Forbidden: /p/new-link/", "Forbidden: /p/new-link/"),
        ("Not Found: /promises/12/", "Not Found: /promises/12/"),
        ("Internal Server Error: /password/", "Internal Server Error: /password/"),
    ],
)
def test_addresses_that_open_something_are_cut_short(said, kept):
    assert written("%s", said) == kept


def test_a_refused_request_leaves_no_token_in_the_log(client, karoo, thandi, monkeypatch):
    token = make_link(karoo, thandi, NOW).token()
    console = next(handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, Line))
    log = io.StringIO()
    monkeypatch.setattr(console, "stream", log)

    client.post(f"/p/{token}/")

    assert "Method Not Allowed" in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.parametrize(("status", "told_in_full"), [(403, False), (404, False), (500, True)])
def test_a_refusal_is_a_line_and_a_fault_a_traceback(status, told_in_full):
    record = logging.LogRecord("django.request", logging.WARNING, "", 0, "said", None, (ValueError, ValueError(), None))
    record.status_code = status

    assert Refusals().filter(record)
    assert bool(record.exc_info) == told_in_full
