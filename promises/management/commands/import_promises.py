"""Brings promises in from a CSV file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from engagement.staff.models import Firm
from engagement.staff.when import speak_number
from promises.actions.importing import Importer, Report, in_batches
from promises.importing.rows import readings
from promises.importing.table import COLUMNS, Table, Unreadable, must_have, read

# Beyond so many the terminal is no place to read them.
MOST_SHOWN = 50


class Command(BaseCommand):
    help = (
        "Brings promises in from FILE.csv or FILE.csv.gz, with the columns reference, client, what, owner, made_on, "
        "due_on, delivered_on, value, currency and told_on. What is in already stays as it is. Bad lines are named "
        "and left out; the rest goes in."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Say what would come of it; change nothing.")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=HEADING",
            help='What the file calls a column, for example --map what="Title". May be given several times.',
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, map: list[str], **options: Any) -> None:
        now = timezone.now()
        try:
            table, mapping = open_table(file, map)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        for note in table.notes:
            self.stdout.write(note)
        importer = Importer(None, now)
        today = now.astimezone(Firm.get().zoneinfo).date()
        batches = in_batches(readings(table, mapping, today))
        report = Report()
        lines = sum(1 for _line in table.lines())
        with tqdm(total=lines, unit=_("lines"), disable=None) as bar:
            for part in importer.foresee(batches) if dry_run else map_in(importer, batches):
                report.add(part)
                bar.update(part.read)
        self.say(report, dry_run)

    def say(self, report: Report, dry_run: bool) -> None:
        for title, found in ((_("Left out"), report.faults), (_("Warning"), report.warnings)):
            for line, column, value, what in found[:MOST_SHOWN]:
                where = _("line %(line)s") % {"line": line} + (f", {column}" if column else "")
                self.warn(f"{title}: {where}{f' “{value}”' if value else ''}: {what}")
            if len(found) > MOST_SHOWN:
                self.warn(f"{title}: " + _("and %(more)s more.") % {"more": speak_number(len(found) - MOST_SHOWN)})
        for sentence in sentences(report, dry_run):
            self.stdout.write(sentence)

    def warn(self, text: str) -> None:
        # Django paints all that goes to stderr red, and none of this stops the import.
        self.stderr.write(text, style_func=str)


def open_table(file: Path, pairs: list[str]) -> tuple[Table, dict[str, str]]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unreadable(
            _("%(file)s cannot be opened: %(why)s.") % {"file": file, "why": error.strerror or error}
        ) from error
    table = read(content, file.name)
    mapping = {**table.guess(), **mapped(pairs)}
    must_have(table, mapping)
    return table, mapping


def mapped(pairs: list[str]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, heading = pair.partition("=")
        if not equals or column not in COLUMNS:
            raise Unreadable(
                _('Write --map as COLUMN="Heading"; the columns are %(columns)s.') % {"columns": ", ".join(COLUMNS)}
            )
        mapping[column] = heading.strip()
    return mapping


def map_in(importer: Importer, batches: Any) -> Any:
    return (importer.bring_in(batch) for batch in batches)


def sentences(report: Report, dry_run: bool) -> list[str]:
    would = _("Would bring in") if dry_run else _("Brought in")
    clients = ngettext("%(count)s new client", "%(count)s new clients", report.clients)
    people = ngettext("%(count)s new person", "%(count)s new people", report.owners)
    promises = ngettext(
        "%(would)s %(made)s of %(read)s promise, with %(clients)s and %(people)s.",
        "%(would)s %(made)s of %(read)s promises, with %(clients)s and %(people)s.",
        report.read,
    )
    said = [
        promises
        % {
            "would": would,
            "made": speak_number(report.made),
            "read": speak_number(report.read),
            "clients": clients % {"count": speak_number(report.clients)},
            "people": people % {"count": speak_number(report.owners)},
        }
    ]
    if report.same or report.differing:
        here = ngettext(
            "%(same)s was here already; %(differing)s more here and different: left as it is.",
            "%(same)s were here already; %(differing)s more here and different: left as they are.",
            report.same,
        )
        said.append(here % {"same": speak_number(report.same), "differing": speak_number(report.differing)})
    if report.read and report.made == 0 and not dry_run:
        said.append(_("Nothing was changed."))
    if report.kept_out:
        left_out = ngettext(
            "%(count)s line was left out; it is named above.",
            "%(count)s lines were left out; each is named above.",
            report.kept_out,
        )
        said.append(left_out % {"count": speak_number(report.kept_out)})
    return said
