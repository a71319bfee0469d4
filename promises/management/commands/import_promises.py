"""Brings promises in from a CSV file."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from tqdm import tqdm

from engagement.staff.models import Firm
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
                self.stderr.write(f"{title}: {where}{f' “{value}”' if value else ''}: {what}")
            if len(found) > MOST_SHOWN:
                self.stderr.write(f"{title}: " + _("and %(more)s more.") % {"more": len(found) - MOST_SHOWN})
        for sentence in sentences(report, dry_run):
            self.stdout.write(sentence)


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
    said = [
        _("%(would)s %(made)s of %(read)s promises, with %(clients)s new clients and %(owners)s new people.")
        % {
            "would": would,
            "made": report.made,
            "read": report.read,
            "clients": report.clients,
            "owners": report.owners,
        }
    ]
    if report.same or report.differing:
        said.append(
            _("%(same)s were here already; %(differing)s more are here and differ: left as they are.")
            % {"same": report.same, "differing": report.differing}
        )
    if report.read and report.made == 0 and not dry_run:
        said.append(_("Nothing was changed."))
    if report.kept_out:
        said.append(_("%(count)s lines were left out; each is named above.") % {"count": report.kept_out})
    return said
