"""Where the facts behind a forecast come from: diaries, the record of past jobs, and what is promised already."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from engagement.staff.diary import Diaries
from engagement.staff.models import Firm, User
from engagement.staff.worktime import free_hours, free_hours_a_day, working_days_between
from promises.forecast import UNKNOWN_HOURS, Facts
from promises.load import Earlier, Load, Owed
from promises.models import PastJob, Promise, Standing
from promises.track_record import TrackRecord


class Weighing:
    """Diaries, records and loads, each read once for an owner. Made anew for every sweep or request."""

    def __init__(self, firm: Firm) -> None:
        self.firm = firm
        self.diaries = Diaries(firm)
        self._loads: dict[int, Load] = {}
        self._days: dict[int, tuple[datetime, date, float]] = {}

    @cached_property
    def record(self) -> TrackRecord:
        return PastJob.objects.track_record()

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
        names = ("owner_id", "due_at", "pk", "estimate_hours", "hours_left", "per_cent", "standing")
        for owner, *row in rows.values_list(*names).iterator():
            owed[owner].append(owed_of(*row))
        for owner, theirs in owed.items():
            self._loads[owner] = Load(theirs, UNKNOWN_HOURS)

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
        owner, load = promise.owner, self.load(promise.owner_id)
        began = promise.made_at or promise.last_update_at or now
        word = promise.last_update_at or began
        calendar = self.diaries.of(owner)
        today, hours_a_day = self._today(owner, now)
        return Facts(
            owner=owner.id,
            free_hours=self.free(owner, promise.due_at, now, load.before(promise.due_at, promise.id)),
            estimate_hours=_number(promise.estimate_hours),
            hours_left=_number(promise.hours_left),
            per_cent=promise.per_cent,
            hours_a_day=hours_a_day,
            days_elapsed=working_days_between(calendar, began.astimezone(calendar.zone).date(), today),
            days_left=working_days_between(calendar, today, promise.due_at.astimezone(calendar.zone).date()),
            silent_days=working_days_between(calendar, word.astimezone(calendar.zone).date(), today),
            other_open=max(0, len(load) - 1),
            standing=promise.standing,
            silent=silent_from <= now,
            tell_by_passed=promise.tell_by_at <= now,
            waiting_for_client=bool(promise.waiting_for),
        )

    def _today(self, owner: User, now: datetime) -> tuple[date, float]:
        """The day it is for somebody, and the hours of such a day that are free for promised work."""
        known = self._days.get(owner.id)
        if known is None or known[0] != now:
            calendar = self.diaries.of(owner)
            today = now.astimezone(calendar.zone).date()
            known = self._days[owner.id] = now, today, free_hours_a_day(calendar, today)
        return known[1:]

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
        calendar, load = self.diaries.of(owner), self.load(owner.pk)
        today = now.astimezone(calendar.zone).date()
        began = (moved and moved.made_at) or now
        earlier = load.without(moved.pk, due_at) if moved else load.before(due_at)
        return Facts(
            owner=owner.id,
            free_hours=self.free(owner, due_at, now, earlier),
            estimate_hours=_number(moved.estimate_hours) if moved else estimate_hours,
            hours_left=_number(moved.hours_left) if moved else None,
            per_cent=moved.per_cent if moved else None,
            hours_a_day=free_hours_a_day(calendar, today),
            days_elapsed=working_days_between(calendar, began.astimezone(calendar.zone).date(), today),
            days_left=working_days_between(calendar, today, due_at.astimezone(calendar.zone).date()),
            # Whoever makes or moves a date speaks of it now.
            silent_days=0,
            other_open=max(0, len(load) - bool(moved)),
            standing="",
            silent=False,
            tell_by_passed=False,
        )


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
    if said is not None:
        return Owed(due_at, pk, float(said))
    return Owed(due_at, pk, None if estimate is None else float(estimate) * (1 - (per_cent or 0) / 100))


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
