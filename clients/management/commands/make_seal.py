"""Makes the key that signed documents are sealed with."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from clients import sealing
from engagement.staff.models import Firm
from engagement.staff.when import speak_date


class Command(BaseCommand):
    help = (
        "Makes the key of the firm's seal in SEAL_FILE, locked with SEAL_PASSPHRASE. With a key there already, it "
        "says which one it is and changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--rotate",
            action="store_true",
            help="Make a new key in place of the one in use, whose file is kept aside. Old documents stay verifiable.",
        )
        parser.add_argument("--firm", default="", help="The name on the seal. Default: the firm's name as set up.")

    def handle(self, *args: Any, rotate: bool, firm: str, **options: Any) -> None:
        now = timezone.now()
        name = firm or Firm.get().name
        aside = None
        try:
            if rotate:
                key, aside = sealing.change_key(name, now)
            else:
                key = sealing.ensure_key(name, now)
        except sealing.CannotSeal as error:
            raise CommandError(str(error)) from error
        until = speak_date(key.certificate.not_valid_after_utc.date(), today=now.date())
        told = {"file": settings.SEAL_FILE, "fingerprint": key.fingerprint, "until": until, "aside": aside}
        self.stdout.write(_("The key of the seal lies in %(file)s and is good until %(until)s.") % told)
        self.stdout.write(_("SHA-256 of its certificate: %(fingerprint)s") % told)
        if aside:
            self.stdout.write(_("The old key lies in %(aside)s. What it sealed stays verifiable without it.") % told)
        self.stdout.write(_("Back up the file and the passphrase, apart from each other and from the database."))
