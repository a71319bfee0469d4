"""The firm's own past as events: each promise as it stood at the moment of a question, and no later.

Asked is when a date is set, each week after it, and at half and at four fifths of the time since the promise was made,
for as long as it is open and the date in force is that one. Diaries are read as they stand today, and a promise that
was handed over counts for whoever owns it now: what they were then is not kept.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from functools import partial
from itertools import count
from operator import itemgetter

from django.db.models import QuerySet

from engagement.staff.models import Firm
from promises.due import tell_by_for
from promises.events import Ask, Done, Dropped, Event
from promises.forecast import UNKNOWN_HOURS, forecast
from promises.job_book import Job
from promises.load import Load
from promises.looking import silent_from
from promises.models import DateMove, PastJob, ProgressUpdate, Promise
from promises.owed import owed_of
from promises.track_record import TrackRecord
from promises.weighing import Weighing

LOOKS_EVERY = timedelta(weeks=1)
SHARES = (0.5, 0.8)
CHUNK = 500
# Of what happens at one moment: it is made, something is said of it, it is asked about, it ends.
MADE, SAID, ASKED, ENDED = range(4)

Step = Callable[[datetime], Event | None]
Moment = tuple[datetime, int, Step]


class PastWeighing(Weighing):
    """Weighs against what an owner had open at the moment, instead of what they have open today."""

    def __init__(self, firm: Firm) -> None:
        super().__init__(firm)
        self._open: dict[int, dict[int, Promise]] = defaultdict(dict)

    def load(self, owner_id: int) -> Load:
        if owner_id not in self._loads:
            stood = (
                owed_of(one.due_at, one.pk, one.estimate_hours, one.hours_left, one.per_cent, one.standing)
                for one in self._open[owner_id].values()
            )
            self._loads[owner_id] = Load(stood, UNKNOWN_HOURS)
        return self._loads[owner_id]

    def stands(self, promise: Promise) -> None:
        """It is open, and something about it is new."""
        self._open[promise.owner_id][promise.pk] = promise
        self._loads.pop(promise.owner_id, None)

    def ends(self, promise: Promise) -> None:
        self._open[promise.owner_id].pop(promise.pk, None)
        self._loads.pop(promise.owner_id, None)


@dataclass
class Past:
    """Made anew for every replay. `begun` says how many promises and jobs it has come to, of `total`."""

    firm: Firm
    now: datetime
    begun: int = 0
    _coming: list[tuple[datetime, int, int, Step]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.weighing = PastWeighing(self.firm)
        self._number = count()

    @property
    def total(self) -> int:
        return self._promises.count() + self._jobs.count()

    def events(self) -> Iterator[Event]:
        """In the order of time. Only what is under way at a moment is held in memory."""
        promises = ((one.made_at or self.now, one) for one in self._promises.iterator(chunk_size=CHUNK))
        jobs = ((_evening(one), one) for one in self._jobs.iterator(chunk_size=CHUNK))
        together: Iterator[tuple[datetime, Promise | PastJob]] = heapq.merge(promises, jobs, key=itemgetter(0))
        for moment, one in together:
            yield from self._until(moment)
            self.begun += 1
            if isinstance(one, PastJob):
                yield _done(one, one.owner_name)
            else:
                self._expect(one)
        yield from self._until(self.now)

    def _expect(self, promise: Promise) -> None:
        for moment, order, step in self._moments(promise):
            heapq.heappush(self._coming, (moment, order, next(self._number), step))

    @property
    def _promises(self) -> QuerySet[Promise]:
        made = Promise.objects.filter(made_at__lte=self.now, voided_at=None).order_by("made_at", "pk")
        return made.select_related("owner", "past_job").prefetch_related("updates", "steps", "date_moves")

    @property
    def _jobs(self) -> QuerySet[PastJob]:
        """Those that came from a file."""
        return PastJob.objects.filter(promise=None, finished_on__lte=self.now.date()).order_by("finished_on", "pk")

    def _until(self, moment: datetime) -> Iterator[Event]:
        while self._coming and self._coming[0][0] <= moment:
            at, _order, _number, step = heapq.heappop(self._coming)
            if event := step(at):
                yield event

    # One promise, moment by moment

    def _moments(self, promise: Promise) -> Iterator[Moment]:
        made_at, ended_at = promise.made_at or self.now, promise.ended_at or self.now
        moves = sorted(promise.date_moves.all(), key=lambda move: (move.moved_at, move.pk))
        yield made_at, MADE, partial(self._make, promise)
        for update in promise.updates.all():
            yield update.at, SAID, partial(self._say, promise, update)
        for step in promise.steps.all():
            if step.done_at:
                yield step.done_at, SAID, partial(self._word, promise)
        for move in moves:
            yield move.moved_at, SAID, partial(self._move, promise, move)
        set_at = [made_at, *(move.moved_at for move in moves)]
        due = [promise.first_due_at, *(move.new_due_at for move in moves)]
        until = [*set_at[1:], ended_at]
        for since, date, last in zip(set_at, due, until, strict=True):
            slipped = self._slipped(promise, date)
            if slipped is None:
                continue
            for moment in looks(made_at, since, date, min(last, ended_at)):
                yield moment, ASKED, partial(self._ask, promise, date, slipped)
        if promise.ended_at:
            yield promise.ended_at, ENDED, partial(self._end, promise)

    def _slipped(self, promise: Promise, due_at: datetime) -> bool | None:
        """None where nobody knows yet, or nobody ever will."""
        if due_at > self.now or (promise.withdrawn_at and promise.withdrawn_at <= due_at):
            return None
        return promise.delivered_at is None or promise.delivered_at > due_at

    def _make(self, promise: Promise, at: datetime) -> None:
        # From here on the row holds what was known at the moment. It is never saved.
        promise.due_at = promise.first_due_at
        promise.standing, promise.per_cent, promise.hours_left = "", None, None
        promise.last_update_at, promise.waiting_for = at, ""
        if promise.moves:
            promise.tell_by_at = tell_by_for(self.firm, at, promise.due_at)
        self.weighing.stands(promise)

    def _say(self, promise: Promise, update: ProgressUpdate, at: datetime) -> None:
        promise.standing = update.standing
        if update.per_cent is not None:
            promise.per_cent, promise.hours_left = update.per_cent, None
        if update.hours_left is not None:
            promise.hours_left = update.hours_left
        self._word(promise, at)

    def _word(self, promise: Promise, at: datetime) -> None:
        promise.last_update_at = at
        self.weighing.stands(promise)

    def _move(self, promise: Promise, move: DateMove, at: datetime) -> None:
        promise.due_at, promise.standing = move.new_due_at, ""
        promise.tell_by_at = tell_by_for(self.firm, at, promise.due_at)
        self._word(promise, at)

    def _ask(self, promise: Promise, due_at: datetime, slipped: bool, at: datetime) -> Ask:
        calendar = self.weighing.diaries.of(promise.owner)
        return Ask(
            name=f"{promise.pk} {at.isoformat()}",
            org="",
            task=f"{promise.pk} {due_at.isoformat()}",
            day=at.date(),
            due=due_at.date(),
            facts=self.weighing.facts(promise, at, silent_from(promise, calendar), self.weighing.hours_before(promise)),
            slipped=slipped,
            job=str(promise.pk),
        )

    def _end(self, promise: Promise, at: datetime) -> Done | Dropped:
        self.weighing.ends(promise)
        # Nobody knows how long it took where the day of its making is not known.
        job: PastJob | None = getattr(promise, "past_job", None)
        return _done(job, str(promise.pk)) if job else Dropped("", str(promise.pk), at.date())


def chance_then(ask: Ask, record: TrackRecord) -> float:
    """What the watch would have said."""
    return forecast(ask.facts, record).chance


def looks(made_at: datetime, since: datetime, due_at: datetime, until: datetime) -> list[datetime]:
    """When a date that was set at `since` is asked about: while it is in force and has not passed."""
    end = min(due_at, until)
    shares = (made_at + (due_at - made_at) * share for share in SHARES)
    weeks = (since + LOOKS_EVERY * number for number in range(1, max(int((end - since) / LOOKS_EVERY), 0) + 1))
    return [since, *sorted(moment for moment in {*shares, *weeks} if since < moment < end)] if since < due_at else []


def _evening(job: PastJob) -> datetime:
    return datetime.combine(job.finished_on, time.max, UTC)


def _done(job: PastJob, task: str) -> Done:
    return Done(
        org="",
        task=task,
        day=job.finished_on,
        job=Job(
            owner=job.owner_id or job.owner_name,
            kind=job.kind,
            estimate=None if job.estimate_hours is None else float(job.estimate_hours),
            actual=None if job.actual_hours is None else float(job.actual_hours),
            days=job.working_days,
            hours_a_day=job.hours_a_day,
            given=job.days_given,
        ),
    )
