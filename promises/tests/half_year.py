"""A firm's half-year: people who work, estimate, forget and fall ill, and who do as the product asks, or do not.

Time is not waited for. The clock goes from one moment at which something happens to the next: what people do comes out
of a heap of moments, what the product does out of its own hints, and both only ever use the product's own actions.
"""

from __future__ import annotations

import heapq
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from random import Random

from django.core import mail
from django.db.models import Min, Q

from clients.actions import make_client, save_contact
from clients.models import Client, Contact
from engagement.outbox import actions as outbox
from engagement.outbox.models import Audience, Message, State
from engagement.staff.actions import save_absence, save_week
from engagement.staff.calendars import Calendar
from engagement.staff.diary import calendar_of
from engagement.staff.models import Absence, Firm, Role, User, WorkingWeek
from engagement.staff.worktime import (
    add_working,
    add_working_days,
    free_hours,
    next_working_moment,
    working_days_between,
)
from promises import actions
from promises.actions.digest import write_digests
from promises.due import due_for
from promises.models import Band, Extension, LoadChange, Outcome, Promise, RiskReading, Standing, Telling

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
# A Monday. The clocks of London are put forward in week 12, those of New York in week 9.
BEGIN = datetime(2026, 1, 5, 7, tzinfo=UTC)
# Whatever is still open by then has been left lying.
THE_END = BEGIN + timedelta(weeks=60)
CLIENTS = 25
CLIENT_ZONES = [
    "Europe/London", "Europe/London", "Europe/London", "Europe/Amsterdam", "America/New_York",
    "America/Los_Angeles", "Africa/Johannesburg", "Asia/Kolkata", "Pacific/Auckland", "Australia/Lord_Howe",
]  # fmt: skip
SPLIT_DAY, SHORT_DAY = [["08:30", "12:30"], ["13:00", "17:00"]], [["09:00", "13:00"]]
# The first five are a firm of their own.
PEOPLE = [
    # name, role, manager, zone, week
    ("Ada Admin", Role.ADMINISTRATOR, None, "Europe/London", None),
    ("Mara Botha", Role.MANAGER, None, "Europe/London", [SPLIT_DAY] * 5 + [[], []]),
    ("Thandi Mokoena", Role.STAFF, "Mara Botha", "Europe/London", [[["08:00", "16:30"]]] * 5 + [[], []]),
    ("Ravi Nair", Role.STAFF, None, "America/New_York", [SPLIT_DAY] * 5 + [[], []]),
    ("Lotte Visser", Role.STAFF, "Ada Admin", "Africa/Johannesburg", [SPLIT_DAY] * 4 + [SHORT_DAY, [], []]),
    ("Ines Costa", Role.STAFF, "Mara Botha", "Europe/Amsterdam", [[], SPLIT_DAY, SPLIT_DAY, SPLIT_DAY, [], [], []]),
    ("Sam Okafor", Role.STAFF, "Mara Botha", "Europe/London", None),
    ("Owen Price", Role.STAFF, "Mara Botha", "Europe/London", [[["10:00", "19:00"]]] * 5 + [[], []]),
]


@dataclass
class Job:
    """What is truly behind a promise; nobody in the firm knows `hours` before they are worked."""

    promise: int
    owner: User
    hours: float
    spent: float = 0.0
    finished_at: datetime | None = None

    @property
    def left(self) -> float:
        return max(0.0, self.hours - self.spent)


@dataclass
class Person:
    user: User
    # What the diary says, and what is true.
    calendar: Calendar = field(init=False)
    there: Calendar = field(init=False)
    jobs: list[Job] = field(default_factory=list)
    # In bed, and nobody knows: no work, no mail, and nothing in any diary.
    ill: list[tuple[date, date]] = field(default_factory=list)
    worked_until: datetime = BEGIN

    def __post_init__(self) -> None:
        self.read_diary()

    def read_diary(self) -> None:
        self.calendar = calendar_of(self.user, Firm.get())
        self.there = replace(self.calendar, absences=(*self.calendar.absences, *self.ill))

    def is_ill(self, now: datetime) -> bool:
        day = now.astimezone(self.user.zoneinfo).date()
        return any(first <= day <= last for first, last in self.ill)


Obeys = Callable[[str, str], bool]


