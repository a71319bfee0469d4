"""A firm in which anything happens, in any order: people come and go, clients are shut off, nothing runs for hours.

Nobody in it tells a client because a reminder asked them to, so that every date that passes shows whether somebody was
asked in time who could still have done so. Letters are written too, and come back.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from django.core import mail
from django.core.exceptions import ValidationError

from clients.actions import make_client, save_client, save_contact
from clients.models import Client, Contact
from conftest import DAY, HOUR, NOW, ZONE
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message
from engagement.staff import actions as staff
from engagement.staff.diary import Diaries
from engagement.staff.models import Absence, Firm, Role, User, WorkingWeek
from engagement.staff.worktime import NoWorkingTime, next_working_moment
from promises import actions
from promises.actions.digest import write_digests
from promises.due import due_for
from promises.models import Promise, Reminder, Standing, Telling

TICK, MINUTE = timedelta(minutes=15), timedelta(minutes=1)
SOMETHING_EVERY = timedelta(hours=6)
# What changes so shortly before the date may come too late for anybody to be asked.
NOTICE = timedelta(hours=4)
NEVER = datetime.max.replace(tzinfo=UTC)
PEOPLE = [
    # name, role, manager
    ("Ada", Role.ADMINISTRATOR, None), ("Mara", Role.MANAGER, None), ("Max", Role.MANAGER, None),
    ("Thandi", Role.STAFF, "Mara"), ("Sam", Role.STAFF, "Max"), ("Zoe", Role.STAFF, None), ("Ina", Role.STAFF, "Mara"),
]  # fmt: skip
ZONES = [ZONE, "America/New_York", "Pacific/Auckland", "Europe/London"]
AFTERNOONS, WEDNESDAYS = [[["13:00", "17:00"]]] * 5 + [[], []], [[], [], [["09:00", "17:00"]], [], [], [], []]
HOURS_AHEAD = [5, 8, 26, 50, 75, 120, 200, 300]
ESTIMATES = [None, Decimal(1), Decimal(6), Decimal(20)]
BEGUN_AFTER = [0, 0, 1, 5, 26, 50, 90]


class AnyFirm:
    def __init__(self, seed: int, promises: int) -> None:
        self.chance = Random(seed)
        self.firm = Firm.objects.create(pk=1, name="Word & Co", zone=ZONE, holiday_region="ZA")
        self.ada, *_others = people = self._hire()
        self.clients = [self._client(number, people) for number in range(4)]
        self.jobs = sorted((self._moment(BEGUN_AFTER), self._moment(HOURS_AHEAD) - NOW) for _ in range(promises))
        # What happened, and what should not have.
        self.story: list[str] = []
        self.wrong: list[str] = []
        self.dates_judged = self.letters_read = 0
        # From when on a date needs a reminder; who said lately that it holds; when nothing ran.
        self.owed_from: dict[int, datetime] = {}
        self.believed: set[int] = set()
        self.stood_still: list[tuple[datetime, datetime]] = []
        self.people_changed_at = NOW

    def run(self) -> AnyFirm:
        before, now = NOW - TICK, NOW
        end, next_at = max(begun + ahead for begun, ahead in self.jobs) + DAY, NOW
        while now < end:
            if next_at <= now:
                next_at = now + SOMETHING_EVERY * self.chance.expovariate(1)
                self._something(now)
            while self.jobs and self.jobs[0][0] <= now:
                self._promise(now, self.jobs.pop(0)[1])
            if not self._stands_still(now):
                self._tick(now)
            for promise in Promise.objects.open().filter(due_at__gt=before, due_at__lte=now, told_at=None):
                self._judge(promise)
            before, now = now, now + TICK
        return self

    # What the product does

    def _tick(self, now: datetime) -> None:
        actions.look_at_due(now)
        write_digests(now)
        # Alarms that arise together leave together, some seconds later.
        outbox.send_waiting(now + MINUTE)
        for letter in mail.outbox[self.letters_read :]:
            message = Message.objects.get(message_id=letter.extra_headers["Message-ID"])
            if message.person_id:
                self._must_be_for(User.objects.get(pk=message.person_id), message, now)
        self.letters_read = len(mail.outbox)

    def _must_be_for(self, reader: User, message: Message, now: datetime) -> None:
        if not reader.is_active:
            self.wrong.append(f"{now}: {reader} has left, and was written to")
        for promise in Promise.objects.select_related("client"):
            if promise.what in message.body and not promise.client.may_be_seen_by(reader):
                self.wrong.append(f"{now}: {reader} read of {promise.what}, which they may not see")

    def _judge(self, promise: Promise) -> None:
        """A date passed that the client was not told of: was anybody asked who could have told them?"""
        due, owed_from = promise.due_at, self.owed_from[promise.pk]
        late = max(owed_from, self.people_changed_at, *self._stood_still_before(due))
        if promise.pk in self.believed or due - late < NOTICE:
            return
        self.dates_judged += 1
        asked: dict[int, datetime] = {}
        for reminder in promise.reminders.filter(about_due_at=due, message__sent_at__range=(owed_from, due)):
            asked[reminder.person_id] = min(asked.get(reminder.person_id, due), reminder.message.sent_at or due)
        could = [one for one in User.objects.active() if promise.client.may_be_seen_by(one)]
        if not any(one.pk in asked for one in could):
            self.wrong.append(f"{due}: nobody was asked about {promise.what}\n{_reminders(promise)}")
            return
        diaries = Diaries(self.firm)
        diaries.read(could)
        in_time = [one for one in could if one.pk in asked and _is_at_work(one, asked[one.pk], diaries) < due]
        might = [one for one in could if one.is_manager or one.pk == promise.owner_id]
        from_then = max(late, promise.tell_by_at) + TICK
        if not in_time and any(_is_at_work(one, from_then, diaries) < due - NOTICE for one in might):
            self.wrong.append(f"{due}: asked about {promise.what} was nobody who was there\n{_reminders(promise)}")

    def _stood_still_before(self, moment: datetime) -> list[datetime]:
        return [last for first, last in self.stood_still if first < moment]

    def _stands_still(self, now: datetime) -> bool:
        return any(first <= now < last for first, last in self.stood_still)

    # Who works here, and for whom

    def _hire(self) -> list[User]:
        made: dict[str | None, User] = {}
        for name, role, manager in PEOPLE:
            made[name] = User.objects.create_user(
                email=f"{name.lower()}@word.example", password="a long enough password", name=name, role=role,
                zone=ZONE, manager=made.get(manager),
            )  # fmt: skip
        return list(made.values())

    def _client(self, number: int, people: list[User]) -> Client:
        lead, members = people[3 + number], people[3:5]
        client = Client(name=f"Client {number}", zone=self.chance.choice(ZONES), lead=lead, restricted=number == 3)
        make_client(client, self.ada, NOW - 30 * DAY, members=members)
        contact = Contact(client=client, name="Lena", email=f"lena{number}@client.example")
        save_contact(contact, self.ada, NOW - 30 * DAY)
        return client

    def _moment(self, hours: list[int]) -> datetime:
        return NOW + timedelta(hours=self.chance.choice(hours) * self.chance.uniform(0.8, 1.4))

    def _active(self) -> list[User]:
        return list(User.objects.active().order_by("pk"))

    def _anybody(self) -> User:
        """Somebody who is here; the administrator too, where nobody else is."""
        here = self._active()
        return self.chance.choice([one for one in here if one.pk != self.ada.pk] or here)

    def _any_client(self) -> Client:
        return Client.objects.get(pk=self.chance.choice(self.clients).pk)

    def _any_open(self, *, due_after: datetime = NOW) -> Promise | None:
        found = Promise.objects.open().filter(due_at__gt=due_after).select_related("client", "owner").order_by("pk")
        return self.chance.choice(list(found)) if found else None

    # What people do

    def _promise(self, now: datetime, ahead: timedelta) -> None:
        client = self._any_client()
        owners = [one for one in self._active() if client.may_be_seen_by(one)]
        owner = self.chance.choice(owners)
        local = (now + ahead).astimezone(client.zoneinfo)
        by_the_hour = local.time().replace(second=0, microsecond=0) if self.chance.random() < 0.5 else None
        due = due_for(client, self.firm, local.date(), by_the_hour)
        if due.at <= now:
            return
        promise = actions.make(
            client=client, contact=client.contacts.get(), what=f"Job {Promise.objects.count():03}", due=due,
            owner=owner, by=owner, now=now, estimate_hours=self.chance.choice(ESTIMATES),
        )  # fmt: skip
        self.owed_from[promise.pk] = now
        self._tell_story(now, f"{owner} promises {promise.what} to {client} by {due.at}, tell by {promise.tell_by_at}")

    def _something(self, now: datetime) -> None:
        happens = self.chance.choice(EVENTS)
        with suppress(actions.Refused, staff.Refused, ValidationError):
            if words := happens(self, now):
                self._tell_story(now, words)
                if happens in ABOUT_PEOPLE:
                    self.people_changed_at = now

    def _tell_story(self, now: datetime, words: str) -> None:
        self.story.append(f"{now:%a %d %H:%M} {words}")

    def goes_away(self, now: datetime) -> str:
        person = self.chance.choice(self._active())
        first = (now + self.chance.choice([0, 0, 1, 2, 4]) * DAY).date()
        away = Absence(user=person, first_day=first, last_day=first + self.chance.choice([0, 1, 3, 8]) * DAY)
        away.cover = self.chance.choice([None, *(one for one in self._active() if one != person)])
        away.full_clean()
        staff.save_absence(away, now=now)
        return f"{person} is away {first} to {away.last_day}, cover {away.cover}"

    def is_there_after_all(self, now: datetime) -> str:
        away = self.chance.choice([None, *Absence.objects.order_by("pk").select_related("user")])
        if away is None:
            return ""
        staff.remove_absence(away, now=now)
        return f"{away.user} is there after all, {away.first_day} to {away.last_day}"

    def leaves(self, now: datetime) -> str:
        person = self._anybody()
        staff.leave(person, by=self.ada, now=now)
        return f"{person} leaves"

    def comes_back(self, now: datetime) -> str:
        person = User.objects.filter(is_active=False).order_by("pk").first()
        if person is None:
            return ""
        staff.come_back(person, now=now)
        return f"{person} is back"

    def has_another_manager(self, now: datetime) -> str:
        person = self._anybody()
        person.manager = self.chance.choice(
            [None, *(one for one in self._active() if one.is_manager and one != person)]
        )
        staff.change_person(person, by=self.ada, now=now)
        return f"{person} has manager {person.manager}"

    def has_another_role(self, now: datetime) -> str:
        person = self._anybody()
        person.role = self.chance.choice([Role.MANAGER, Role.STAFF])
        staff.change_person(person, by=self.ada, now=now)
        return f"{person} is {person.role}"

    def has_another_week(self, now: datetime) -> str:
        week = WorkingWeek(
            user=self._anybody(), valid_from=now.date(), hours=self.chance.choice([AFTERNOONS, WEDNESDAYS])
        )
        week.full_clean()
        staff.save_week(week, now=now)
        return f"{week.user} works {'afternoons' if week.hours == AFTERNOONS else 'on Wednesdays'}"

    def firm_moves(self, now: datetime) -> str:
        self.firm.zone = self.chance.choice(ZONES)
        staff.change_firm(self.firm, fields=["zone"], now=now)
        return f"the firm is in {self.firm.zone}"

    def is_shut_off_or_opened(self, now: datetime) -> str:
        client, here = self._any_client(), self._active()
        client.restricted = not client.restricted
        members = self.chance.sample(here, min(2, len(here)))
        save_client(client, self.ada, now, members=members)
        return f"{client} is {f'for {members}' if client.restricted else 'open to all'}"

    def is_handed_over(self, now: datetime) -> str:
        if not (promise := self._any_open()):
            return ""
        to = self.chance.choice([one for one in self._active() if promise.client.may_be_seen_by(one)])
        actions.reassign(promise, to, self.ada, now)
        return f"{promise.what} is {to}'s"

    def holds(self, now: datetime) -> str:
        if not (promise := self._any_open()):
            return ""
        actions.update(promise, standing=Standing.ON_TRACK, by=promise.owner, now=now)
        self.believed.add(promise.pk)
        return f"{promise.owner} says that {promise.what} holds"

    def may_not_hold(self, now: datetime) -> str:
        if not (promise := self._any_open()):
            return ""
        actions.update(promise, standing=Standing.MAY_BE_LATE, by=promise.owner, now=now)
        self.believed.discard(promise.pk)
        return f"{promise.owner} says that {promise.what} may be late"

    def waits_for_the_client(self, now: datetime) -> str:
        if not (promise := self._any_open()):
            return ""
        if not actions.stop_waiting(promise, promise.owner, now):
            actions.wait_for_client(promise, "The measures.", None, promise.owner, now)
        return f"{promise.what} waits for the client, or no longer"

    def letter_comes_back(self, now: datetime) -> str:
        promise = self._any_open(due_after=now + 2 * NOTICE)
        if promise is None or promise.told_at or self._stands_still(now):
            return ""
        letter = actions.write_to_client(
            [actions.Said(promise, Telling.Kind.MAY_BE_LATE)], client=promise.client, contact=promise.contact,
            subject="The date", body="It may be late.", occasion=f"letter {now}",
            by=promise.owner, now=now - 2 * MINUTE,
        )  # fmt: skip
        outbox.send_waiting(now - MINUTE)
        letter.refresh_from_db()
        if not outbox.bounced(letter, now, "no such mailbox"):
            return ""
        Contact.objects.filter(pk=promise.contact_id).update(bounced_at=None)
        return self._owed_anew(promise, now, "was told of by a letter that came back")

    def is_moved(self, now: datetime) -> str:
        if not (promise := self._any_open(due_after=now)):
            return ""
        on = (promise.due_at + self.chance.choice([1, 2, 5]) * DAY).astimezone(promise.zoneinfo).date()
        why = {"reason": "more_work", "reason_text": "There is more to it.", "asked_by": "us"}
        due = due_for(promise.client, self.firm, on, None)
        asked = actions.extend(promise, due, by=promise.owner, now=now, **why)
        actions.answer(asked, agreed=True, answered_at=now, by=promise.owner, now=now)
        return self._owed_anew(promise, now, f"is moved to {due.at}")

    def is_not_done_after_all(self, now: datetime) -> str:
        if not (promise := self._any_open(due_after=now + HOUR)):
            return ""
        actions.deliver(promise, delivered_at=now - MINUTE, by=promise.owner, now=now - MINUTE)
        actions.reopen(promise, reason="Not done.", by=self.ada, now=now)
        return self._owed_anew(promise, now, "is not done after all")

    def _owed_anew(self, promise: Promise, now: datetime, words: str) -> str:
        self.owed_from[promise.pk] = now
        self.believed.discard(promise.pk)
        return f"{promise.what} {words}"

    def nothing_runs(self, now: datetime) -> str:
        until = now + self.chance.choice([1, 3, 8]) * HOUR
        self.stood_still.append((now, until))
        return f"nothing runs until {until}"


def _is_at_work(person: User, moment: datetime, diaries: Diaries) -> datetime:
    """When they next are."""
    with suppress(NoWorkingTime):
        return next_working_moment(diaries.of(person), moment)
    return NEVER


def _reminders(promise: Promise) -> str:
    rows = Reminder.objects.filter(promise=promise).select_related("message", "person").order_by("at", "pk")
    return "\n".join(f"    {one.at} {one.kind} {one.person} {one.message.state} {one.message.sent_at}" for one in rows)


Event = Callable[[AnyFirm, datetime], str]
# Who is there, and who may see what.
ABOUT_PEOPLE: set[Event] = {
    AnyFirm.goes_away, AnyFirm.is_there_after_all, AnyFirm.leaves, AnyFirm.comes_back, AnyFirm.has_another_manager,
    AnyFirm.has_another_role, AnyFirm.has_another_week, AnyFirm.firm_moves, AnyFirm.is_shut_off_or_opened,
    AnyFirm.is_handed_over,
}  # fmt: skip
# In the same order for the same seed.
EVENTS: list[Event] = [
    *sorted(ABOUT_PEOPLE, key=lambda event: event.__name__),
    AnyFirm.goes_away, AnyFirm.goes_away, AnyFirm.holds, AnyFirm.may_not_hold, AnyFirm.waits_for_the_client,
    AnyFirm.letter_comes_back, AnyFirm.is_moved, AnyFirm.is_not_done_after_all, AnyFirm.nothing_runs,
]  # fmt: skip
