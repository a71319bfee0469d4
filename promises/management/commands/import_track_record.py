"""Brings finished jobs in from a CSV file, so that forecasts have a record to stand on."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.staff.models import Firm
from engagement.staff.when import speak_number
from promises.actions.past_jobs import BATCH, JobImporter, JobReport
from promises.importing.jobs import JOBS, Reader, job_readings
from promises.importing.table import Table
from promises.management.importing import ImportCommand, left_out

DECIMALS = {"point": ".", "comma": ","}
MOST_NAMED = 20


class Command(ImportCommand[JobReport]):
    help = (
        "Brings finished jobs in from FILE.csv or FILE.csv.gz, with the columns owner, kind, estimate, actual_hours, "
        "made, started and finished. What is in already is not taken twice. Bad lines are named and left out; the rest "
        "goes in."
    )
    columns = JOBS

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        order = parser.add_mutually_exclusive_group()
        order.add_argument(
            "--day-first",
            action="store_true",
            default=None,
            help="03/04/2026 is 3 April. Not said: such days are asked about.",
        )
        order.add_argument("--month-first", action="store_false", dest="day_first", help="03/04/2026 is March 4.")
        parser.add_argument("--decimals", choices=DECIMALS, help="What parts the decimals in 1.200 or 1,200.")

    def report(self) -> JobReport:
        return JobReport()

    def parts(
        self, table: Table, mapping: dict[str, str], now: datetime, dry_run: bool, **options: Any
    ) -> Iterator[JobReport]:
        zone = Firm.get().zoneinfo
        reader = Reader(
            now.astimezone(zone).date(), zone, options["day_first"], DECIMALS.get(options["decimals"] or "", "")
        )
        importer = JobImporter()
        rest = job_readings(table, mapping, reader)
        while batch := list(islice(rest, BATCH)):
            yield importer.foresee(batch) if dry_run else importer.bring_in(batch)

    def sentences(self, report: JobReport, dry_run: bool) -> list[str]:
        would = _("Would bring in") if dry_run else _("Brought in")
        jobs = ngettext("%(would)s %(made)s of %(read)s job.", "%(would)s %(made)s of %(read)s jobs.", report.read)
        said = [jobs % {"would": would, "made": speak_number(report.made), "read": speak_number(report.read)}]
        if report.same:
            here = ngettext("%(same)s is here already.", "%(same)s are here already.", report.same)
            said.append(here % {"same": speak_number(report.same)})
        if report.claimed:
            now_theirs = ngettext(
                "%(count)s was here without its owner, who is here by now: it counts for them.",
                "%(count)s were here without their owners, who are here by now: they count for them.",
                report.claimed,
            )
            said.append(now_theirs % {"count": speak_number(report.claimed)})
        if report.strangers:
            said.append(_strangers(report))
        if report.read and not report.made and not report.claimed and not dry_run:
            said.append(_("Nothing was changed."))
        if report.kept_out:
            said.append(left_out(report))
        return said


def _strangers(report: JobReport) -> str:
    """Who has no account here, with the most jobs first."""
    names = [name for name, _jobs in report.strangers.most_common(MOST_NAMED)]
    words = {"count": speak_number(len(report.strangers)), "names": ", ".join(names)}
    if len(report.strangers) > MOST_NAMED:
        return (
            _("%(count)s owners are not here, among them %(names)s. Their jobs count for the firm as a whole.") % words
        )
    said = ngettext(
        "%(names)s is not here. These jobs count for the firm as a whole.",
        "%(count)s owners are not here: %(names)s. Their jobs count for the firm as a whole.",
        len(report.strangers),
    )
    return said % words
