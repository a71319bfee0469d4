"""Where the facts behind a forecast come from: diaries, the record of past jobs, and what is promised already."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from heapq import nlargest
from operator import itemgetter
from typing import Any

from engagement.staff.diary import Diaries, firm_calendar
from engagement.staff.models import Firm, User
from engagement.staff.worktime import Calendar, free_hours, free_hours_a_day, working_days_between
from promises.forecast import UNKNOWN_HOURS, Facts, hours_left
from promises.kept_record import Kept, keep_record, kept_record
from promises.load import Earlier, Load, Owed
from promises.models import Begun, PastJob, Promise, Standing
from promises.track_record import FIRM_JOBS_READ, OWNER_JOBS_READ, Job, TrackRecord

# Of what somebody has in hand, so many of the latest: more would outweigh what they have finished.
IN_HAND_READ = 30


class Weighing:
    """Diaries, records and loads, each read once for an owner. Made anew for every sweep or request."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.diaries = Diaries(firm)
        self._loads: dict[int, Load] = {}
        self._days: dict[int, tuple[datetime, date, float]] = {}
        # When each of somebody's latest open promises was made, its estimate and its first date.
        self._in_hand: dict[int, list[tuple[datetime, Decimal | None, datetime]]] = {}
        self._record: TrackRecord | None = None

    def record_at(self, now: datetime) -> TrackRecord:
        """What jobs took, and those in hand so far: the firm's at once, an owner's when they are first asked about.

        It may be as old as `kept_record` lets it be.
        """
        if self._record is None:
            kept = kept_record(now)
            if kept is None:
                keep_record(kept := self._read_record(now))
            self._record = kept.record.read_by(partial(self._jobs_of, kept, now))
        return self._record

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

    def _jobs_of(self, kept: Kept, now: datetime, owner: Hashable) -> list[Job]:
        assert isinstance(owner, int)  # the forecast is asked about people of the house
        if kept.all_finished is None:
            theirs = PastJob.objects.filter(owner=owner).latest_jobs(OWNER_JOBS_READ)
        else:
            theirs = [begun for begun in kept.all_finished if begun.job.owner == owner]
        self.load(owner)
        own = self.diaries.known(owner) or self._firms
        return _as_begun([*theirs, *(_job_in_hand(owner, row, own, now) for row in self._in_hand.get(owner, ()))])

    def load(self, owner_id: int) -> Load:
        """What somebody has open, as it was when it was first asked for."""
        load = self._loads.get(owner_id)
        if load is None:
            self.read_loads([owner_id])
            load = self._loads[owner_id]
        return load

    def read_loads(self, owners: Iterable[int]) -> None:
        """The loads of many in one question, as far as they are not read yet."""
        owed: dict[int, list[Owed]] = {owner: [] for owner in owners if owner not in self._loads}
        if not owed:
            return
        rows = Promise.objects.open().filter(owner__in=owed).order_by()
        names = (
            "owner_id",
            "made_at",
            "first_due_at",
            "due_at",
            "pk",
            "estimate_hours",
            "hours_left",
            "per_cent",
            "standing",
        )
        made: dict[int, list[tuple[int, datetime, Decimal | None, datetime]]] = {owner: [] for owner in owed}
        for owner, made_at, first_due_at, *row in rows.values_list(*names).iterator():
            owed[owner].append(owed_of(*row))
            if made_at:
                made[owner].append((row[1], made_at, row[2], first_due_at))
        for owner, theirs in owed.items():
            self._loads[owner] = Load(theirs, UNKNOWN_HOURS)
            latest = nlargest(IN_HAND_READ, made[owner], key=itemgetter(0))
            self._in_hand[owner] = [row[1:] for row in latest]

    def free(self, owner: User, due_at: datetime, now: datetime, earlier: Earlier) -> float:
        """Free hours until then, after what is promised earlier; 0 where that is more than there are.

        Counted from whole seconds, so that the watch can name the one from which there are too few.
        """
        return max(0.0, free_hours(self.diaries.of(owner), now.replace(microsecond=0), due_at) - earlier.hours)

    def earlier(self, promise: Promise) -> Earlier:
        """What its owner has promised before an open promise."""
        return self.load(promise.owner_id).before(promise.due_at, promise.id)

    def facts(self, promise: Promise, now: datetime, silent_from: datetime) -> Facts:
        """Of an open promise, its `owner` at hand. Silence counts from `silent_from` on."""
        load = self.load(promise.owner_id)
        return self._facts(
            promise.owner,
            promise.due_at,
            now,
            load.before(promise.due_at, promise.id),
            promise,
            estimate_hours=_number(promise.estimate_hours),
            silent_days=self._days_since(promise.last_update_at or _began(promise, now), promise.owner, now),
            other_open=max(0, len(load) - 1),
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
        load = self.load(owner.pk)
        return self._facts(
            owner,
            due_at,
            now,
            load.without(moved.pk, due_at) if moved else load.before(due_at),
            moved,
            estimate_hours=_number(moved.estimate_hours) if moved else estimate_hours,
            # Whoever makes or moves a date speaks of it now.
            silent_days=0,
            other_open=max(0, len(load) - bool(moved)),
            standing="",
            silent=False,
            tell_by_passed=False,
        )

    def _facts(
        self, owner: User, due_at: datetime, now: datetime, earlier: Earlier, promise: Promise | None, **known: Any
    ) -> Facts:
        """What holds of a date, of a promise that is made already or not."""
        calendar = self.diaries.of(owner)
        today, hours_a_day = self._today(owner, now)
        return Facts(
            owner=owner.id,
            free_hours=self.free(owner, due_at, now, earlier),
            hours_left=_number(promise.hours_left) if promise else None,
            per_cent=promise.per_cent if promise else None,
            hours_a_day=hours_a_day,
            days_elapsed=self._days_since(_began(promise, now), owner, now) if promise else 0,
            days_left=working_days_between(calendar, today, _day_of(due_at, calendar)),
            waiting_for_client=bool(promise and promise.waiting_for),
            is_undated=bool(promise and promise.made_at is None),
            **known,
        )

    def _days_since(self, moment: datetime, owner: User, now: datetime) -> int:
        calendar = self.diaries.of(owner)
        return working_days_between(calendar, moment.astimezone(calendar.zone).date(), self._today(owner, now)[0])

    def _today(self, owner: User, now: datetime) -> tuple[date, float]:
        """The day it is for somebody, and the hours of such a day that are free for promised work."""
        known = self._days.get(owner.id)
        if known is None or known[0] != now:
            calendar = self.diaries.of(owner)
            today = now.astimezone(calendar.zone).date()
            known = self._days[owner.id] = now, today, free_hours_a_day(calendar, today)
        return known[1:]


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
    return Begun(made_on, Job(owner, "", _number(estimate), None, days, hours_a_day, is_open=True, given=given))


def _as_begun(jobs: list[Begun]) -> list[Job]:
    """In the order in which they were promised."""
    return [begun.job for begun in sorted(jobs, key=itemgetter(0))]


def owed_of(
    due_at: datetime,
    pk: int,
    estimate: Decimal | None,
    said: Decimal | None,
    per_cent: int | None,
    standing: str,
) -> Owed:
    if standing == Standing.DONE or per_cent == 100:
        return Owed(due_at, pk, 0.0)
    return Owed(due_at, pk, hours_left(_number(estimate), _number(said), per_cent))


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
