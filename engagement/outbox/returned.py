"""Reads a returned mail: which of our messages came back, to whom, and why. Knows no database.

A report as standards want it (RFC 3464) says so itself. Without one, only what mail servers write about themselves
counts: an answer from a person on holiday names our message too, and must not be taken for a bounce.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from django.utils.translation import gettext as _

MESSAGE_ID = re.compile(r"<[^<>\s]{3,190}>")
FROM_A_SERVER = re.compile(r"mailer-daemon|postmaster|mail delivery (?:sub)?system", re.IGNORECASE)
GAVE_UP = re.compile(r"\b5\.\d{1,3}\.\d{1,3}\b|\b55\d\b|given up|permanent|could not be delivered", re.IGNORECASE)
STILL_TRYING = re.compile(r"warning: message|delay|will (?:be )?(?:retr|keep trying|continue)|deferred", re.IGNORECASE)
STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
# What a server writes before the copy of what came back.
COPY_BEGINS = re.compile(r"^-{3,}.*(?:copy of|original message|undelivered message)", re.IGNORECASE | re.MULTILINE)
COPIED_ID = re.compile(r"^message-id:\s*(<[^<>\s]{3,190}>)", re.IGNORECASE | re.MULTILINE)


class NotAMail(ValueError):
    """There is nothing in it that a mail server could have sent."""


@dataclass(frozen=True)
class Returned:
    failed: bool
    message_ids: tuple[str, ...]
    why: str


def read(raw: bytes) -> Returned:
    mail = message_from_bytes(raw, policy=policy.default)
    if not mail.get("From") and not mail.get("Return-Path") and not mail.get("Received"):
        raise NotAMail
    text = _text(mail)
    reports = list(_reports(mail))
    if reports:
        failed = [report for report in reports if report["action"] == "failed"]
        why = _words(failed[0]["status"], failed[0]["said"]) if failed else ""
        return Returned(bool(failed), _ids(mail, text), why)
    says = COPY_BEGINS.split(text)[0]
    return Returned(_is_a_plain_bounce(mail, says), _ids(mail, text), _words(_status(says), _reason(says)))


def _reports(mail: Message) -> Iterator[dict[str, str]]:
    """One for each address that a delivery report speaks of."""
    for part in mail.walk():
        if part.get_content_type() != "message/delivery-status" or not part.is_multipart():
            continue
        for about in part.get_payload():
            if isinstance(about, Message) and about.get("Action"):
                yield {
                    "action": str(about["Action"]).split(";")[0].strip().lower(),
                    "status": str(about.get("Status", "")).strip(),
                    "said": str(about.get("Diagnostic-Code", "")).partition(";")[2].strip(),
                }


def _is_a_plain_bounce(mail: Message, says: str) -> bool:
    if str(mail.get("Auto-Submitted", "")).lower().startswith("auto-replied") and not mail.get("X-Failed-Recipients"):
        return False
    if not FROM_A_SERVER.search(str(mail.get("From", ""))):
        return False
    if mail.get("X-Failed-Recipients"):
        return True
    if STILL_TRYING.search(str(mail.get("Subject", ""))):
        return False
    return bool(GAVE_UP.search(says))


def _ids(mail: Message, text: str) -> tuple[str, ...]:
    """What the returned copy calls itself first; then what the report answers to."""
    found: list[str] = []
    for part in mail.walk():
        if part.get_content_type() == "message/rfc822" and part.is_multipart():
            found += MESSAGE_ID.findall(str(part.get_payload(0).get("Message-ID", "")))  # type: ignore[union-attr]
        elif part.get_content_type() in ("text/rfc822-headers", "message/rfc822-headers"):
            found += COPIED_ID.findall(_content(part))
    found += COPIED_ID.findall(text)
    for header in ("In-Reply-To", "References"):
        found += MESSAGE_ID.findall(str(mail.get(header, "")))
    return tuple(dict.fromkeys(found))


def _text(mail: Message) -> str:
    return "\n".join(_content(part) for part in mail.walk() if part.get_content_type() == "text/plain")


def _content(part: Message) -> str:
    if isinstance(part, EmailMessage) and part.get_content_maintype() == "text":
        try:
            return str(part.get_content())
        except (LookupError, UnicodeError):
            pass
    raw = part.get_payload(decode=True)
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _status(says: str) -> str:
    found = STATUS.search(says)
    return found[0] if found else ""


def _reason(says: str) -> str:
    """The line in which the server that refused is quoted."""
    lines = [" ".join(line.split()) for line in says.splitlines()]
    return next((line for line in lines if re.search(r"\b[45]\d\d\b", line)), "")


def _words(status: str, said: str) -> str:
    """Why, as a person says it, and what the server said behind it."""
    codes = [code for code in STATUS.findall(f"{said} {status}") if not code.endswith(".0.0")]
    code = codes[0] if codes else ""
    words = {
        "1.1": _("no such address"),
        "1.2": _("no such domain"),
        "1.10": _("this address takes no mail"),
        "2.1": _("the mailbox is closed"),
        "2.2": _("the mailbox is full"),
        "3.4": _("the message was too large"),
        "4.4": _("their mail server cannot be found"),
        "4.7": _("their mail server did not answer in time"),
    }.get(code.partition(".")[2])
    if words is None and code.partition(".")[2].startswith("7."):
        words = _("their mail server refused it")
    words = words or _("it could not be delivered")
    said = " ".join(said.split())[:200]
    return f"{words} ({said})" if said else words
