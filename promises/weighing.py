"""Where the facts behind a forecast come from: diaries, the record of past jobs, and what is promised already."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, NamedTuple

from engagement.staff.calendars import Calendar, free_hours_a_day
from engagement.staff.diary import Diaries, firm_calendar
from engagement.staff.models import Firm, User
from engagement.staff.worktime import free_hours, working_days_between
from promises.forecast import Facts
from promises.job_book import Job
from promises.kept_record import Kept, kept_record
from promises.load import Load
from promises.models import Begun, PastJob, Promise
from promises.owed import InHand, as_float, read_open
from promises.track_record import FIRM_JOBS_READ, OWNER_JOBS_READ, TrackRecord

# What so many have finished is read at once: it is let go as soon as it is on their books.
BOOKS_AT_ONCE = 50


class _Desk(NamedTuple):
    """What holds for all that somebody owns, at one moment."""

    now: datetime
    calendar: Calendar
    today: date
    hours_a_day: float


class Weighing:
    """Diaries, records and loads, each read once for an owner. Made anew for every sweep or request."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.diaries = Diaries(firm)
        self._loads: dict[int, Load] = {}
        self._desks: dict[int, _Desk] = {}
        self._in_hand: dict[int, list[InHand]] = {}
        self._record: TrackRecord | None = None
        self._all_finished: list[Begun] | None = None

    def record_at(self, now: datetime) -> TrackRecord:
        """What jobs took, and those in hand so far: the firm's at once, an owner's when they are first asked about.

        It may be as old as `kept_record` lets it be.
        """
        if self._record is None:
            kept = kept_record(now, partial(self._read_record, now))
            self._all_finished = kept.all_finished
            self._record = kept.record.read_by(partial(self._jobs_of, now))
        return self._record

    def let_go(self) -> None:
        """The record asks it about owners, and it has the record: both would stay until such rings are looked for."""
        self._record = None

    def _read_record(self, now: datetime) -> Kept:
        finished = PastJob.objects.latest_jobs(FIRM_JOBS_READ)
        in_hand = Promise.objects.open().exclude(made_at=None).order_by("-pk")
        jobs = [
            _job_in_hand(owner, began, self._firms, now)
            for owner, *began in in_hand.values_list("owner_id", "made_at", "estimate_hours", "first_due_at")[
                :FIRM_JOBS_READ
            ]
        ]
        are_all = len(finished) < FIRM_JOBS_READ
        return Kept(now, TrackRecord(_as_begun([*finished, *jobs]), _nobodys), finished if are_all else None)

    @cached_property
    def _firms(self) -> Calendar:
        """The firm's own week: to read everybody's diary for its record would cost more than it tells."""
        return firm_calendar(self.firm)

    def _jobs_of(self, now: datetime, owner: Hashable) -> list[Job]:
        assert isinstance(owner, int)  # the forecast is asked about people of the house
        if self._all_finished is None:
            theirs = PastJob.objects.filter(owner=owner).latest_jobs(OWNER_JOBS_READ)
        else:
            # The latest finished, as the database would cut them.
            theirs = [begun for begun in self._all_finished if begun.job.owner == owner][-OWNER_JOBS_READ:]
        if owner not in self._in_hand:
            self._read_open([owner], in_hand=True)
        return self._as_jobs(owner, theirs, now)

    def _as_jobs(self, owner: int, finished: list[Begun], now: datetime) -> list[Job]:
        own = self.diaries.known(owner) or self._firms
        return _as_begun([*finished, *(_job_in_hand(owner, row, own, now) for row in self._in_hand[owner])])

    def has_load(self, owner_id: int) -> bool:
        """Whether it was read already."""
        return owner_id in self._loads

    def load(self, owner_id: int) -> Load:
        """What somebody has open, as it was when it was first asked for."""
        load = self._loads.get(owner_id)
        if load is None:
            self._read_open([owner_id], in_hand=True)
            load = self._loads[owner_id]
        return load

    def read(self, owners: Collection[User], now: datetime) -> None:
        """Diaries and records of many, in as few questions as can be."""
        self.diaries.read(owners)
        record = self.record_at(now)
        unknown = [owner.pk for owner in owners if owner.pk not in self._in_hand and not record.knows(owner.pk)]
        self._read_open(unknown, in_hand=True)
        self._read_jobs(unknown, record, now)

    def read_loads(self, owners: Iterable[int]) -> None:
        """The same, of loads."""
        self._read_open([pk for pk in owners if pk not in self._loads], in_hand=False)

    def _read_open(self, owners: Sequence[int], *, in_hand: bool) -> None:
        for owner, found in read_open(owners, in_hand=in_hand):
            # As it was when it was first asked for.
            self._loads.setdefault(owner, found.load)
            if found.in_hand is not None:
                self._in_hand[owner] = found.in_hand

    def _read_jobs(self, owners: Sequence[int], record: TrackRecord, now: datetime) -> None:
        """The books of many, where it would take a question for each."""
        if self._all_finished is not None:
            return
        for first in range(0, len(owners), BOOKS_AT_ONCE):
            some = owners[first : first + BOOKS_AT_ONCE]
            for owner, finished in PastJob.objects.latest_jobs_of(some, OWNER_JOBS_READ):
                record.put(owner, self._as_jobs(owner, finished, now))

    def free(self, owner: User, due_at: datetime, now: datetime, earlier_hours: float) -> float:
        """Free hours until then, after what is promised earlier; 0 where that is more than there are.

        Counted from whole seconds, so that the watch can name the one from which there are too few.
        """
        hours = free_hours(self.diaries.of(owner), now.replace(microsecond=0), due_at) - earlier_hours
        return hours if hours > 0 else 0.0

    def hours_before(self, promise: Promise) -> float:
        """What its owner has promised before an open promise."""
        return self.load(promise.owner_id).hours_before(promise.due_at, promise.id)

    def facts(self, promise: Promise, now: datetime, silent_from: datetime, hours_before: float) -> Facts:
        """Of an open promise, its `owner` at hand. Silence counts from `silent_from` on."""
        desk = self._desk(promise.owner, now)
        return self._facts(
            promise.owner,
            desk,
            promise.due_at,
            hours_before,
            promise,
            estimate_hours=as_float(promise.estimate_hours),
            silent_days=_days_since(promise.last_update_at or _began(promise, now), desk),
            standing=promise.standing,
            silent=silent_from <= now,
            tell_by_passed=promise.tell_by_at <= now,
        )

    def facts_if_due(
        self,
        owner: User,
        due_at: datetime,
        now: datetime,
        *,
        estimate_hours: float | None = None,
        moved: Promise | None = None,
    ) -> Facts:
        """Of a promise that somebody is about to make; or of one that is to move to this date, as it stands."""
        desk, load = self._desk(owner, now), self.load(owner.pk)
        earlier = load.without(moved.pk, due_at) if moved else load.before(due_at)
        return self._facts(
            owner,
            desk,
            due_at,
            earlier.hours,
            moved,
            estimate_hours=as_float(moved.estimate_hours) if moved else estimate_hours,
            # Whoever makes or moves a date speaks of it now.
            silent_days=0,
            standing="",
            silent=False,
            tell_by_passed=False,
        )

    def _facts(
        self, owner: User, desk: _Desk, due_at: datetime, earlier_hours: float, promise: Promise | None, **known: Any
    ) -> Facts:
        """What holds of a date, of a promise that is made already or not."""
        now, calendar = desk.now, desk.calendar
        return Facts(
            owner=owner.id,
            free_hours=self.free(owner, due_at, now, earlier_hours),
            hours_left=as_float(promise.hours_left) if promise else None,
            per_cent=promise.per_cent if promise else None,
            hours_a_day=desk.hours_a_day,
            days_elapsed=_days_since(_began(promise, now), desk) if promise else 0,
            days_left=working_days_between(calendar, desk.today, _day_of(due_at, calendar)),
            waiting_for_client=bool(promise and promise.waiting_for),
            is_undated=bool(promise and promise.made_at is None),
            **known,
        )

    def _desk(self, owner: User, now: datetime) -> _Desk:
        desk = self._desks.get(owner.id)
        if desk is None or desk.now != now:
            calendar = self.diaries.of(owner)
            today = now.astimezone(calendar.zone).date()
            desk = self._desks[owner.id] = _Desk(now, calendar, today, free_hours_a_day(calendar, today))
        return desk


