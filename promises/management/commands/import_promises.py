"""Brings promises in from a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.staff.models import Firm
from engagement.staff.when import speak_number
from promises.actions.importing import Importer, Report, in_batches
from promises.importing.rows import readings
from promises.importing.table import PROMISES, Table
from promises.management.importing import ImportCommand, left_out


class Command(ImportCommand[Report]):
    help = (
        "Brings promises in from FILE.csv or FILE.csv.gz, with the columns reference, client, what, owner, made_on, "
        "due_on, delivered_on, value, currency and told_on. What is in already stays as it is. Bad lines are named "
        "and left out; the rest goes in."
    )
    columns = PROMISES

    def report(self) -> Report:
        return Report()

    def parts(
        self, table: Table, mapping: dict[str, str], now: datetime, dry_run: bool, **options: Any
    ) -> Iterator[Report]:
        importer = Importer(None, now)
        today = now.astimezone(Firm.get().zoneinfo).date()
        batches = in_batches(readings(table, mapping, today))
        return importer.foresee(batches) if dry_run else map(importer.bring_in, batches)

    def sentences(self, report: Report, dry_run: bool) -> list[str]:
        return sentences(report, dry_run)


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
        said.append(left_out(report))
    return said
