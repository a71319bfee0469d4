import sys
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engagement.outbox import actions, returned
from engagement.outbox.models import Message
from engagement.staff.when import speak_moment

# More is no report; a mail server would not send it.
MOST_BYTES = 20 * 1024 * 1024


class Command(BaseCommand):
    help = (
        "Read a returned mail, from files or from standard input, and mark the message that came back. "
        "Let your mail server hand over what arrives at the address of FROM_EMAIL."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="files with one mail each; none: standard input")

    def handle(self, *args: Any, files: list[Path], **options: Any) -> None:
        now = timezone.now()
        unread = [name for name, raw in self._mails(files) if not self._read(name, raw, now)]
        if unread:
            raise CommandError(f"Not a mail, so nothing was changed: {', '.join(unread)}.")

    def _mails(self, files: list[Path]) -> list[tuple[str, bytes]]:
        if not files:
            return [("standard input", sys.stdin.buffer.read(MOST_BYTES))]
        mails = []
        for path in files:
            try:
                with path.open("rb") as file:
                    mails.append((str(path), file.read(MOST_BYTES)))
            except OSError as error:
                raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        return mails

    def _read(self, name: str, raw: bytes, now: datetime) -> bool:
        """False when it is no mail at all."""
        try:
            mail = returned.read(raw)
        except returned.NotAMail:
            return False
        # Only ids that we gave are known, and nobody can guess one.
        message = Message.objects.filter(message_id__in=mail.message_ids).first()
        self.stdout.write(f"{name}: {self._what_follows(message, mail, now)}")
        return True

    def _what_follows(self, message: Message | None, mail: returned.Returned, now: datetime) -> str:
        if message is None:
            return "it names no message of ours. Nothing was changed."
        spoken = speak_moment(message.written_at, "UTC", now=now)
        about = f"the message to {message.address} of {spoken}"
        if not mail.failed:
            return f"{about} has not failed. Nothing was changed."
        if not actions.bounced(message, now, mail.why):
            return f"it was known already that {about} did not arrive, or it has not left. Nothing was changed."
        return f"{about} came back: {mail.why}."
