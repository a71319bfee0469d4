from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import ngettext

from engagement.outbox import resuming
from engagement.outbox.views.sending import said
from engagement.staff.when import speak_number


class Command(BaseCommand):
    help = (
        "Lets messages leave again after a restore. Messages to clients that were due meanwhile are kept for a person"
        " to decide, reminders to people here leave if they are still true."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--cancel-clients", action="store_true", help="Cancel the messages to clients instead.")
        parser.add_argument(
            "--cancel-staff", action="store_true", help="Cancel reminders that were due before sending was held."
        )
        parser.add_argument(
            "--anyway", action="store_true", help="Although what was due meanwhile is not all worked out yet."
        )

    def handle(self, *args: Any, cancel_clients: bool, cancel_staff: bool, anyway: bool, **options: Any) -> None:
        hold, now = resuming.present(), timezone.now()
        if hold is None:
            self.stdout.write("Nothing is held: messages leave as they fall due.")
            return
        if wait := resuming.why_not_yet(hold, now, although_undone=anyway):
            raise CommandError(wait)
        resumed = resuming.resume(hold, now, by=None, cancel_staff=cancel_staff, cancel_clients=cancel_clients)
        if resumed is None:
            self.stdout.write(said(None))
            return
        self.stdout.write(f"{said(resumed)} {cancelled(resumed.cancelled)}".strip())


def cancelled(number: int) -> str:
    if not number:
        return ""
    words = ngettext("%(n)s message was cancelled.", "%(n)s messages were cancelled.", number)
    return words % {"n": speak_number(number)}
