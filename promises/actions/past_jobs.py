"""The track record: what finished jobs took. Promises add themselves when they end; earlier jobs come from a file."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from clients.holding import holding
from engagement.staff.calendars import Calendar, free_hours_a_day
from engagement.staff.copy_in import copy_in
from engagement.staff.diary import Diaries, firm_calendar
from engagement.staff.models import Firm, User
from engagement.staff.worktime import working_days_between
from promises.importing.findings import Findings
from promises.importing.jobs import JobReading, JobRow
from promises.importing.rows import Fault
from promises.kept_record import record_changed
from promises.models import PastJob, Promise

logger = logging.getLogger(__name__)

BATCH = 500
# What may differ when a promise ends once more.
OF_AN_END = [
    "owner",
    "owner_name",
    "kind",
    "estimate_hours",
    "actual_hours",
    "made_on",
    "finished_on",
    "working_days",
    "days_given",
    "hours_a_day",
]


def put_on_record(promises: Iterable[Promise], diaries: Diaries) -> int:
    """What delivered promises took, in the transaction of their end. Each stands there once.

    Nothing is guessed: without a day of making there is no length, and hours that nobody said stay unknown.
    """
    jobs = [_job_of(promise, diaries.of(promise.owner)) for promise in promises if _has_length(promise)]
    PastJob.objects.bulk_create(
        jobs, batch_size=BATCH, update_conflicts=True, unique_fields=["promise"], update_fields=OF_AN_END
    )
    record_changed()
    return len(jobs)


class Delivered(NamedTuple):
    """Of a promise that came in with a file, what the record needs to know."""

    promise_id: int
    owner: User
    made_at: datetime
    delivered_at: datetime
    due_at: datetime


def put_brought_in_on_record(promises: Iterable[Delivered], diaries: Diaries) -> None:
    """As `put_on_record`, thousands at once, none of which can stand there yet. A file names no kind and no hours."""
    names = ("promise_id", "owner_id", "owner_name", *LENGTHS)
    rows = [
        (one.promise_id, one.owner.pk, one.owner.name, *_lengths(diaries.of(one.owner), *one[2:]))
        for one in promises
        if one.made_at <= one.delivered_at
    ]
    copy_in(PastJob, names, rows, kind="", fingerprint="")
    record_changed()


def take_off_record(promise: Promise) -> None:
    """It was not finished after all."""
    PastJob.objects.filter(promise=promise).delete()
    record_changed()


def _has_length(promise: Promise) -> bool:
    # A file may say that something was delivered before it was made.
    return bool(promise.made_at and promise.delivered_at and promise.made_at <= promise.delivered_at)


def _job_of(promise: Promise, calendar: Calendar) -> PastJob:
    assert promise.made_at
    assert promise.delivered_at
    lengths = _lengths(calendar, promise.made_at, promise.delivered_at, promise.first_due_at)
    return PastJob(
        promise=promise,
        owner=promise.owner,
        owner_name=promise.owner.name,
        kind=_kind(promise),
        estimate_hours=promise.estimate_hours or None,
        actual_hours=promise.hours_taken or None,
        **dict(zip(LENGTHS, lengths, strict=True)),
    )


LENGTHS = ("made_on", "finished_on", "days_given", "working_days", "hours_a_day")


def _lengths(
    calendar: Calendar, made_at: datetime, delivered_at: datetime, due_at: datetime
) -> tuple[date, date, float, float, float]:
    made_on, finished_on, due_on = (
        moment.astimezone(calendar.zone).date() for moment in (made_at, delivered_at, due_at)
    )
    days_given = float(working_days_between(calendar, made_on, due_on))
    measured = _measured(calendar, made_on, finished_on)
    return made_on, finished_on, days_given, measured["working_days"], measured["hours_a_day"]


def _kind(promise: Promise) -> str:
    """The service of the scope's line that it delivered, as it holds now."""
    if promise.scope is None or promise.scope_line is None:
        return ""
    line = holding(promise.scope).line(promise.scope_line)
    return line.service if line else ""


def _measured(calendar: Calendar, made_on: date, finished_on: date) -> dict[str, float]:
    return {
        "working_days": float(working_days_between(calendar, made_on, finished_on)),
        "hours_a_day": free_hours_a_day(calendar, made_on),
    }


# From a file


@dataclass
class JobReport(Findings):
    # Jobs that came in earlier under a name, and belong to somebody here since.
    claimed: int = 0
    # Who is not here, and how many jobs of theirs count for the firm alone.
    strangers: Counter[str] = field(default_factory=Counter)