def everybody(reader: str, owner: str) -> bool:
    return True


class HalfYear:
    """`obeys(reader, owner)`: whether who reads an alarm about a promise of `owner` does what it asks."""

    def __init__(self, seed: int, *, weeks: int, promises: int, people: int, obeys: Obeys = everybody) -> None:
        self.chance, self.obeys, self.seen = Random(seed), obeys, Counter()
        # What people do; an event that answers False has touched nothing of the product.
        self.heap: list[tuple[datetime, int, Callable[[datetime], object]]] = []
        self.numbers, self.read_so_far = count(), 0
        self.weeks, self.last_day = weeks, BEGIN + timedelta(weeks=weeks)
        self.firm = Firm.objects.create(pk=1, name="Word & Co", zone="Europe/London", holiday_region="GB-ENG")
        self.people = {person.user.pk: person for person in self._hire(people)}
        self.jobs: dict[int, Job] = {}
        self.clients = [self._client(number) for number in range(CLIENTS)]
        self._plan_absences()
        # Ada runs the office and promises nothing.
        owners = [person for person in self.people.values() if person.user.role != Role.ADMINISTRATOR]
        for _ in range(promises):
            person = self.chance.choice(owners)
            moment = BEGIN + timedelta(weeks=weeks) * self.chance.random()
            self._later(next_working_moment(person.there, moment), lambda now, who=person: self._promise(who, now))
        for person in owners:
            self._later(next_working_moment(person.there, BEGIN), lambda now, who=person: self._work(who, now))

    # The clock

    def run(self) -> HalfYear:
        now, product = BEGIN, BEGIN
        while not self._is_over(now):
            human = self.heap[0][0] if self.heap else THE_END
            now = max(now, min(human, product))
            touched = now >= product
            while self.heap and self.heap[0][0] <= now:
                touched |= heapq.heappop(self.heap)[2](now) is not False
            if touched:
                self._tick(now)
                product = self._wakes_next(now)
        self.ended_at = now
        return self

    def _is_over(self, now: datetime) -> bool:
        return now >= THE_END or (now > self.last_day and not Promise.objects.open().exists())

    def _wakes_next(self, now: datetime) -> datetime:
        """The minute of the product's next tick that finds something due."""
        if LoadChange.objects.exists():
            return now + MINUTE
        hints = [
            Promise.objects.open().aggregate(at=Min("next_look_at"))["at"],
            Message.objects.filter(state=State.WAITING).aggregate(at=Min("not_before"))["at"],
            User.objects.aggregate(at=Min("next_digest_at"))["at"],
        ]
        soonest = min((moment for moment in hints if moment is not None), default=THE_END)
        return max(soonest, now + MINUTE)

    def _tick(self, now: datetime) -> None:
        if Promise.objects.to_look_at(now).exists() or LoadChange.objects.exists():
            actions.look_at_due(now)
        if User.objects.filter(Q(next_digest_at=None) | Q(next_digest_at__lte=now)).exists():
            write_digests(now)
        if Message.objects.ready(now).exists():
            outbox.send_waiting(now)
        for letter in mail.outbox[self.read_so_far :]:
            self._arrives(Message.objects.get(message_id=letter.extra_headers["Message-ID"]), now)
        self.read_so_far = len(mail.outbox)

    def _later(self, moment: datetime, what: Callable[[datetime], object]) -> None:
        heapq.heappush(self.heap, (moment, next(self.numbers), what))

    # Who works here, and for whom

    def _hire(self, people: int) -> list[Person]:
        made: dict[str, User] = {}
        for name, role, manager, zone, hours in PEOPLE[:people]:
            made[name] = user = User.objects.create_user(
                email=f"{name.split()[0].lower()}@word.example", password="a long enough password", name=name,
                role=role, zone=zone, manager=made.get(manager),
            )  # fmt: skip
            if hours:
                week = WorkingWeek(user=user, valid_from=date(2025, 1, 1), hours=hours, share=Decimal("0.65"))
                save_week(week, now=BEGIN)
        return [Person(user) for user in made.values()]

    def _client(self, number: int) -> tuple[Client, Contact]:
        lead = self.chance.choice(list(self.people.values())).user
        client = Client(name=f"Client {number}", zone=CLIENT_ZONES[number % len(CLIENT_ZONES)], lead=lead)
        make_client(client, lead, BEGIN)
        # A few have never given an address: they are called.
        address = "" if number % 8 == 5 else f"contact{number}@client.example"
        contact = Contact(client=client, name=f"Contact {number}", email=address, phone="020 7946 0000")
        save_contact(contact, lead, BEGIN)
        return client, contact

    def _plan_absences(self) -> None:
        """Holidays that the diary knows of a fortnight before, mostly with a cover, and days in bed."""
        everybody = list(self.people.values())
        for person in everybody:
            for _ in range(2):
                first = BEGIN.date() + timedelta(weeks=self.chance.randint(1, 25))
                last = first + timedelta(days=self.chance.choice([4, 4, 11]))
                cover = self.chance.choice([one for one in everybody if one is not person]).user
                away = Absence(user=person.user, first_day=first, last_day=last)
                away.cover = cover if self.chance.random() < 0.8 else None
                noted = datetime.combine(first - timedelta(days=14), time(12), UTC)
                self._later(noted, lambda now, away=away: self._note_absence(away, now))
            if person.user.is_manager:
                # Somebody has to be well: where a whole circle lies in bed unknown, no reminder reaches anybody.
                continue
            for _ in range(3):
                first = BEGIN.date() + timedelta(days=self.chance.randint(3, 7 * 26))
                last = first + timedelta(days=self.chance.randint(0, 2))
                if self.chance.random() < 0.5:
                    person.ill.append((first, last))
                    person.read_diary()
                    continue
                away = Absence(user=person.user, first_day=first, last_day=last)
                noted = datetime.combine(first, time(8, 15), person.user.zoneinfo)
                self._later(noted, lambda now, away=away: self._note_absence(away, now))

    def _note_absence(self, away: Absence, now: datetime) -> None:
        save_absence(away, now=now)
        self.people[away.user_id].read_diary()

    # Promising and working

    def _promise(self, person: Person, now: datetime) -> None:
        client, contact = self.chance.choice(self.clients)
        estimate = min(60.0, max(0.5, round(2 * self.chance.lognormvariate(1.3, 0.9)) / 2))
        days = 1 + round(estimate / 4 * self.chance.uniform(0.6, 2.5) + self.chance.uniform(0, 2))
        if self.chance.random() < 0.05:
            days = 0
        on = add_working_days(person.calendar, now, days).astimezone(client.zoneinfo).date()
        by_the_hour = self.chance.random() < 0.2
        due = due_for(client, self.firm, on, time(self.chance.randint(10, 17), 30) if by_the_hour else None)
        if due.at <= now + 3 * HOUR:
            due = due_for(client, self.firm, on + DAY, None)
        promise = actions.make(
            client=client, contact=contact, what=f"Job {len(self.jobs)}", due=due, owner=person.user, by=person.user,
            now=now, estimate_hours=Decimal(str(estimate)) if self.chance.random() < 0.85 else None,
        )  # fmt: skip
        # Half take longer than was thought, one in six more than twice as long.
        job = Job(promise.pk, person.user, estimate * self.chance.lognormvariate(0.2, 0.65))
        self.jobs[promise.pk] = job
        person.jobs.append(job)

    def _work(self, person: Person, now: datetime) -> bool:
        """Two hours or so have been worked, at what is due first; now and then somebody says how it stands."""
        hours, touched = free_hours(person.there, person.worked_until, now), False
        person.worked_until = now
        in_hand = {job.promise: job for job in person.jobs}
        for promise in Promise.objects.open().filter(pk__in=in_hand).order_by("due_at", "pk"):
            job = in_hand[promise.pk]
            worked = min(hours, job.left)
            job.spent, hours = job.spent + worked, hours - worked
            if job.left <= 0:
                job.finished_at = now
                touched |= self._finished(job, promise, now)
            elif worked and self.chance.random() < 0.08:
                touched |= self._say_how_it_stands(job, promise, now)
            if hours <= 0:
                break
        person.jobs = [job for job in person.jobs if not job.finished_at]
        if person.jobs or now < self.last_day:
            self._later(add_working(person.there, now, 2 * 3600), lambda moment: self._work(person, moment))
        return touched

    def _finished(self, job: Job, promise: Promise, now: datetime) -> bool:
        """Most say so at once; some say that the work is done and hand it over days later; some forget."""
        if self.chance.random() < 0.8:
            self._deliver(job, promise, now)
            return True
        if says_so := self.chance.random() < 0.5:
            actions.update(promise, standing=Standing.DONE, per_cent=100, by=job.owner, now=now)
        forgotten_for = self.chance.randint(2, 6)
        moment = add_working_days(self.people[job.owner.pk].there, now, forgotten_for)
        self._later(moment, lambda then: self._deliver(job, promise, then))
        return says_so

    def _deliver(self, job: Job, promise: Promise, now: datetime) -> None:
        promise.refresh_from_db()
        if promise.is_open:
            took = Decimal(f"{job.hours:.2f}") if self.chance.random() < 0.7 else None
            actions.deliver(promise, delivered_at=now, by=job.owner, now=now, hours_taken=took)

    def _say_how_it_stands(self, job: Job, promise: Promise, now: datetime) -> bool:
        """As well as they know it themselves, which is within a third or so."""
        believed = job.left * self.chance.lognormvariate(-0.1, 0.35)
        if self.chance.random() < 0.5:
            left = Decimal(f"{min(believed, 999):.2f}")
            actions.update(promise, standing=Standing.ON_TRACK, hours_left=left, by=job.owner, now=now)
        else:
            done = min(95, int(100 * job.spent / (job.spent + believed)))
            actions.update(promise, standing=Standing.ON_TRACK, per_cent=done, by=job.owner, now=now)
        self.seen["updates"] += 1
        return True

    # What reminders are for

    def _arrives(self, message: Message, now: datetime) -> None:
        if message.audience == Audience.CLIENT:
            self.seen["letters"] += 1
            if self.chance.random() < 0.04:
                self._later(now + 30 * MINUTE, lambda then: self._comes_back(message, then))
            return
        self.seen[message.kind] += 1
        person = self.people[message.person_id]
        if message.kind == "digest":
            self._later(now + 20 * MINUTE, lambda then: self._remembers(person, then))
            return
        if next_working_moment(person.calendar, now) > now:
            self.seen["alarms out of hours"] += 1
        seen_at = now + timedelta(minutes=self.chance.randint(1, 15))
        if person.is_ill(now):
            seen_at = next_working_moment(person.there, now)
        self._later(seen_at, lambda then: self._reads(person.user, message, then))

    def _remembers(self, person: Person, now: datetime) -> bool:
        """The morning message lists what was finished and never handed over."""
        lying = [job for job in self.jobs.values() if job.owner == person.user and job.finished_at]
        found = Promise.objects.open().filter(pk__in=[job.promise for job in lying])
        remembered = [promise for promise in found if self.chance.random() < 0.3 and not person.is_ill(now)]
        for promise in remembered:
            self._deliver(self.jobs[promise.pk], promise, now)
        return bool(remembered)

    def _comes_back(self, message: Message, now: datetime) -> None:
        message.refresh_from_db()
        self.seen["bounced"] += outbox.bounced(message, now, "mailbox full")

    def _reads(self, reader: User, alarm: Message, now: datetime) -> None:
        for promise in Promise.objects.filter(reminders__message=alarm).distinct().order_by("due_at", "pk"):
            if promise.is_open and promise.told_at is None and self.obeys(reader.name, promise.owner.name):
                self._obey(reader, promise, now)

    def _obey(self, reader: User, promise: Promise, now: datetime) -> None:
        """Done work is handed over; of anything else the client hears, with a new date where one is known."""
        job = self.jobs[promise.pk]
        if job.finished_at:
            self._deliver(job, promise, now)
        elif reader == job.owner and promise.due_at > now and self.chance.random() < 0.35:
            self._ask_for_longer(job, promise, now)
        else:
            self._tell(reader, promise, now)

    def _tell(self, reader: User, promise: Promise, now: datetime) -> None:
        kind = Telling.Kind.MAY_BE_LATE if promise.due_at > now else Telling.Kind.LATE
        said = {"client": promise.client, "contact": promise.contact, "by": reader, "now": now}
        about = [actions.Said(promise, kind)]
        self.seen["told"] += 1
        # When it is urgent one calls, and so one does where a letter has come back.
        if self.chance.random() < 0.5 or not self._has_time_to_write(promise, now):
            actions.record_conversation(about, channel="call", spoken_at=now, text="", **said)
        else:
            occasion = f"half year {next(self.numbers)}"
            actions.write_to_client(about, subject="About the date", body="It may be late.", occasion=occasion, **said)

    def _has_time_to_write(self, promise: Promise, now: datetime) -> bool:
        contact = Contact.objects.get(pk=promise.contact_id)
        return bool(contact.email) and contact.bounced_at is None and promise.due_at > now + 2 * HOUR

    def _ask_for_longer(self, job: Job, promise: Promise, now: datetime) -> None:
        calendar = self.people[job.owner.pk].calendar
        days = 1 + round(job.left * self.chance.lognormvariate(0.2, 0.35) / 3)
        on = add_working_days(calendar, max(now, promise.due_at), days).astimezone(promise.zoneinfo).date()
        asked = actions.Asked(due_for(promise.client, self.firm, on, None), "more_work", "There is more to it.", "us")
        if promise.extensions.filter(old_due_at=promise.due_at, new_due_at=asked.due.at, answer=None).exists():
            # The question came back, or nobody answered it: to ask for the same day once more would be refused.
            self._tell(job.owner, promise, now)
            return
        self.seen["told"] += 1
        self.seen["extensions"] += 1
        if self.chance.random() < 0.6 or not self._has_time_to_write(promise, now):
            spoken = actions.Spoken(promise.contact, "call", now, "")
            reply = actions.Reply(self.chance.random() < 0.8, now)
            actions.extend_and_tell(promise, asked, told=spoken, reply=reply, by=job.owner, now=now)
            return
        written = actions.Written(promise.contact, "A new date", "We need longer.", f"half year {next(self.numbers)}")
        extension = actions.extend_and_tell(promise, asked, told=written, reply=None, by=job.owner, now=now)
        if self.chance.random() < 0.7:
            answered = now + timedelta(days=self.chance.randint(1, 3))
            self._later(answered, lambda then: self._answered(extension.pk, then))

    def _answered(self, extension: int, now: datetime) -> None:
        asked = Extension.objects.get(pk=extension)
        if asked.is_open and asked.new_due_at > now:
            agreed = self.chance.random() < 0.8
            actions.answer(asked, agreed=agreed, answered_at=now, by=asked.promise.owner, now=now)

    # What came of it

    def silent(self) -> list[Promise]:
        """Slipped, or ended late, and the client had heard nothing before the date."""
        slipped = Promise.objects.exclude(slipped_at=None) | Promise.objects.filter(outcome=Outcome.LATE_SILENT)
        return list(slipped.select_related("owner").order_by("pk"))

    def outcomes(self) -> Counter[str]:
        return Counter(Promise.objects.ended().values_list("outcome", flat=True))

    def lead_days(self) -> list[int]:
        """For each date that did not hold: the owner's working days from the first flag about it to the date."""
        days = []
        for promise in Promise.objects.select_related("owner").order_by("pk"):
            zone, calendar = promise.owner.zoneinfo, self.people[promise.owner_id].calendar
            for due in missed(promise):
                flags = RiskReading.objects.filter(promise=promise, band=Band.AT_RISK, at__lt=due, due_at=due)
                if flag := flags.order_by("at").first():
                    first, last = flag.at.astimezone(zone).date(), due.astimezone(zone).date()
                    days.append(working_days_between(calendar, first, last))
        return days

    def report(self) -> str:
        flags = RiskReading.objects.filter(band=Band.AT_RISK)
        lead = self.lead_days()
        return "\n".join(
            [
                f"{Promise.objects.count()} promises: {dict(self.outcomes())}, silent {len(self.silent())}",
                f"{flags.count()} flags on {flags.values('promise').distinct().count()} promises; {dict(self.seen)}",
                f"{len(lead)} dates that did not hold were flagged {statistics.median(lead or [0])} working days before"
                f" in the middle, {sum(days >= 5 for days in lead)} of them five or more",
            ]
        )


def missed(promise: Promise) -> list[datetime]:
    """The dates of a promise that did not hold."""
    dates = [move.old_due_at for move in promise.date_moves.all()]
    if promise.ended_at and promise.ended_at > promise.due_at:
        dates.append(promise.due_at)
    return dates
