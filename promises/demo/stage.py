"""The clock of the demonstration, and the product's own verbs as its people use them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.conf import settings

from clients.actions.links import placeholder
from clients.models import Client, Contact, PrivateLink, Scope
from engagement.outbox import actions as outbox
from engagement.outbox.models import Channel, Message, State
from engagement.staff.calendars import is_working_day
from engagement.staff.diary import firm_calendar
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_due
from engagement.staff.zones import zone_or_utc
from promises import actions, drafts
from promises.actions.base import keep_note
from promises.demo import texts
from promises.due import Due, due_for
from promises.models import Announcement, Promise, Standing, Telling

# Where the working day ends last among the demonstration's clients.
LAST_TO_CLOSE = zone_or_utc("America/New_York")
CLOSING = time(17)
DAY = timedelta(days=1)
# Half of all jobs take more than 1.3 times their estimate, one in eight twice as much.
OVERRUN, SPREAD = 0.262, 0.38


@dataclass
class Job:
    """One promise of the demonstration. Days are counted in working days: -1 is over, 0 is not over yet."""

    what: str
    hours: int
    trade: str
    client: Client
    contact: Contact
    owner: User
    made: int
    due: int
    rng: random.Random
    scope: Scope | None = None
    due_time: time | None = None


@dataclass
class Stage:
    """What happens, happens at `now`, which is moved on by whoever tells the stories."""

    firm: Firm
    now: datetime
    working_days: dict[int, date]
    cover: list[tuple[User, date, date, User]] = field(default_factory=list)
    links: dict[int, PrivateLink] = field(default_factory=dict)
    written: Iterator[int] = field(default_factory=count)

    def at(self, day: int, clock: str) -> datetime:
        wall = datetime.combine(self.working_days[day], time.fromisoformat(clock))
        return wall.replace(tzinfo=self.firm.zoneinfo).astimezone(UTC)

    def sometime(self, day: int, job: Job, *, early: bool = False) -> datetime:
        hour, minute = job.rng.randint(9, 10 if early else 15), job.rng.randint(1, 59)
        return self.at(day, f"{hour:02}:{minute:02}")

    def hand(self, owner: User) -> User:
        """Who does it that day: the owner, or the one who covers for them."""
        today = self.now.astimezone(owner.zoneinfo).date()
        return next((by for who, first, last, by in self.cover if who == owner and first <= today <= last), owner)

    def due(self, job: Job, day: int) -> Due:
        return due_for(job.client, self.firm, self.working_days[day], job.due_time)

    # The verbs

    def make(self, job: Job, *, steps: bool, estimate: bool) -> Promise:
        rng = job.rng
        words: dict[str, Any] = {}
        if rng.random() < 0.35:
            words["client_words"] = rng.choice(texts.CLIENT_WORDS)
        if rng.random() < 0.3:
            words["may_stand_in_the_way"] = rng.choice(texts.OBSTACLES)
        if rng.random() < 0.5:
            words["next_step"] = texts.STEPS[job.trade][1]
        return actions.make(
            client=job.client,
            what=job.what,
            due=self.due(job, job.due),
            owner=job.owner,
            by=self.hand(job.owner),
            now=self.now,
            contact=job.contact,
            scope=job.scope,
            estimate_hours=Decimal(job.hours) if estimate else None,
            steps=texts.STEPS[job.trade] if steps else (),
            **words,
        )

    def update(self, promise: Promise, job: Job, per_cent: int, *, left: str = "", note: bool = False) -> None:
        actions.update(
            promise,
            standing=Standing.ON_TRACK,
            per_cent=per_cent,
            hours_left=Decimal(left) if left else None,
            text=job.rng.choice(texts.PROGRESS[job.trade]) if job.rng.random() < 0.8 else "",
            note=job.rng.choice(texts.NOTES) if note else "",
            by=self.hand(job.owner),
            now=self.now,
        )
        self.tick(promise, per_cent)

    def tick(self, promise: Promise, per_cent: int) -> None:
        steps = list(promise.steps.order_by("place"))
        for step in steps[: len(steps) * per_cent // 100]:
            if step.done_at is None:
                actions.tick_step(step, True, self.hand(promise.owner), self.now)

    def may_be_late(self, promise: Promise, job: Job, left: str, word_by: int | None = None) -> None:
        text, announced = texts.MAY_BE_LATE[job.trade], None
        if word_by is not None:
            day, today = self.working_days[word_by], self.now.astimezone(promise.zoneinfo).date()
            announced = Announcement(day, is_ready=False)
            text = f"{text} {drafts.said_of_delay(job.contact.speaks, announced, today)}"
        actions.update(
            promise,
            standing=Standing.MAY_BE_LATE,
            hours_left=Decimal(left),
            text=text,
            announced=announced,
            by=self.hand(job.owner),
            now=self.now,
        )

    def deliver(self, promise: Promise, job: Job) -> None:
        self.tick(promise, 100)
        actions.deliver(
            promise,
            delivered_at=self.now,
            by=self.hand(job.owner),
            now=self.now,
            text=texts.DONE[job.trade],
            hours_taken=_took(promise, job),
        )

    def note(self, promise: Promise, job: Job, text: str) -> None:
        keep_note(promise, text, self.hand(job.owner), self.now)

    def tell(
        self, promise: Promise, job: Job, kind: str, *, spoken: bool | None = None, new: Due | None = None
    ) -> None:
        """By the contact's own channel: a mail that we write, or a conversation that we record."""
        if spoken is None:
            spoken = job.contact.channel != Channel.EMAIL
        if spoken:
            self._record(promise, job, kind, new)
        else:
            self.mail(promise, job, kind, new)

    def mail(self, promise: Promise, job: Job, kind: str, new: Due | None = None) -> Message:
        promise.refresh_from_db()
        by = self.hand(job.owner)
        subject, body = self._letter(promise, job, kind, new, by)
        message = actions.write_to_client(
            [actions.Said(promise, kind)],
            client=job.client,
            contact=job.contact,
            subject=subject,
            body=body,
            occasion=f"demonstration:{next(self.written)}",
            by=by,
            now=self.now,
        )
        assert message
        return message

    def extend(self, promise: Promise, job: Job, day: int, reason: str, asked_by: str = "us") -> Any:
        telling = promise.tellings.filter(kind=Telling.Kind.MOVED).order_by("-at").first()
        return actions.extend(
            promise,
            self.due(job, day),
            reason=reason,
            reason_text=texts.REASONS[reason],
            asked_by=asked_by,
            by=self.hand(job.owner),
            now=self.now,
            telling=telling,
        )

    def answer(self, extension: Any, job: Job, *, agreed: bool, words: str) -> None:
        actions.answer(
            extension, agreed=agreed, answered_at=self.now, by=self.hand(job.owner), now=self.now, words=words
        )

    def _record(self, promise: Promise, job: Job, kind: str, new: Due | None) -> None:
        promise.refresh_from_db()
        contact = job.contact
        channel = contact.channel if contact.channel != Channel.EMAIL else Channel.CALL
        actions.record_conversation(
            [actions.Said(promise, kind)],
            client=job.client,
            contact=contact,
            channel=channel,
            spoken_at=self.now - timedelta(minutes=10),
            text=self._sentence(promise, job, kind, new, "en"),
            by=self.hand(job.owner),
            now=self.now,
        )

    def _sentence(self, promise: Promise, job: Job, kind: str, new: Due | None, language: str) -> str:
        text = texts.DONE if kind == Telling.Kind.DONE else texts.MAY_BE_LATE
        if kind == Telling.Kind.PROGRESS:
            said = job.rng.choice(texts.PROGRESS[job.trade])
        elif kind == Telling.Kind.MOVED:
            said = ""
        else:
            said = text[job.trade]
        template = str(texts.LETTERS[language][str(kind)])
        words = {
            "what": promise.what,
            "text": said,
            "due": self._spoken(promise.due_on, promise.due_time, job, language),
            "new": self._spoken(new.on, new.time, job, language) if new else "",
        }
        return " ".join(template.format(**words).split())

    def _spoken(self, on: date, at_time: time | None, job: Job, language: str) -> str:
        zone = job.client.zoneinfo
        return speak_due(on, at_time, zone, now=self.now, language=language, with_zone=at_time is not None)

    def _letter(self, promise: Promise, job: Job, kind: str, new: Due | None, by: User) -> tuple[str, str]:
        letter: dict[str, Any] = texts.LETTERS[job.contact.speaks]
        lines = [letter["dear"].format(name=job.contact.name.split()[0]), ""]
        lines += [self._sentence(promise, job, kind, new, job.contact.speaks), ""]
        link = self.links.get(job.client.pk)
        if link and kind == Telling.Kind.MADE:
            lines += [letter["link"], placeholder(link), ""]
        lines += [letter["end"], by.name, f"{by.title}, {self.firm.name}"]
        return letter["subject"][str(kind)].format(what=promise.what), "\n".join(lines)


