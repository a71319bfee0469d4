"""Bringing in promises from a file: in batches, each of them whole or not at all, and nothing twice."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clients import record
from clients.actions import make_client
from clients.diary import client_calendar
from clients.models import Client
from engagement.outbox.models import Channel
from engagement.staff.calendars import Calendar, end_of_working_day, mean_hours
from engagement.staff.copy_in import copy_in, keys_ahead
from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from engagement.staff.worktime import tell_by
from promises.actions.past_jobs import Delivered, put_brought_in_on_record
from promises.bulk import add_rows, among
from promises.importing.findings import Findings
from promises.importing.rows import Fault, Reading, Row
from promises.models import LoadChange, Outcome, OutcomeTally, Promise, Telling

logger = logging.getLogger(__name__)

BATCH = 1000
# Nobody knows the hour of imported history: made in the morning, delivered at noon, told by the end of the day.
MADE_AT, DELIVERED_AT, TOLD_AT = time(9), time(12), time(23, 59)
# Addresses in it never reach anybody (RFC 2606). An invitation puts a real one in its place.
NOBODY = "import.invalid"
# So many pairs of days are kept with the moments worked out of them: a firm makes many promises on one day for another.
PAIRS_KEPT = 50_000


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


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """The working time that some clients have in common. Told from others by being another object: they are long."""

    calendar: Calendar
    zone: ZoneInfo
    a_day: float


class Made(NamedTuple):
    """The columns in which the promises of a file differ."""

    id: int
    reference: str
    client_id: int
    owner_id: int
    made_at: datetime | None
    what: str
    zone: str
    first_due_on: date
    first_due_at: datetime
    due_on: date
    due_at: datetime
    tell_by_at: datetime
    value: Decimal | None
    currency: str
    last_update_at: datetime
    told_at: datetime | None
    told_how: str
    delivered_at: datetime | None
    ended_at: datetime | None
    next_look_at: datetime | None
    counted_on: date | None
    outcome: str
    days_early: int | None
    days_late: int | None

    @property
    def record_subject(self) -> str:
        return f"promise {self.id}"


# And those in which they are all as a new one.
AS_NEW = {
    field.attname: field.get_default() for field in Promise._meta.concrete_fields if field.attname not in Made._fields
}


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
        self._hours: dict[str, Hours] = {}
        self._hours_of: dict[int, Hours] = {}
        self._diaries = Diaries(self.firm)
        self._moments = lru_cache(maxsize=PAIRS_KEPT)(self._work_out)

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
        known = _known([row.reference for row in rows])
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
        keys = keys_ahead(Promise, len(found.new))
        promises = [self._promise(key, row) for key, row in zip(keys, found.new, strict=True)]
        copy_in(Promise, Made._fields, promises, **AS_NEW | {"made_by_id": self.by and self.by.pk})
        tellings = [self._telling(promise) for promise in promises if promise.told_at]
        Telling.objects.bulk_create(tellings, batch_size=BATCH)
        self._record(found.new, promises)
        self._tally(promises)
        put_brought_in_on_record(self._delivered(found.new, promises), self._diaries)
        self._loads_changed(promises)
        report.made = len(promises)
        report.clients = len(self._clients) - clients
        report.owners = len({row.owner.casefold() for row in found.new} & set(list(self._people)[people:]))
        return report

    def _loads_changed(self, promises: Sequence[Made]) -> None:
        """As `load_changed`, once for each owner."""
        earliest: dict[int, datetime] = {}
        for promise in promises:
            if not promise.ended_at:
                earliest[promise.owner_id] = min(promise.due_at, earliest.get(promise.owner_id, promise.due_at))
        LoadChange.objects.bulk_create(
            [LoadChange(owner_id=owner, since=since, at=self.now) for owner, since in earliest.items()]
        )

    def _promise(self, key: int, row: Row) -> Made:
        client = self._client(row.client)
        hours = self._hours_of.get(client.id) or self._find_hours(client)
        zone = hours.zone
        made_at, due_at, tell_by_at = self._moments(hours, row.made_on, row.due_on)
        delivered_at = min(_at(row.delivered_on, DELIVERED_AT, zone), self.now) if row.delivered_on else None
        # Nobody knows the hour, and what was told has been told.
        told_at = min(_at(row.told_on, TOLD_AT, zone), self.now) if row.told_on else None
        outcome, early, late = outcome_of(row) if row.delivered_on else ("", None, None)
        return Made(
            id=key,
            reference=row.reference,
            client_id=client.id,
            owner_id=self._owner(row.owner).id,
            made_at=made_at,
            what=row.what,
            zone=zone.key,
            first_due_on=row.due_on,
            first_due_at=due_at,
            due_on=row.due_on,
            due_at=due_at,
            tell_by_at=tell_by_at,
            value=row.value,
            currency=row.currency,
            last_update_at=made_at or self.now,
            told_at=told_at,
            told_how=Channel.CALL if told_at else "",
            delivered_at=delivered_at,
            ended_at=delivered_at,
            next_look_at=None if delivered_at else self.now,
            counted_on=delivered_at.astimezone(self.firm.zoneinfo).date() if delivered_at else None,
            outcome=outcome,
            days_early=early,
            days_late=late,
        )

    def _work_out(self, hours: Hours, made_on: date | None, due_on: date) -> tuple[datetime | None, datetime, datetime]:
        """When it was made, when it is due, and by when the client has to hear of a slip."""
        due_at = end_of_working_day(hours.calendar, due_on)
        made_at = _at(made_on, MADE_AT, hours.zone) if made_on else None
        days, share = float(self.firm.tell_by_days), float(self.firm.tell_by_share)
        return made_at, due_at, tell_by(hours.calendar, made_at, due_at, days, share, hours.a_day)

    def _telling(self, promise: Made) -> Telling:
        assert promise.told_at
        return Telling(
            promise_id=promise.id,
            kind=Telling.Kind.LATE if promise.told_at >= promise.due_at else Telling.Kind.MAY_BE_LATE,
            about_due_at=promise.due_at,
            channel=Channel.CALL,
            spoken_at=promise.told_at,
            text=_("Brought in with a file, which says that the client was told on this day."),
            by=self.by,
            at=self.now,
        )

    def _delivered(self, rows: Sequence[Row], promises: Sequence[Made]) -> Iterator[Delivered]:
        for row, promise in zip(rows, promises, strict=True):
            if promise.made_at and promise.delivered_at:
                owner = self._owner(row.owner)
                yield Delivered(promise.id, owner, promise.made_at, promise.delivered_at, promise.due_at)

    def _record(self, rows: Sequence[Row], promises: Sequence[Made]) -> None:
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

    def _tally(self, promises: Sequence[Made]) -> None:
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

    def _find_hours(self, client: Client) -> Hours:
        # Most clients keep the hours of the firm: their one calendar is laid out once.
        key = f"{client.zone} {client.hours}"
        if key not in self._hours:
            calendar = client_calendar(client, self.firm)
            self._hours[key] = Hours(calendar, client.zoneinfo, mean_hours(calendar.weeks[0]))
        self._hours_of[client.id] = self._hours[key]
        return self._hours[key]

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


def _known(references: list[str]) -> dict[str | None, Promise]:
    """Those of these that are here already. Mostly none are: to ask for that costs little."""
    here = Promise.objects.order_by().filter(reference__in=among(references, "text")).values_list("pk", flat=True)
    found = Promise.objects.filter(pk__in=list(here)).select_related("client", "owner")
    return {promise.reference: promise for promise in found}


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


@lru_cache(maxsize=4096)
def _at(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None