def _days_since(moment: datetime, desk: _Desk) -> int:
    return working_days_between(desk.calendar, moment.astimezone(desk.calendar.zone).date(), desk.today)


def _nobodys(owner: Hashable) -> list[Job]:
    raise AssertionError("a record that is kept is read by somebody")


def _began(promise: Promise, now: datetime) -> datetime:
    """When it was made, as far as anybody knows."""
    return promise.made_at or promise.last_update_at or now


def _day_of(due_at: datetime, calendar: Calendar) -> date:
    """The day whose end it is: midnight belongs to the day before."""
    return (due_at - timedelta.resolution).astimezone(calendar.zone).date()


def _job_in_hand(owner: int, began: Sequence[Any], calendar: Calendar, now: datetime) -> Begun:
    """An open promise as a job that has taken so long so far."""
    made_at, estimate, due_at = began
    made_on, today = (moment.astimezone(calendar.zone).date() for moment in (made_at, now))
    days, given = (float(working_days_between(calendar, made_on, day)) for day in (today, _day_of(due_at, calendar)))
    hours_a_day = free_hours_a_day(calendar, today)
    return Begun(made_on, Job(owner, "", as_float(estimate), None, days, hours_a_day, is_open=True, given=given))


def _as_begun(jobs: list[Begun]) -> list[Job]:
    """In the order in which they were promised."""
    return [begun.job for begun in sorted(jobs, key=itemgetter(0))]
