from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from clients import evidence
from clients.models import Client
from clients.sealing.errors import CannotSeal
from clients.sealing.key import open_key
from engagement.backup.errors import NotDone
from engagement.backup.installation import this_one
from engagement.backup.restoring import Restored, restore, words_of_aside
from engagement.backup.stopping import stopped_gently
from engagement.management.commands.backup import said
from engagement.staff.when import speak_moment


class Command(BaseCommand):
    help = (
        "Puts a back-up in place: proves its checksums, restores database and keys, then proves the evidence."
        " Nothing is sent from the restored copy until an administrator resumes it. Stop web, worker and beat before."
    )
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="A file that `manage.py backup` wrote.")
        parser.add_argument("--replace", action="store_true", help="Although there is data, which is lost then.")
        parser.add_argument("--unproven", action="store_true", help="Although nothing proves who made the file.")
        parser.add_argument("--quiet", action="store_true", help="No progress bar.")

    def handle(self, *args: Any, file: Path, replace: bool, unproven: bool, quiet: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            with stopped_gently():
                connections.close_all()
                restored = restore(file, this_one(), now, replace=replace, unproven=unproven, quiet=quiet or None)
        except NotDone as reason:
            raise CommandError(str(reason)) from reason
        when = {"when": speak_moment(restored.manifest.moment, "UTC", now=None)}
        self.stdout.write(self.style.SUCCESS(_("Restored: the copy of %(when)s.") % when))
        self.stdout.write(said(restored.manifest))
        self.bring_up_to_date()
        faults = self.prove(quiet)
        for line in closing_words(restored):
            self.stdout.write(line)
        if faults:
            raise CommandError(
                _("%(n)s faults were found in the evidence, as named above: the back-up was taken of it as it was.")
                % {"n": faults}
            )

    def bring_up_to_date(self) -> None:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            call_command("migrate", verbosity=0, interactive=False)
            self.stdout.write(_("It was made by an earlier release: %(n)s migrations were run.") % {"n": len(plan)})

    def prove(self, quiet: bool) -> int:
        clients = Client.objects.order_by("pk")
        number, faults = clients.count(), 0
        for client in tqdm(clients.iterator(), total=number, unit="client", disable=quiet or None, leave=False):
            for fault in evidence.verify(client):
                faults += 1
                self.stderr.write(fault)
        if not faults:
            self.stdout.write(_("The evidence of %(n)s clients holds.") % {"n": number})
        return faults


def closing_words(restored: Restored) -> list[str]:
    words = [
        _("Nothing is sent until an administrator presses “Resume sending”, or you run `manage.py resume_sending`."),
        _("Everybody signs in again: no sign-in of the copy opens anything."),
        _(
            "What was changed since the copy was made is as it was then: passwords, second steps, people who left or"
            " got another role, and private links that were ended. Change those again before anybody else signs in."
        ),
    ]
    if restored.keys:
        words.append(_("Put in place: %(names)s.") % {"names": ", ".join(path.name for path in restored.keys)})
    if restored.aside:
        words.append(f"{words_of_aside(restored)} {_('Destroy it when nothing needs it any more.')}")
    if not restored.same_secret_key:
        words.append(
            _(
                "SECRET_KEY is another one than when the back-up was made: links that were made then still open, but"
                " cannot be shown or mailed again. Set the earlier key, or add it to"
                " SECRET_KEY_FALLBACKS."
            )
        )
    if trouble := trouble_with_the_seal(restored):
        words.append(trouble)
    return words


def trouble_with_the_seal(restored: Restored) -> str:
    if not restored.manifest.counts.get("clients_sealcertificate"):
        return ""
    passphrase = Path(settings.VAR_DIR) / "seal_passphrase"
    given = settings.SEAL_PASSPHRASE
    if any(path == passphrase for path in restored.keys):
        given = passphrase.read_text()
    try:
        open_key(settings.SEAL_FILE, given)
    except CannotSeal as error:
        return _("What was sealed stays provable, but nothing new is sealed yet: %(why)s") % {"why": error}
    return ""
