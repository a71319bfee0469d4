"""One event is one line, whatever somebody typed, and whichever process writes it."""

from __future__ import annotations

import io
import logging

import django
import pytest
from celery import signals
from celery.app.log import TaskFormatter
from django.core.exceptions import SuspiciousOperation
from gunicorn.config import Config

from engagement.celery import app
from engagement.logs import Line
from engagement.server_log import Logger as WebLog

ROOMS = ("engagement", "clients", "promises")
FORGED = "2026-11-18 09:00:00,000 INFO django.request Signed in: ada@word.example"
NEW_LINES = ["\n", "\r", "\r\n", "\n\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
OTHERS = ["\x1b[2K\x1b[1G", "\x08" * 20, "\0", "\u202e", "\u2066", "\x9b1A", "%0a", "\\n", "\t"]
# Where what a stranger or a colleague sent comes to stand in a line of the log.
SAYINGS = ["Not Found: %s", "%s", "Message 7: no answer to the text. %s"]


@pytest.fixture
def log():
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Line())
    logger = logging.getLogger("outputs.under.test")
    logger.addHandler(handler)
    logger.propagate, logger.level = False, logging.DEBUG
    logger.stream = stream
    yield logger
    logger.removeHandler(handler)


def lines(log):
    return log.stream.getvalue().splitlines()


@pytest.mark.parametrize("saying", SAYINGS)
def test_fifty_texts_with_new_lines_are_fifty_lines(log, saying):
    typed = [f"{place}{sign}{FORGED}" for sign in NEW_LINES + OTHERS for place in ("", "a", "a" * 300)][:50]
    assert len(typed) == 50

    for text in typed:
        log.warning(saying, text)

    assert len(lines(log)) == 50
    assert [line for line in lines(log) if not line.endswith(FORGED)] == []
    assert [line for line in lines(log) if line.startswith(FORGED)] == []
    assert all(line.isprintable() for line in lines(log))


@pytest.mark.parametrize("sign", NEW_LINES)
def test_a_traceback_is_set_in_so_that_nothing_in_it_passes_for_an_event(log, sign):
    try:
        raise ValueError(f"odd{sign}{FORGED}")
    except ValueError:
        log.exception("It broke.", stack_info=True)

    first, *rest = lines(log)
    assert first.endswith("It broke.")
    assert rest
    assert [line for line in rest if not line.startswith("    ")] == []


@pytest.mark.parametrize("sign", ["%0a", "%0d%0a", "%e2%80%a8", "%c2%85", "%1b%5b2K"])
def test_an_address_with_a_new_line_is_one_line(client, db, monkeypatch, sign):
    console = next(handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, Line))
    stream = io.StringIO()
    monkeypatch.setattr(console, "stream", stream)

    client.get(f"/nothing{sign}{FORGED}/")

    assert len(stream.getvalue().splitlines()) == 1


def test_a_stranger_who_names_another_host_is_one_line(client, db, monkeypatch):
    console = next(handler for handler in logging.getLogger().handlers if isinstance(handler.formatter, Line))
    stream = io.StringIO()
    monkeypatch.setattr(console, "stream", stream)

    logging.getLogger("django.security").error("%s", SuspiciousOperation(f"Invalid host\n{FORGED}"))

    assert len(stream.getvalue().splitlines()) == 1


def test_every_logger_of_the_product_writes_such_lines():
    django.setup()
    loggers = [logging.getLogger(), *map(logging.getLogger, logging.Logger.manager.loggerDict)]
    ours = [logger for logger in loggers if logger.name.split(".")[0] in ("root", "django", *ROOMS)]
    handlers = {
        handler for logger in ours for handler in logger.handlers if not type(handler).__module__.startswith("_pytest")
    }

    assert {logger.name for logger in ours} >= {"root", "django", "django.request", "django.server"}
    assert handlers
    assert [handler for handler in handlers if not isinstance(handler.formatter, Line)] == []


def test_the_worker_writes_such_lines():
    logger = logging.getLogger("outputs.worker")
    logger.addHandler(logging.StreamHandler(io.StringIO()))
    logger.handlers[0].setFormatter(TaskFormatter("%(message)s"))

    signals.after_setup_logger.send(sender=None, logger=logger)
    signals.after_setup_task_logger.send(sender=None, logger=logger)

    assert app.main == "engagement"
    assert isinstance(logger.handlers[0].formatter, Line)


def test_the_web_server_writes_such_lines(tmp_path):
    config = Config()
    config.set("accesslog", str(tmp_path / "access"))
    config.set("errorlog", str(tmp_path / "error"))

    log = WebLog(config)
    try:
        log.exception("Error handling request %s", "/s/UA5QJHK9MdXx-gECg0JEF/check/")
        log.access_log.info('"GET /p/UA5QJHK9MdXx-gECg0JEF/ HTTP/1.1" 200 "/sign-in/?next=%2Fjoin%2FMQ%2Fc3p-abc"')
    finally:
        for handler in [*log.error_log.handlers, *log.access_log.handlers]:
            handler.close()
        log.error_log.handlers.clear()
        log.access_log.handlers.clear()

    said = (tmp_path / "access").read_text() + (tmp_path / "error").read_text()
    assert "UA5QJ" not in said
    assert "c3p" not in said
    assert said.count("…") == 3
