"""Lines of the log, without the addresses that open something."""

import logging
import re

# Pages of clients, new passwords and invitations open to whoever holds the address, so a log must not hold it.
OPENING = re.compile(r"(/(?:p|s|document|password|join)/)(?!new-link/)[^\s\"'<>]+")


class Line(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return OPENING.sub(r"\1…", super().format(record))


class Refusals(logging.Filter):
    """A page that was rightly refused is one line, not a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = None
        return True