def days_for(hours: int) -> int:
    """For how many working days ahead such work is promised: nobody does one thing at a time."""
    return 8 + hours // 8


def hours_for(hours: int, rng: random.Random) -> Decimal:
    """What it took in the end, to the quarter of an hour."""
    return max(Decimal(round(hours * rng.lognormvariate(OVERRUN, SPREAD) * 4)), Decimal(1)) / 4


def _took(promise: Promise, job: Job) -> Decimal | None:
    """Two in three say what it took. Drawn apart, so that the story goes on as it would have."""
    rng = random.Random(f"{job.what} {job.due}")
    said = promise.estimate_hours is not None and rng.random() < 0.67
    return hours_for(job.hours, rng) if said else None


@contextmanager
def nothing_leaves() -> Iterator[None]:
    """The outbox goes through all its states, but its mails go to Django's backend that drops them."""
    before = settings.DELIVERY_BACKEND
    settings.DELIVERY_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    try:
        yield
    finally:
        settings.DELIVERY_BACKEND = before


def send_ready(now: datetime) -> None:
    for pk in list(Message.objects.ready(now).order_by("not_before").values_list("pk", flat=True)):
        outbox.deliver(pk, now)


def leave_in_doubt(message: Message, now: datetime) -> None:
    """As when the sender is switched off between the mail server's answer and the note of it."""
    Message.objects.filter(pk=message.pk).update(
        state=State.SENDING, attempts=1, lease_until=now + timedelta(minutes=5)
    )
    outbox.settle_abandoned(now + timedelta(minutes=5))


def count_working_days(firm: Firm, now: datetime, back: int, ahead: int) -> dict[int, date]:
    """Working days by number: -1 is over for every client, 0 is the next to end, today if it has not ended here."""
    calendar = firm_calendar(firm)
    today = now.astimezone(firm.zoneinfo).date()
    numbered: dict[int, date] = {}
    day, number = today, 0
    while number > -back:
        over = datetime.combine(day, CLOSING, tzinfo=LAST_TO_CLOSE) <= now
        if over and is_working_day(calendar, day):
            number -= 1
            numbered[number] = day
        day -= DAY
    day, number = today, 0
    while number < ahead:
        still = datetime.combine(day, CLOSING, tzinfo=firm.zoneinfo) > now
        if still and is_working_day(calendar, day):
            numbered[number] = day
            number += 1
        day += DAY
    return numbered
