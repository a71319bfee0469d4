"""From cells to a finished job: who did it, what it was thought to take, what it took, and when."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from engagement.staff.read_date import read_day
from engagement.staff.read_hours import read_hours
from engagement.staff.read_number import read_number
from engagement.staff.when import speak_date, speak_number
from promises.importing.rows import YEARS, Fault, Missing, cells_of, places_of, short_enough
from promises.importing.table import Columns, Line, Table

HOURS = ("estimate", "actual_hours")
DAYS = ("made", "started", "finished")
JOBS = Columns(
    synonyms={
        "owner": ("person", "responsible", "assigned_to", "assignee", "staff", "who", "employee", "name", "done_by"),
        "kind": ("kind_of_work", "type", "type_of_work", "work_type", "category", "service", "activity", "phase"),
        "estimate": (
            *("estimate_hours", "estimate_(hours)", "estimate,_hours", "estimated", "estimated_hours", "estimate_h"),
            *("hours_estimated", "planned_hours", "hours_planned", "planned", "budget_hours", "budgeted_hours"),
        ),
        "actual_hours": (
            *("actual", "actual_(hours)", "actual_h", "hours_it_took", "hours_taken", "hours_spent", "spent_hours"),
            *("time_spent", "spent", "took", "hours_worked", "worked_hours", "logged_hours", "hours_logged"),
        ),
        "made": (
            *("made_on", "promised", "promised_on", "agreed", "agreed_on", "ordered", "ordered_on", "created"),
            *("created_on", "opened", "opened_on", "requested", "requested_on"),
        ),
        "started": ("started_on", "start", "start_date", "begun", "began", "begun_on"),
        "finished": (
            *("finished_on", "finish", "finish_date", "done", "done_on", "completed", "completed_on", "delivered"),
            *("delivered_on", "end", "end_date", "ended", "ended_on", "closed", "closed_on", "resolved"),
        ),
    },
    needed=(("owner",), ("finished",), ("made", "started")),
)
LONGEST_OWNER, LONGEST_KIND = 150, 200
HUNDREDTH = Decimal("0.01")
# Beyond this no promise is one job, and the column counts something else than hours.
MOST_HOURS = Decimal(10_000)
NUMERIC_DAY = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})(?!\d).*")
NAMED_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
# What an export may write that is no number of hours.
NOT_SAID = {"-", "–", "n/a", "none", "null"}


@dataclass(frozen=True, slots=True)
class Reader:
    """How to read what could be meant in two ways. Empty: it is asked about, never guessed."""

    today: date
    zone: ZoneInfo
    day_first: bool | None = None
    decimals: str = ""  # "." or ","
    _days: dict[str, date] = field(default_factory=dict)

    def day(self, text: str) -> date:
        """A day that has come. The same days come again and again in a long file."""
        found = self._days.get(text)
        if found is None:
            found = self._days[text] = self._read_day(text)
        return found

    def _read_day(self, text: str) -> date:
        day = self._stamp(text) or self._ordered(text) or self._worded(text)
        if day.year not in YEARS:
            raise Missing(_("Write a year between 1900 and 2199."))
        if day > self.today:
            raise Missing(_("This day has not come yet. Bring the job in when it is finished."))
        return day

    def _stamp(self, text: str) -> date | None:
        """As programs write it: 2026-11-27, and with a time, which counts in the firm's zone."""
        if text[4:5] != "-":
            return None
        try:
            moment = datetime.fromisoformat(text)
            return (moment.astimezone(self.zone) if moment.tzinfo else moment).date()
        except (ValueError, OverflowError):
            return None

    def _ordered(self, text: str) -> date | None:
        numbers = NUMERIC_DAY.fullmatch(text) if self.day_first is not None else None
        if numbers is None:
            return None
        first, second, year = map(int, numbers.groups())
        try:
            return date(year, second, first) if self.day_first else date(year, first, second)
        except ValueError:
            raise Missing(_("There is no such day. Write it as year-month-day, for example 2026-11-27.")) from None

    def _worded(self, text: str) -> date:
        found = read_day(text, today=self.today, past_ok=True)
        # "tomorrow 2026" may be meant in two ways too, but no order of day and month tells them apart.
        if not found.chosen and len(found.choices) > 1 and NUMERIC_DAY.fullmatch(text):
            one, other = (speak_date(choice.day, today=None) for choice in (found.choices[0], found.choices[-1]))
            said = _("This is %(one)s or %(other)s. Say which with --day-first or --month-first.")
            raise Missing(said % {"one": one, "other": other})
        # A file is read long after it was written: "Friday" and "27 November" name no day by then.
        if not found.chosen or not NAMED_YEAR.search(text):
            raise Missing(_("Write the day as year-month-day, for example 2026-11-27."))
        return found.chosen.day

    def hours(self, text: str) -> Decimal | None:
        """More than nothing, to the hundredth; None where nobody wrote them."""
        if not text or text.casefold() in NOT_SAID:
            return None
        hours = self._number(text).quantize(HUNDREDTH, ROUND_HALF_UP)
        if hours <= 0:
            raise Missing(_("Write more than 0 hours, or leave it empty where nobody knows."))
        if hours >= MOST_HOURS:
            raise Missing(_("Write hours, not minutes or seconds: a job takes less than 10,000 hours."))
        return hours

    def _number(self, text: str) -> Decimal:
        hours = read_hours(text)
        if hours is not None:
            return hours
        # Programs write more decimals than people do.
        ways = read_number(text).ways
        if not ways:
            raise Missing(_("Write hours, for example 4.5, 4:30 or 90 min."))
        if len(ways) > 1 and self.decimals:
            return min(ways, key=abs) if self.decimals in text else max(ways, key=abs)
        if len(ways) > 1:
            one, other = (speak_number(way) for way in sorted(ways))
            said = _("This is %(one)s or %(other)s. Say which with --decimals point or --decimals comma.")
            raise Missing(said % {"one": one, "other": other})
        return ways[0]


