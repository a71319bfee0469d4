from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from engagement.outbox import resuming


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
            self.stdout.write("Sending was resumed by somebody else a moment ago.")
            return
        self.stdout.write(
            f"Messages leave again. {resumed.to_decide} messages to clients wait for a person to decide,"
            f" {resumed.cancelled} were cancelled."
        )
