"""The line to the mail server: opened when the first message leaves, and kept for those behind it.

It knows what the server cannot tell us any more once it is gone: whether the text had left. Before the text, whatever
happens is a plain no; after it, silence is a doubt.
"""

from __future__ import annotations

import logging
import re
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import HeaderParseError
from email.header import Header
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage, get_connection
from django.core.mail.message import sanitize_address
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from engagement.outbox.failpoint import failpoint
from engagement.outbox.models import Message

logger = logging.getLogger(__name__)

A_DOT_FIRST = re.compile(rb"(?m)^\.")


class NotAccepted(Exception):
    """The server said no, or was never reached: the message has certainly not left."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.for_good = for_good


class NoLine(NotAccepted):
    """The server cannot be reached at all, or lets nobody in: that says nothing about the message."""


class NoAnswer(NoLine):
    """The server fell silent over somebody else at the same address: whoever comes behind them is not kept waiting."""


def one_line_about(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


class Line:
    def __init__(self) -> None:
        self._connection: Any = None
        # It could not be opened: whoever is in a turn tries no other message.
        self.is_dead = False
        # Where its receivers have their mail for whom the server did not answer in time.
        self._silent: set[str] = set()

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *error: object) -> None:
        self.hang_up()

    def send(self, message: Message) -> None:
        """Raises NotAccepted when it has certainly not left. Anything else that is raised leaves a doubt."""
        domain = message.address.rpartition("@")[2].lower()
        if domain in self._silent:
            text = _("The mail server did not answer for another address at %(domain)s.") % {"domain": domain}
            raise NoAnswer(text, for_good=False)
        try:
            self._send(message)
        except NoLine:
            raise
        except Exception as error:
            if _is_silence(error):
                self._silent.add(domain)
            raise

    def _send(self, message: Message) -> None:
        with self._before_the_text():
            mail = _mail(message)
            was_open = self._connection is not None
            self._open()
            failpoint("before_send")
            text = self._ask_to_take(mail, message.address, was_open) if self.is_a_wire else b""
        if self.is_a_wire:
            self._dictate(text)
        else:
            self._lay_down(mail)

    def _ask_to_take(self, mail: EmailMessage, address: str, was_open: bool) -> bytes:
        """The text as it goes over the line, once the server waits for it."""
        with _sound_headers():
            text = mail.message().as_bytes(linesep="\r\n")  # type: ignore[call-arg]  # Django's own messages take it
        try:
            self._announce(len(text))
        except NotAccepted as refusal:
            # Servers close a line after some hundred messages, or a pause: that says nothing about this one.
            if not was_open or self._connection is not None:
                raise
            logger.info("A new line to the mail server: %s", refusal)
            self._open()
            self._announce(len(text))
        self._address(address)
        return _quoted(text)

    def _lay_down(self, mail: EmailMessage) -> None:
        with _sound_headers():
            self._connection.send_messages([mail])

    @property
    def is_a_wire(self) -> bool:
        """Whether a mail server is at the other end, which takes its time and may go silent."""
        return isinstance(getattr(self._connection, "connection", None), smtplib.SMTP)

    @property
    def lays_down(self) -> bool:
        """Whether what is handed over is put somewhere here, as into a folder. Not known before the first one was."""
        return self._connection is not None and not self.is_a_wire

    def hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            _close(connection)

    def _open(self) -> None:
        if self._connection is not None:
            return
        try:
            connection = get_connection(settings.DELIVERY_BACKEND)
            connection.open()
        except ValueError as error:
            raise NotAccepted(one_line_about(error), for_good=True) from error
        except Exception as error:
            self.is_dead = True
            raise NoLine(one_line_about(error), for_good=False) from error
        self._connection = connection

    @property
    def _server(self) -> smtplib.SMTP:
        server: smtplib.SMTP = self._connection.connection
        return server

    def _announce(self, size: int) -> None:
        options = [f"size={size}"] if self._server.has_extn("size") else []
        with self._before_the_text():
            self._expect((250,), self._server.mail(_bare(settings.DEFAULT_FROM_EMAIL), options))

    def _address(self, address: str) -> None:
        with self._before_the_text():
            self._expect((250, 251), self._server.rcpt(_bare(address)))
            self._expect((354,), self._server.docmd("DATA"))

    def _dictate(self, text: bytes) -> None:
        try:
            self._server.send(text)
            code, answer = self._server.getreply()
        except Exception:
            # Also when our own time is up: an answer that comes late would be taken for that to the next message.
            self.hang_up()
            raise
        if code != 250:
            self._refused(code, answer)

    @contextmanager
    def _before_the_text(self) -> Iterator[None]:
        """Whatever happens here, also that our own time is up, the text has certainly not left."""
        try:
            yield
        except NotAccepted:
            raise
        except Exception as error:
            self.hang_up()
            raise NotAccepted(one_line_about(error), for_good=isinstance(error, ValueError)) from error

    def _expect(self, codes: tuple[int, ...], answered: tuple[int, bytes]) -> None:
        code, answer = answered
        if code not in codes:
            self._clear(code)
            raise NotAccepted(f"{code} {_said(answer)}", for_good=500 <= code < 600)

    def _refused(self, code: int, answer: bytes) -> None:
        self._clear(code)
        if not 400 <= code < 600:
            # Neither yes nor no: what became of the text is in doubt.
            raise smtplib.SMTPDataError(code, answer)
        raise NotAccepted(f"{code} {_said(answer)}", for_good=code >= 500)

    def _clear(self, code: int) -> None:
        """Ready for the next message; a server that talks of closing, or makes no sense, is left."""
        if not 400 <= code < 600 or code == 421:
            return self.hang_up()
        try:
            self._server.rset()
        except Exception:
            # What it said to the text stands.
            self.hang_up()
        return None


def _is_silence(error: BaseException | None) -> bool:
    """Whether our own patience ended it: the mail library says then that the server hung up."""
    if error is None or isinstance(error, TimeoutError):
        return error is not None
    return _is_silence(error.__context__ if isinstance(error, smtplib.SMTPServerDisconnected) else error.__cause__)


def _as_typed(subject: str) -> str:
    """What looks like an encoded word would be decoded by its reader, into lines that nobody wrote."""
    return Header(subject, "utf-8", header_name="Subject").encode(linesep="") if "=?" in subject else subject


def _mail(message: Message) -> EmailMessage:
    mail = EmailMessage(
        subject=_as_typed(message.subject),
        body=message.outgoing_body,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.address],
        reply_to=[message.reply_to] if message.reply_to else None,
        headers={"Message-ID": message.message_id, "Auto-Submitted": "auto-generated"},
    )
    try:
        # Django takes a mail to nobody for sent.
        validate_email(message.address)
    except ValidationError as error:
        text = _("%(address)s is not an e-mail address.") % {"address": message.address}
        raise NotAccepted(text, for_good=True) from error
    return mail


@contextmanager
def _sound_headers() -> Iterator[None]:
    """A header that cannot be written is found before anything leaves."""
    try:
        yield
    except (ValueError, HeaderParseError) as error:
        raise NotAccepted(one_line_about(error), for_good=True) from error


def _bare(address: str) -> str:
    return sanitize_address(address, settings.DEFAULT_CHARSET)


def _quoted(text: bytes) -> bytes:
    """As it goes over the line: a dot alone would end it."""
    quoted = A_DOT_FIRST.sub(b"..", text)
    return quoted + (b".\r\n" if quoted.endswith(b"\r\n") else b"\r\n.\r\n")


def _said(answer: bytes) -> str:
    return " ".join(answer.decode("utf-8", "replace").split())


def _close(connection: Any) -> None:
    # Whatever it heard has been answered for by now, or is in doubt; a goodbye that fails changes nothing.
    try:
        connection.close()
    except Exception:
        logger.info("The mail server hung up first, or our time was up.")