@dataclass(frozen=True, slots=True)
class JobRow:
    line: int
    owner: str
    kind: str
    estimate: Decimal | None
    actual_hours: Decimal | None
    made: date
    started: date | None
    finished: date
    # The same for the same job in the same file, and in a longer one.
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class JobReading:
    """What became of one line: a row, or the faults that keep it out; warnings either way."""

    row: JobRow | None
    faults: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()


def job_readings(table: Table, mapping: Mapping[str, str], reader: Reader) -> Iterator[JobReading]:
    """Every line of the table in turn. Two lines that say the same are two jobs."""
    places = places_of(table, mapping)
    seen: Counter[bytes] = Counter()
    for line in table.lines():
        yield _read(line, places, len(table.headings), reader, seen)


def _read(line: Line, places: Mapping[str, int], width: int, reader: Reader, seen: Counter[bytes]) -> JobReading:
    try:
        cells = cells_of(line, places, width)
    except Missing as missing:
        return JobReading(None, (Fault(line.number, "", "", str(missing)),))
    read: dict[str, object] = {}
    faults = []
    for column in JOBS.synonyms:
        text = cells.get(column, "")
        try:
            read[column] = _cell(column, text, reader)
        except Missing as missing:
            faults.append(Fault(line.number, column, text, str(missing)))
    if not faults:
        faults += _order(line.number, read)
    if faults:
        return JobReading(None, tuple(faults))
    read["made"] = read["made"] or read["started"]
    said = _said(read)
    seen[said] += 1
    row = JobRow(line.number, **read, fingerprint=sha256(b"%b\x1f%d" % (said, seen[said])).hexdigest())  # type: ignore[arg-type]
    return JobReading(row, (), tuple(_odd(row)))


def _cell(column: str, text: str, reader: Reader) -> object:
    if "\x00" in text:
        raise Missing(_("There is a character here that no text has. Write it anew."))
    if column in HOURS:
        return reader.hours(text)
    if column in DAYS:
        return _day(column, text, reader)
    if column == "kind":
        return short_enough(text, LONGEST_KIND)
    if not text:
        raise Missing(_("Write the name or the e-mail of whoever did it."))
    return short_enough(text, LONGEST_OWNER)


def _day(column: str, text: str, reader: Reader) -> date | None:
    if text:
        return reader.day(text)
    if column == "finished":
        raise Missing(_("Write the day it was finished, for example 2026-11-27. Leave out what is not finished yet."))
    return None


def _order(line: int, read: Mapping[str, object]) -> list[Fault]:
    """Days that cannot follow one another."""
    made, started, finished = (read[column] for column in DAYS)
    assert isinstance(finished, date)
    if made is None and started is None:
        return [Fault(line, "made", "", _("Write the day it was promised, or the day it was started."))]
    late = [(column, day) for column, day in (("made", made), ("started", started)) if isinstance(day, date)]
    said = {
        "made": _("It was finished before it was promised. One of the two days has to be another."),
        "started": _("It was finished before it was started. One of the two days has to be another."),
    }
    return [Fault(line, column, day.isoformat(), said[column]) for column, day in late if day > finished]


def _said(read: Mapping[str, object]) -> bytes:
    """What the line says, however it was written."""
    owner, *others = (str(read[column] or "") for column in JOBS.synonyms)
    return "\x1f".join([owner.casefold(), *others]).encode(errors="replace")


def _odd(row: JobRow) -> Iterator[Fault]:
    """What is taken as written, though it is worth a look."""
    days = (row.finished - min(row.made, row.started or row.made)).days + 1
    if row.actual_hours is not None and row.actual_hours > 24 * days:
        said = _("These are more hours than those days have. It is brought in as written.")
        yield Fault(row.line, "actual_hours", str(row.actual_hours), said)
