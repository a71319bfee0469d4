"""Lines of the log: one for each event whatever was typed, without the addresses that open something."""

import logging
import re
from typing import Any

# Pages of clients, new passwords and invitations open to whoever holds the address, so a log must not hold it.
OPENING = re.compile(r"((?:/|%2F)(?:p|s|document|password|join)(?:/|%2F))(?!new-link)[^\s\"'<>]+", re.IGNORECASE)
# Whatever a terminal or a reader of logs may take for a new line, a command or another direction of writing.
TURNING = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
FORMAT = "{asctime} {levelname} {name} {message}"


class Line(logging.Formatter):
    """A traceback follows its line, set in, so that no text in it can pass for an event of its own."""

    def __init__(self, fmt: str = FORMAT, datefmt: str | None = None, style: str = "{", **more: Any) -> None:
        super().__init__(fmt, datefmt, style, **more)  # type: ignore[arg-type]  # configuration gives plain text

    def format(self, record: logging.LogRecord) -> str:
        return OPENING.sub(r"\1…", super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        return TURNING.sub(lambda sign: ascii(sign[0])[1:-1], super().formatMessage(record))

    def formatException(self, ei: Any) -> str:
        return _set_in(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:
        return _set_in(super().formatStack(stack_info))


class Refusals(logging.Filter):
    """A page that was rightly refused is one line, not a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True


def in_lines_of_ours(logger: logging.Logger, **kwargs: Any) -> None:
    """For servers that bring handlers of their own."""
    for handler in logger.handlers:
        handler.setFormatter(Line())


def _set_in(text: str) -> str:
    return "\n".join("    " + TURNING.sub(lambda sign: ascii(sign[0])[1:-1], line) for line in text.splitlines())
