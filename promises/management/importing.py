"""What commands that bring in a file have in common: the file opened, its columns mapped, faults named by line."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from engagement.staff.when import speak_number
from promises.importing.findings import Findings
from promises.importing.table import Columns, Table, Unreadable, must_have, read

# Beyond so many the terminal is no place to read them.
MOST_SHOWN = 50

Found = TypeVar("Found", bound=Findings)


class ImportCommand(BaseCommand, Generic[Found]):
    columns: ClassVar[Columns]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Say what would come of it; change nothing.")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="COLUMN=HEADING",
            help='What the file calls a column, for example --map owner="Done by". May be given several times.',
        )

    def handle(self, *args: Any, file: Path, dry_run: bool, map: list[str], **options: Any) -> None:
        now = timezone.now()
        try:
            table, mapping = open_table(file, map, self.columns)
        except Unreadable as error:
            raise CommandError(str(error)) from error
        for note in table.notes:
            self.stdout.write(note)
        report = self.report()
        lines = sum(1 for _line in table.lines())
        with tqdm(total=lines, unit=_("lines"), disable=None) as bar:
            for part in self.parts(table, mapping, now, dry_run, **options):
                report.add(part)
                bar.update(part.read)
        self.say(report, dry_run)

    def report(self) -> Found:
        """An empty one, to be added to."""
        raise NotImplementedError

    def parts(
        self, table: Table, mapping: dict[str, str], now: datetime, dry_run: bool, **options: Any
    ) -> Iterator[Found]:
        """Bring the lines in, batch by batch, or foresee what would come of them."""
        raise NotImplementedError

    def sentences(self, report: Found, dry_run: bool) -> list[str]:
        raise NotImplementedError

    def say(self, report: Found, dry_run: bool) -> None:
        for title, found in ((_("Left out"), report.faults), (_("Warning"), report.warnings)):
            for line, column, value, what in found[:MOST_SHOWN]:
                where = _("line %(line)s") % {"line": line} + (f", {column}" if column else "")
                self.warn(f"{title}: {where}{f' “{value}”' if value else ''}: {what}")
            if len(found) > MOST_SHOWN:
                self.warn(f"{title}: " + _("and %(more)s more.") % {"more": speak_number(len(found) - MOST_SHOWN)})
        for sentence in self.sentences(report, dry_run):
            self.stdout.write(sentence)

    def warn(self, text: str) -> None:
        # Django paints all that goes to stderr red, and none of this stops the import.
        self.stderr.write(text, style_func=str)


def open_table(file: Path, pairs: list[str], columns: Columns) -> tuple[Table, dict[str, str]]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise Unreadable(
            _("%(file)s cannot be opened: %(why)s.") % {"file": file, "why": error.strerror or error}
        ) from error
    table = read(content, file.name, columns)
    mapping = {**table.guess(), **mapped(pairs, columns)}
    must_have(table, mapping)
    return table, mapping


def mapped(pairs: list[str], columns: Columns) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        column, equals, heading = pair.partition("=")
        if not equals or column not in columns.synonyms:
            raise Unreadable(
                _('Write --map as COLUMN="Heading"; the columns are %(columns)s.')
                % {"columns": ", ".join(columns.synonyms)}
            )
        mapping[column] = heading.strip()
    return mapping


def left_out(report: Findings) -> str:
    said = ngettext(
        "%(count)s line was left out; it is named above.",
        "%(count)s lines were left out; each is named above.",
        report.kept_out,
    )
    return said % {"count": speak_number(report.kept_out)}
