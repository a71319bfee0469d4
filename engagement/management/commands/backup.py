from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _

from engagement.backup import taking
from engagement.backup.errors import NotDone
from engagement.backup.installation import KEYS, Installation, this_one
from engagement.backup.manifest import Manifest
from engagement.backup.stopping import stopped_gently


class Command(BaseCommand):
    help = "Writes one file that holds the database as it is now, the keys that lie in files, and checksums of it all."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("place", type=Path, help="The file to write, or the folder to write it into.")
        parser.add_argument("--quiet", action="store_true", help="No progress bar.")

    def handle(self, *args: Any, place: Path, quiet: bool, **options: Any) -> None:
        now = timezone.now()
        path = taking.file_for(place, now)
        try:
            with stopped_gently():
                installation = this_one()
                manifest = taking.take(installation, path, now, quiet=quiet or None)
        except NotDone as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(self.style.SUCCESS(_("Backed up to %(path)s, and read back.") % {"path": path}))
        self.stdout.write(said(manifest))
        for line in closing_words(installation, manifest):
            self.stdout.write(line)


def said(manifest: Manifest) -> str:
    return _(
        "%(rows)s rows in %(tables)s tables, the record of %(clients)s clients, %(documents)s sealed documents."
    ) % {
        "rows": sum(manifest.counts.values()),
        "tables": len(manifest.counts),
        "clients": len(manifest.heads),
        "documents": manifest.counts.get("clients_sealeddocument", 0),
    }


def closing_words(installation: Installation, manifest: Manifest) -> list[str]:
    inside = [name for name in ("secret_key", "seal.p12", "seal_passphrase") if f"{KEYS}/{name}" in manifest.members]
    words = []
    if inside:
        words.append(
            _("It holds these keys: %(names)s. Keep it where nobody else can read it.") % {"names": ", ".join(inside)}
        )
    missing = {
        "secret_key": _("SECRET_KEY, without which no link can be shown or mailed again"),
        "seal_passphrase": _("SEAL_PASSPHRASE, without which no new document is sealed"),
    }
    if outside := [text for name, text in missing.items() if name not in inside]:
        words.append(_("It does not hold: %(what)s. Keep that apart.") % {"what": "; ".join(outside)})
    if "seal.p12" not in inside and manifest.counts.get("clients_sealcertificate"):
        words.append(_("The key of the seal was not found where SEAL_FILE says: back it up where it lies."))
    words.append(_("Nor does it hold the settings (.env or the environment)."))
    return words