@dataclass
class SortedJobs:
    """Rows of a batch by what has to be done with them, each with its owner if they are here."""

    new: list[tuple[JobRow, User | None]] = field(default_factory=list)
    claimed: list[tuple[JobRow, User]] = field(default_factory=list)
    report: JobReport = field(default_factory=JobReport)


class JobImporter:
    """Brings finished jobs in, as far as they are not in already. Made anew for each run: it remembers who is who."""

    def __init__(self) -> None:
        firm = Firm.get()
        self._diaries = Diaries(firm)
        self._firms = firm_calendar(firm)
        self._people: dict[str, list[User]] = defaultdict(list)
        for person in User.objects.all():
            for name in {person.email.casefold(), person.name.casefold()}:
                self._people[name].append(person)

    def foresee(self, batch: Sequence[JobReading]) -> JobReport:
        """What bringing it in would report. Changes nothing."""
        return self._sort(batch).report

    def bring_in(self, batch: Sequence[JobReading]) -> JobReport:
        """One batch in one transaction. Where the database refuses it, its lines go in one by one."""
        try:
            with transaction.atomic():
                return self._bring_in(batch)
        except DatabaseError as error:
            if len(batch) == 1:
                return _refused(batch[0], error)
        report = JobReport()
        for reading in batch:
            report.add(self.bring_in([reading]))
        return report

    def _bring_in(self, batch: Sequence[JobReading]) -> JobReport:
        found = self._sort(batch)
        PastJob.objects.bulk_create((self._job(row, owner) for row, owner in found.new), batch_size=BATCH)
        for row, owner in found.claimed:
            belongs = {"owner": owner, **_measured(self._diaries.of(owner), row.made, row.finished)}
            PastJob.objects.filter(fingerprint=row.fingerprint, owner=None).update(**belongs)
        record_changed()
        return found.report

    def _sort(self, batch: Sequence[JobReading]) -> SortedJobs:
        found, rows = SortedJobs(), []
        for reading in batch:
            found.report.read += 1
            if reading.row is None:
                found.report.add_fault(*reading.faults)
            elif len(self._named(reading.row)) > 1:
                found.report.add_fault(_which_of_them(reading.row))
            else:
                rows.append(reading.row)
                found.report.add_warning(*reading.warnings)
        there = _there(rows)
        for row in rows:
            self._place(row, there, found)
        return found

    def _place(self, row: JobRow, there: dict[str, int | None], found: SortedJobs) -> None:
        owner = next(iter(self._named(row)), None)
        if row.fingerprint not in there:
            found.new.append((row, owner))
            found.report.made += 1
        elif owner and there[row.fingerprint] is None:
            found.claimed.append((row, owner))
            found.report.claimed += 1
        else:
            found.report.same += 1
        if owner is None:
            found.report.strangers[row.owner] += 1

    def _named(self, row: JobRow) -> list[User]:
        return self._people.get(row.owner.casefold(), [])

    def _job(self, row: JobRow, owner: User | None) -> PastJob:
        calendar = self._diaries.of(owner) if owner else self._firms
        return PastJob(
            owner=owner,
            owner_name=row.owner,
            kind=row.kind,
            estimate_hours=row.estimate,
            actual_hours=row.actual_hours,
            made_on=row.made,
            started_on=row.started,
            finished_on=row.finished,
            fingerprint=row.fingerprint,
            **_measured(calendar, row.made, row.finished),
        )


def _there(rows: Iterable[JobRow]) -> dict[str, int | None]:
    """Which of them are in already, and whose they are."""
    known = PastJob.objects.filter(fingerprint__in=[row.fingerprint for row in rows])
    # The index holds only rows that have a fingerprint; saying so lets a database use it.
    return dict(known.exclude(fingerprint="").order_by().values_list("fingerprint", "owner"))


def _which_of_them(row: JobRow) -> Fault:
    said = _("Several people here have this name. Write the e-mail of the one you mean.")
    return Fault(row.line, "owner", row.owner, said)


def _refused(reading: JobReading, error: DatabaseError) -> JobReport:
    logger.warning("A line could not be brought in.", exc_info=error)
    report = JobReport(read=1)
    line = reading.row.line if reading.row else 0
    report.add_fault(Fault(line, "", "", _("The database did not take this line. Look at it for odd characters.")))
    return report
