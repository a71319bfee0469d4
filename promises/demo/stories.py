"""How a promise goes. A story yields the next moment at which it goes on; the present cuts it off."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime, timedelta

from engagement.outbox import actions as outbox
from promises import actions
from promises.demo.stage import Job, Stage, leave_in_doubt
from promises.demo.texts import WAITING
from promises.models import Extension, Promise, Standing, Telling

Kind = Telling.Kind
Reason = Extension.Reason
Going = Iterator[datetime]
Making = Generator[datetime, None, Promise]
SOON = timedelta(minutes=4)


def _made(stage: Stage, job: Job, *, steps: bool | None = None, estimate: bool | None = None) -> Making:
    """Log it and, more often than not, tell the client what was promised. Returns the promise."""
    yield stage.sometime(job.made, job, early=True)
    rng = job.rng
    promise = stage.make(
        job,
        steps=rng.random() < 0.4 if steps is None else steps,
        estimate=rng.random() < 0.85 if estimate is None else estimate,
    )
    if rng.random() < 0.55:
        yield stage.now + SOON
        stage.tell(promise, job, Kind.MADE)
    return promise


def _worked_on(stage: Stage, job: Job, promise: Promise, until: int) -> Going:
    span = until - job.made
    if span < 2:
        return
    yield stage.sometime(job.made + span * 2 // 5, job)
    stage.update(promise, job, 40, left=str(round(job.hours * 0.5, 1)), note=job.rng.random() < 0.25)
    if span >= 5:
        yield stage.sometime(job.made + span * 4 // 5, job)
        stage.update(promise, job, 80, left=str(round(job.hours * 0.15, 1)))
        if job.rng.random() < 0.25:
            yield stage.now + SOON
            stage.tell(promise, job, Kind.PROGRESS)


def _delivered(stage: Stage, job: Job, promise: Promise, day: int) -> Going:
    yield stage.sometime(day, job, early=True)
    stage.deliver(promise, job)
    if job.rng.random() < 0.6:
        yield stage.now + SOON
        stage.tell(promise, job, Kind.DONE)


def kept(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield from _worked_on(stage, job, promise, job.due)
    yield from _delivered(stage, job, promise, job.due)


def early(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    before = job.rng.randint(1, min(4, max(1, job.due - job.made - 3)))
    yield from _worked_on(stage, job, promise, job.due - before)
    yield from _delivered(stage, job, promise, job.due - before)


def _moved(stage: Stage, job: Job, promise: Promise, due: int, new: int, reason: str) -> Going:
    """Told before the date, asked, and agreed."""
    yield stage.sometime(due - 3, job, early=True)
    stage.may_be_late(promise, job, left=str(job.hours))
    yield stage.now + SOON
    stage.tell(promise, job, Kind.MOVED, new=stage.due(job, new))
    yield stage.now + SOON
    asked_by = Extension.AskedBy.CLIENT if reason == Reason.CLIENT_WISH else Extension.AskedBy.US
    extension = stage.extend(promise, job, new, reason, asked_by)
    yield stage.sometime(due - 2, job)
    stage.answer(extension, job, agreed=True, words="That is fine, as long as it holds.")
    yield stage.now + SOON
    stage.update(promise, job, 70, left=str(round(job.hours * 0.25, 1)))


def kept_later(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    new = job.due + job.rng.randint(2, 4)
    yield from _moved(stage, job, promise, job.due, new, job.rng.choice(Reason.values))
    yield from _delivered(stage, job, promise, new)


def twice_moved(stage: Stage, job: Job) -> Going:
    """Extended twice; delivered on the last date, if that has come."""
    promise = yield from _made(stage, job, steps=True, estimate=True)
    yield from _moved(stage, job, promise, job.due, job.due + 5, Reason.MORE_WORK)
    yield from _moved(stage, job, promise, job.due + 5, job.due + 11, Reason.CLIENT_WISH)
    yield from _delivered(stage, job, promise, job.due + 11)


def late_told(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due - 2, job, early=True)
    stage.may_be_late(promise, job, left=str(job.hours))
    yield stage.at(job.due - 1, "10:12")
    stage.tell(promise, job, Kind.MAY_BE_LATE)
    yield from _delivered(stage, job, promise, job.due + job.rng.randint(1, 3))


def late_silent(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due + 1, job)
    stage.tell(promise, job, Kind.LATE, spoken=True)
    yield from _delivered(stage, job, promise, job.due + job.rng.randint(1, 4))


def asked_after(stage: Stage, job: Job) -> Going:
    """The extension was asked for after the date: the new date is shown, the miss stands."""
    promise = yield from _made(stage, job)
    yield stage.at(job.due + 1, "09:20")
    stage.tell(promise, job, Kind.MOVED, spoken=True, new=stage.due(job, job.due + 3))
    yield stage.now + SOON
    extension = stage.extend(promise, job, job.due + 3, Reason.OUR_PLANNING)
    yield stage.now + SOON
    stage.answer(extension, job, agreed=True, words="We would rather have known before. Friday then.")
    yield from _delivered(stage, job, promise, job.due + 3)


def withdrawn(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due - 2, job)
    actions.withdraw(
        promise,
        reason="The client changed the plan and no longer needs it.",
        agreed_by=job.contact.name,
        by=stage.hand(job.owner),
        now=stage.now,
    )


def withdrawn_after(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due + 2, job)
    actions.withdraw(
        promise,
        reason="The date passed and the client did it themselves.",
        agreed_by=job.contact.name,
        by=stage.hand(job.owner),
        now=stage.now,
    )


def voided(stage: Stage, job: Job) -> Going:
    yield stage.sometime(job.made, job, early=True)
    promise = stage.make(job, steps=False, estimate=True)
    yield stage.now + timedelta(minutes=50)
    actions.void(promise, reason="Logged twice.", by=stage.hand(job.owner), now=stage.now)


def reopened(stage: Stage, job: Job) -> Going:
    """Delivered, opened again, and delivered anew two days after."""
    promise = yield from _made(stage, job, estimate=True)
    yield from _worked_on(stage, job, promise, job.due - 4)
    yield from _delivered(stage, job, promise, job.due - 4)
    yield stage.sometime(job.due - 3, job)
    actions.reopen(promise, reason="Two pages were missing.", by=stage.hand(job.owner), now=stage.now)
    yield stage.now + SOON
    stage.update(promise, job, 85, left="0.5")
    yield from _delivered(stage, job, promise, job.due - 1)


# Still open today


def overdue_silent(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due - 4, job)
    stage.update(promise, job, 30)


def overdue_in_doubt(stage: Stage, job: Job) -> Going:
    """The warning was written in time; whether it left, nobody has found out."""
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due - 1, job, early=True)
    stage.may_be_late(promise, job, left="2")
    yield stage.now + SOON
    leave_in_doubt(stage.mail(promise, job, Kind.MAY_BE_LATE), stage.now + timedelta(minutes=1))


def overdue_bounced(stage: Stage, job: Job) -> Going:
    """The warning came back, so they were called."""
    promise = yield from _made(stage, job)
    yield stage.at(job.due - 2, "10:05")
    stage.may_be_late(promise, job, left="2")
    yield stage.now + SOON
    message = stage.mail(promise, job, Kind.MAY_BE_LATE)
    yield stage.at(job.due - 2, "11:40")
    message.refresh_from_db()
    outbox.bounced(message, stage.now, "550 5.1.1 The address is not known here.")
    yield stage.at(job.due - 1, "09:25")
    stage.tell(promise, job, Kind.MAY_BE_LATE, spoken=True)
    outbox.see_to(message, stage.now)


def bounced_lately(stage: Stage, job: Job) -> Going:
    """A progress mail to somebody who has left came back, and nobody has seen to it."""
    promise = yield from _made(stage, job, estimate=True)
    yield stage.sometime(-2, job)
    stage.update(promise, job, 60, left="1.5")
    yield stage.now + SOON
    message = stage.mail(promise, job, Kind.PROGRESS)
    yield stage.now + timedelta(minutes=12)
    message.refresh_from_db()
    outbox.bounced(message, stage.now, "550 5.1.1 The address is not known here.")


def overdue_told(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, steps=True)
    yield stage.sometime(job.due - 2, job, early=True)
    stage.may_be_late(promise, job, left="7")
    yield stage.at(job.due - 1, "09:50")
    stage.tell(promise, job, Kind.MAY_BE_LATE)
    yield stage.at(-1, "15:20")
    stage.update(promise, job, 80, left="3", note=True)


def overdue_refused(stage: Stage, job: Job) -> Going:
    """They were told and asked in time, and did not agree: the date stays."""
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due - 3, job, early=True)
    stage.may_be_late(promise, job, left="3")
    yield stage.now + SOON
    stage.tell(promise, job, Kind.MOVED, new=stage.due(job, 4))
    yield stage.now + SOON
    extension = stage.extend(promise, job, 4, Reason.OUR_PLANNING)
    yield stage.sometime(job.due - 1, job)
    stage.answer(extension, job, agreed=False, words="The bank will not wait for us.")


def overdue_waiting(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(job.due - 3, job)
    _wait(stage, job, promise)
    yield stage.at(job.due - 1, "11:15")
    stage.tell(promise, job, Kind.MAY_BE_LATE)


def overdue_told_after(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.at(job.due + 1, "09:35")
    stage.tell(promise, job, Kind.LATE, spoken=True)


def at_risk_silent(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, steps=True, estimate=True)
    yield stage.sometime(-2, job)
    stage.update(promise, job, 20, left=str(job.hours), note=True)


def at_risk_told(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, steps=True, estimate=True)
    yield stage.at(-2, "10:35")
    stage.may_be_late(promise, job, left=str(job.hours), word_by=0)
    yield stage.at(-1, "09:15")
    stage.tell(promise, job, Kind.MAY_BE_LATE)


def asked_for_later(stage: Stage, job: Job) -> Going:
    """Told, asked, and not answered yet."""
    promise = yield from _made(stage, job, estimate=True)
    yield stage.at(-2, "11:05")
    stage.may_be_late(promise, job, left=str(job.hours))
    yield stage.now + SOON
    stage.tell(promise, job, Kind.MOVED, new=stage.due(job, job.due + 4))
    yield stage.now + SOON
    stage.extend(promise, job, job.due + 4, Reason.MORE_WORK)


def not_moving(stage: Stage, job: Job) -> Going:
    """Half done, and nobody has said a word for a week and more."""
    promise = yield from _made(stage, job, estimate=True)
    yield stage.sometime(-8, job)
    stage.update(promise, job, 50, left="1")


def on_track(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(max(job.made + 1, -2), job)
    stage.update(promise, job, 60, left=_left(job), note=job.rng.random() < 0.3)


def seems_done(stage: Stage, job: Job) -> Going:
    """Finished yesterday, so it is said; not delivered yet."""
    promise = yield from _made(stage, job, steps=True)
    yield stage.at(-1, "15:45")
    actions.update(
        promise,
        standing=Standing.DONE,
        per_cent=100,
        text="It is finished here. It goes to you after a last look.",
        by=stage.hand(job.owner),
        now=stage.now,
    )


def watched(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, steps=True, estimate=True)
    yield stage.sometime(-2, job)
    stage.update(promise, job, 40, left=str(round(job.hours * 0.6, 1)))


def later(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job)
    yield stage.sometime(max(job.made + 1, -1), job)
    stage.update(promise, job, 40)


def waiting(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, steps=True)
    yield stage.sometime(max(job.made + 1, -2), job)
    stage.update(promise, job, 50, left="1")
    yield stage.now + SOON
    _wait(stage, job, promise)
    yield stage.now + SOON
    stage.tell(promise, job, Kind.PROGRESS)


def open_again(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, estimate=True)
    yield stage.at(-4, "10:10")
    stage.deliver(promise, job)
    yield stage.at(-2, "14:30")
    actions.reopen(promise, reason="The client found an old address in it.", by=stage.hand(job.owner), now=stage.now)
    yield stage.now + SOON
    stage.update(promise, job, 85, left="0.5")


def handed_over(stage: Stage, job: Job) -> Going:
    promise = yield from _made(stage, job, estimate=True)
    yield stage.at(-3, "09:30")
    lead = job.client.lead
    assert lead
    actions.reassign(promise, lead, by=lead, now=stage.now)
    yield stage.at(-2, "13:20")
    stage.update(promise, job, 30, left="2")


def _wait(stage: Stage, job: Job, promise: Promise) -> None:
    actions.wait_for_client(promise, WAITING[job.trade], stage.working_days[1], stage.hand(job.owner), stage.now)


def _left(job: Job) -> str:
    # A third of the free hours that remain, at the most: it is on track and says so.
    return str(round(min(job.hours * 0.4, 0.25 + 1.5 * job.due), 2))


Story = Callable[[Stage, Job], Going]
