"""Bringing in promises from a file: in batches, each of them whole or not at all, and nothing twice."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clients import record
from clients.actions import make_client
from clients.diary import client_calendar
from clients.models import Client
from engagement.outbox.models import Channel
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from engagement.staff.plain_words import unturned
from engagement.staff.worktime import Calendar, end_of_working_day, mean_hours, tell_by
from promises.actions.past_jobs import put_on_record
from promises.bulk import add_rows, insert_rows
from promises.importing.findings import Findings
from promises.importing.rows import Fault, Reading, Row, readings
from promises.importing.table import Table, must_have, read
from promises.models import LoadChange, Outcome, OutcomeTally, Promise, Telling, Upload

logger = logging.getLogger(__name__)

BATCH = 1000
# Nobody knows the hour of imported history: made in the morning, delivered at noon, told by the end of the day.
MADE_AT, DELIVERED_AT, TOLD_AT = time(9), time(12), time(23, 59)
# Addresses in it never reach anybody (RFC 2606). An invitation puts a real one in its place.
NOBODY = "import.invalid"
# Longer than the slowest batch: whoever renews later than this is dead.
LEASE = timedelta(minutes=2)
SAVED = [field.name for field in Promise._meta.concrete_fields if not field.primary_key]
VALUES_SAVED = attrgetter(*(field.attname for field in Promise._meta.concrete_fields if not field.primary_key))
# What one wake-up does before it lets others have a turn.
BATCHES_A_TURN = 10


@dataclass
class Report(Findings):
    """What became of the lines, as the terminal prints it and the page shows it."""

    differing: int = 0
    clients: int = 0
    owners: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass
class Sorted:
    """Rows of a batch by what has to be done with them."""

    new: list[Row] = field(default_factory=list)
    report: Report = field(default_factory=Report)


class Importer:
    """Brings rows in, as far as they are not in already. Made anew for each run: it remembers who is who."""

    def __init__(self, by: User | None, now: datetime) -> None:
        self.by = by
        self.now = now
        self.firm = Firm.get()
        self._remember()

    def _remember(self) -> None:
        self._clients = {client.name.casefold(): client for client in Client.objects.all()}
        self._people: dict[str, list[User]] = defaultdict(list)
        for person in User.objects.all():
            self._know(person)
        self._calendars: dict[str, Calendar] = {}
        self._diaries = Diaries(self.firm)

    def _know(self, person: User) -> None:
        self._people[person.email.casefold()].append(person)
        if person.name.casefold() != person.email.casefold():
            self._people[person.name.casefold()].append(person)

    # Looking

    def sort(self, batch: Iterable[Reading]) -> Sorted:
        """Which rows are new, and what to report of the others. Changes nothing."""
        found = Sorted()
        rows = []
        for reading in batch:
            found.report.read += 1
            if reading.row is None:
                found.report.add_fault(*reading.faults)
            elif fault := self._owner_fault(reading.row):
                found.report.add_fault(fault)
            else:
                rows.append(reading.row)
            found.report.add_warning(*reading.warnings)
        there = Promise.objects.filter(reference__in=[row.reference for row in rows])
        known = {promise.reference: promise for promise in there.select_related("client", "owner")}
        for row in rows:
            if row.reference not in known:
                found.new.append(row)
            elif differing := list(_differing(row, known[row.reference])):
                found.report.differing += 1
                said = _("It is here already and differs: left as it is.")
                found.report.add_warning(Fault(row.line, ", ".join(differing), row.reference, said))
            else:
                found.report.same += 1
        return found

    def foresee(self, batches: Iterable[Sequence[Reading]]) -> Iterator[Report]:
        """What bringing them in would report, batch by batch. Changes nothing."""
        clients, owners = set(self._clients), set(self._people)
        for batch in batches:
            found = self.sort(batch)
            report = found.report
            report.made = len(found.new)
            for row in found.new:
                report.clients += row.client.casefold() not in clients
                report.owners += row.owner.casefold() not in owners
                clients.add(row.client.casefold())
                owners.add(row.owner.casefold())
            yield report

    def _owner_fault(self, row: Row) -> Fault | None:
        if len(self._people.get(row.owner.casefold(), ())) < 2:
            return None
        said = _("Several people here have this name. Write the e-mail of the one you mean.")
        return Fault(row.line, "owner", row.owner, said)

    # Doing

    def bring_in(self, batch: Sequence[Reading]) -> Report:
        """One batch in one transaction. Where the database refuses it, its lines go in one by one."""
        try:
            with transaction.atomic():
                return self._bring_in(batch)
        except DatabaseError as error:
            # People and clients that were made in it are gone again.
            self._remember()
            if len(batch) == 1:
                return self._refused(batch[0], error)
        report = Report()
        for reading in batch:
            report.add(self.bring_in([reading]))
        return report

    def _refused(self, reading: Reading, error: DatabaseError) -> Report:
        logger.warning("A line could not be brought in.", exc_info=error)
        line = reading.row.line if reading.row else 0
        report = Report(read=1)
        report.add_fault(Fault(line, "", "", _("The database did not take this line. Look at it for odd characters.")))
        return report

    def _bring_in(self, batch: Sequence[Reading]) -> Report:
        found = self.sort(batch)
        report = found.report
        people, clients = len(self._people), len(self._clients)
        promises = [self._promise(row) for row in found.new]
        _save(promises)
        tellings = [
            self._telling(row, promise) for row, promise in zip(found.new, promises, strict=True) if row.told_on
        ]
        Telling.objects.bulk_create(tellings, batch_size=BATCH)
        self._record(found.new, promises)
        self._tally(promises)
        put_on_record(promises, self._diaries)
        self._loads_changed(promises)
        report.made = len(promises)
        report.clients = len(self._clients) - clients
        report.owners = len({row.owner.casefold() for row in found.new} & set(list(self._people)[people:]))
        return report

    def _loads_changed(self, promises: Sequence[Promise]) -> None:
        """As `load_changed`, once for each owner."""
        earliest: dict[int, datetime] = {}
        for promise in promises:
            if promise.is_open:
                earliest[promise.owner_id] = min(promise.due_at, earliest.get(promise.owner_id, promise.due_at))
        LoadChange.objects.bulk_create(
            [LoadChange(owner_id=owner, since=since, at=self.now) for owner, since in earliest.items()]
        )

    def _promise(self, row: Row) -> Promise:
        client = self._client(row.client)
        calendar, zone = self._calendar(client), client.zoneinfo
        due_at = end_of_working_day(calendar, row.due_on)
        made_at = _at(row.made_on, MADE_AT, client) if row.made_on else None
        delivered_at = min(_at(row.delivered_on, DELIVERED_AT, client), self.now) if row.delivered_on else None
        told_at = self._told_at(row, client)
        hours = mean_hours(calendar.weeks[0])
        promise = Promise(
            reference=row.reference,
            client=client,
            owner=self._owner(row.owner),
            made_by=self.by,
            made_at=made_at,
            what=row.what,
            zone=str(zone),
            first_due_on=row.due_on,
            first_due_at=due_at,
            due_on=row.due_on,
            due_at=due_at,
            tell_by_at=tell_by(
                calendar, made_at, due_at, float(self.firm.tell_by_days), float(self.firm.tell_by_share), hours
            ),
            value=row.value,
            currency=row.currency,
            last_update_at=made_at or self.now,
            told_at=told_at,
            told_how=Channel.CALL if told_at else "",
            delivered_at=delivered_at,
            ended_at=delivered_at,
            next_look_at=None if delivered_at else self.now,
        )
        if delivered_at:
            promise.counted_on = delivered_at.astimezone(self.firm.zoneinfo).date()
            promise.outcome, promise.days_early, promise.days_late = outcome_of(row)
        return promise

    def _told_at(self, row: Row, client: Client) -> datetime | None:
        return min(_at(row.told_on, TOLD_AT, client), self.now) if row.told_on else None

    def _telling(self, row: Row, promise: Promise) -> Telling:
        assert promise.told_at
        return Telling(
            promise=promise,
            kind=Telling.Kind.LATE if promise.told_at >= promise.due_at else Telling.Kind.MAY_BE_LATE,
            about_due_at=promise.due_at,
            channel=Channel.CALL,
            spoken_at=promise.told_at,
            text=_("Brought in with a file, which says that the client was told on this day."),
            by=self.by,
            at=self.now,
        )

    def _record(self, rows: Sequence[Row], promises: Sequence[Promise]) -> None:
        events: dict[int, list[record.Event]] = defaultdict(list)
        for row, promise in zip(rows, promises, strict=True):
            data = {
                "reference": row.reference,
                "what": row.what,
                "owner": row.owner,
                "made": _iso(row.made_on),
                "due": promise.due_at.isoformat(),
                "on": row.due_on.isoformat(),
                "delivered": _iso(row.delivered_on),
                "told": _iso(row.told_on),
                "outcome": promise.outcome,
            }
            event = record.Event(promise.record_subject, "imported", self.now, self.by, data)
            events[promise.client_id].append(event)
        record.write_all(events)

    def _tally(self, promises: Sequence[Promise]) -> None:
        count: Counter[tuple[date, str]] = Counter()
        early: Counter[tuple[date, str]] = Counter()
        days: Counter[tuple[date, str]] = Counter()
        for promise in promises:
            if promise.counted_on:
                key = promise.counted_on, promise.outcome
                count[key] += 1
                early[key] += bool(promise.days_early)
                days[key] += promise.days_early or 0
        # In one order, so that two imports never wait for each other.
        add_rows(
            OutcomeTally,
            ("day", "outcome"),
            ("count", "early", "days_early"),
            [(*key, count[key], early[key], days[key]) for key in sorted(count)],
        )

    def _client(self, name: str) -> Client:
        client = self._clients.get(name.casefold())
        if client is None:
            client = make_client(Client(name=name, zone=self.firm.zone), self.by, self.now)
            self._clients[name.casefold()] = client
        return client

    def _calendar(self, client: Client) -> Calendar:
        # Most clients keep the hours of the firm: their one calendar is laid out once.
        key = f"{client.zone} {client.hours}"
        if key not in self._calendars:
            self._calendars[key] = client_calendar(client, self.firm)
        return self._calendars[key]

    def _owner(self, name: str) -> User:
        """Whoever it names; else a new person who owns promises and cannot sign in until invited."""
        known = self._people.get(name.casefold())
        if known:
            return known[0]
        email = name if "@" in name and " " not in name else self._address_for(name)
        person = User.objects.create_user(email, None, name=name, zone=self.firm.zone)
        self._know(person)
        # An address may be written back in another case than it was given.
        self._people.setdefault(name.casefold(), [person])
        return person

    def _address_for(self, name: str) -> str:
        stem = slugify(name)[:60] or "owner"
        number, address = 1, f"{stem}@{NOBODY}"
        while address in self._people:
            number += 1
            address = f"{stem}-{number}@{NOBODY}"
        return address


def _save(promises: Sequence[Promise]) -> None:
    """As bulk_create, which takes as long for a row as all the rest of bringing it in."""
    insert_rows(Promise, SAVED, [VALUES_SAVED(promise) for promise in promises])
    made = Promise.objects.filter(reference__in=[promise.reference for promise in promises])
    keys = dict(made.order_by().values_list("reference", "pk"))
    for promise in promises:
        promise.pk, promise._state.adding = keys[promise.reference], False


def outcome_of(row: Row) -> tuple[str, int, int]:
    """By calendar days. Told on the day itself counts as not told before it: nobody knows the hour."""
    assert row.delivered_on
    early = (row.due_on - row.delivered_on).days
    if early >= 0:
        return Outcome.KEPT, early, 0
    if row.told_on is None:
        return Outcome.LATE_UNKNOWN, 0, -early
    return (Outcome.LATE_TOLD if row.told_on < row.due_on else Outcome.LATE_SILENT), 0, -early


def in_batches(found: Iterable[Reading], size: int = BATCH) -> Iterator[list[Reading]]:
    rest = iter(found)
    while batch := list(islice(rest, size)):
        yield batch


def put_down(name: str, content: bytes, table: Table, *, by: User, now: datetime) -> Upload:
    """Keep a file to be looked at. Nothing of it is in until somebody approves."""
    return Upload.objects.create(
        name=unturned(name)[-200:],
        content=content,
        mapping=table.guess(),
        by=by,
        at=now,
        total=sum(1 for _line in table.lines()),
    )


def approve(upload: Upload, *, now: datetime) -> bool:
    """Let the worker begin. False when somebody has done so already."""
    return bool(Upload.objects.filter(pk=upload.pk, approved_at=None).update(approved_at=now))


def run_waiting(now: datetime) -> None:
    """Go on with the approved files, one after the other. One that fails stops nobody."""
    for upload in Upload.objects.to_run(now).defer("content").order_by("approved_at", "pk"):
        try:
            run(upload.pk, now)
        except Exception:
            # The lease stays: it is tried again when that has run out.
            logger.exception("The file %s could not be brought in; it is tried again.", upload.pk)


def run(pk: int, now: datetime) -> bool:
    """A turn of one file. False when another worker has it, or has finished it."""
    lease = now + LEASE
    if not Upload.objects.to_run(now).filter(pk=pk).update(lease_until=lease):
        return False
    upload = Upload.objects.select_related("by").get(pk=pk)
    firm = Firm.get()
    with translation.override(upload.by.language):
        table = read(bytes(upload.content), upload.name)
        must_have(table, upload.mapping)
        today = now.astimezone(firm.zoneinfo).date()
        # Lines before are in already; they are read again only to know which references they took.
        ahead = islice(readings(table, upload.mapping, today), upload.done, None)
        importer = Importer(upload.by, now)
        batches = in_batches(ahead)
        for batch in islice(batches, BATCHES_A_TURN):
            longer = _take_further(upload, importer, batch, lease)
            if longer is None:
                return False
            lease = longer
    _lay_down(upload, lease, now)
    return True


def _take_further(upload: Upload, importer: Importer, batch: list[Reading], lease: datetime) -> datetime | None:
    """A batch and the note that it is in: both, or neither. None when the lease has gone to another worker."""
    # A batch takes real time, and the lease is about that.
    longer = timezone.now() + LEASE
    with transaction.atomic():
        report = Report(**upload.report) if upload.report else Report()
        report.add(importer.bring_in(batch))
        mine = Upload.objects.filter(pk=upload.pk, lease_until=lease, finished_at=None)
        if not mine.update(done=F("done") + len(batch), report=vars(report), lease_until=longer):
            transaction.set_rollback(True)
            return None
    upload.report, upload.done = vars(report), upload.done + len(batch)
    return longer


def _lay_down(upload: Upload, lease: datetime, now: datetime) -> None:
    """Finished, or somebody's next turn. What was read in is not kept a second time."""
    changes: dict[str, Any] = {"lease_until": None}
    if upload.done >= upload.total:
        changes |= {"finished_at": now, "content": b""}
    Upload.objects.filter(pk=upload.pk, lease_until=lease).update(**changes)


def _differing(row: Row, promise: Promise) -> Iterator[str]:
    """The columns in which the file says something else than what is here. What was moved since is no difference."""
    zone = promise.zoneinfo
    here = {
        "client": promise.client.name.casefold() == row.client.casefold(),
        "what": promise.what == row.what,
        "owner": row.owner.casefold() in (promise.owner.name.casefold(), promise.owner.email.casefold()),
        "made_on": _day(promise.made_at, zone) == row.made_on,
        "due_on": promise.first_due_on == row.due_on,
        "delivered_on": _day(promise.delivered_at, zone) == row.delivered_on,
        "value": promise.value == row.value,
        "currency": promise.currency == row.currency,
    }
    yield from (column for column, agrees in here.items() if not agrees)


def _day(moment: datetime | None, zone: Any) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _at(day: date, clock: time, client: Client) -> datetime:
    return datetime.combine(day, clock, tzinfo=client.zoneinfo).astimezone(UTC)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
