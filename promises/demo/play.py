"""Hands out the stories and plays them in the order of time, the watch and the outbox beside them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count, cycle

from django.db import transaction

from clients.models import Client
from engagement.staff.models import User
from promises.actions import look_at_due, look_soon
from promises.actions.digest import write_digests
from promises.demo import data, papers, stories, texts
from promises.demo.cast import Cast, assemble, away
from promises.demo.record import keep_record
from promises.demo.stage import Job, Stage, days_for, nothing_leaves, send_ready
from promises.demo.stories import Story
from promises.models import Promise

SEED = 20_260
# The morning messages of so many working days are kept; older ones nobody reads again.
MORNINGS = 5
# When the watch looks round, on working days: first thing, after lunch, after closing.
ROUNDS = ("08:45", "13:05", "17:35")

# What became of the past half-year, out of a hundred and fifty.
PAST: list[tuple[Story, int]] = [
    (stories.kept, 62),
    (stories.early, 42),
    (stories.kept_later, 14),
    (stories.twice_moved, 2),
    (stories.late_told, 9),
    (stories.late_silent, 5),
    (stories.asked_after, 2),
    (stories.withdrawn, 5),
    (stories.withdrawn_after, 1),
    (stories.voided, 3),
    (stories.reopened, 3),
]
# What is open today: the story, the day it is due, the day it was made, the client; and, where the story asks for it,
# the hours it takes and what it is.
PRESENT: list[tuple[Story, int, int, str, int | None, str]] = [
    (stories.overdue_silent, -2, -12, "Marula Foods", 5, "Directors' loan accounts explained"),
    (stories.overdue_in_doubt, -1, -9, "Windhoek Solar", 8, "Roof-lease agreement, marked up"),
    (stories.overdue_bounced, -4, -15, "Thames Street Lettings", 9, "Service charge accounts, two houses"),
    (stories.overdue_told, -3, -20, "Karoo Linen", 16, "Draft of the {month} catalogue"),
    (stories.overdue_refused, -2, -18, "Stellenberg Wynkelder", 12, "Loan schedule for the bank"),
    (stories.overdue_waiting, -6, -17, "Protea Dental", 2, "Medical aid allocations corrected"),
    (stories.overdue_told_after, -9, -21, "Marula Foods", 4, "Cash forecast, thirteen weeks"),
    (stories.at_risk_silent, 4, -11, "Hudson Tea Importers", 10, "Packaging proofs, six flavours"),
    (stories.at_risk_told, 3, -12, "De Linde Architecten", 10, "Shareholders' agreement, first draft"),
    (stories.at_risk_told, 0, -8, "Baobab Books", 2, "Colour samples on the real paper"),
    (stories.asked_for_later, 2, -13, "Ubuntu Youth Trust", 8, "Annual report, tables and charts"),
    (stories.not_moving, 5, -9, "Kalk Bay Boatyard", 6, "Draft lease for berth 17"),
    (stories.not_moving, 6, -10, "Baobab Books", 5, "Type corrections from the printer"),
    (stories.not_moving, 6, -10, "Nkosi family estate", 7, "Letters to the bank and the insurer"),
    (stories.not_moving, 7, -10, "Stellenberg Wynkelder", 4, "Export papers for {month}"),
    (stories.watched, 4, -4, "Baobab Books", 3, "Photo list for the {month} shoot"),
    (stories.watched, 6, -4, "Protea Dental", 16, "Draft annual statements"),
    (stories.seems_done, 4, -10, "Karoo Linen", 6, "Shop fittings drawings"),
    (stories.seems_done, 4, -8, "Marula Foods", 4, "Payroll for {month}"),
    (stories.bounced_lately, 3, -6, "Windhoek Solar", 6, "Supply terms in plain words"),
    (stories.waiting, 2, -6, "Nkosi family estate", 5, "List of the estate's assets"),
    (stories.waiting, 9, -3, "Thames Street Lettings", 6, "Rent roll for {month}"),
    (stories.open_again, 2, -9, "Kalk Bay Boatyard", 5, "Safety policy in plain words"),
    (stories.handed_over, 3, -5, "Ubuntu Youth Trust", 8, "Appeal letter, two versions"),
    (stories.on_track, 2, -6, "Windhoek Solar", None, ""),
    (stories.on_track, 2, -7, "De Linde Architecten", None, ""),
    (stories.on_track, 5, -4, "Stellenberg Wynkelder", None, ""),
    (stories.on_track, 3, -5, "Karoo Linen", None, ""),
    (stories.on_track, 3, -6, "Kalk Bay Boatyard", None, ""),
    (stories.on_track, 4, -4, "Thames Street Lettings", None, ""),
    (stories.on_track, 7, -3, "Karoo Linen", None, ""),
    (stories.on_track, 9, -3, "Marula Foods", None, ""),
    (stories.on_track, 11, -3, "Hudson Tea Importers", None, ""),
    (stories.twice_moved, -5, -18, "Karoo Linen", 12, "Third shop, signage plan"),
    (stories.twice_moved, -5, -16, "De Linde Architecten", 10, "Company registration papers lodged"),
    (stories.later, 14, -5, "Baobab Books", None, ""),
    (stories.later, 13, -6, "Windhoek Solar", None, ""),
    (stories.later, 15, -4, "Ubuntu Youth Trust", None, ""),
    (stories.later, 16, -5, "Nkosi family estate", None, ""),
    (stories.later, 18, -3, "Protea Dental", None, ""),
    (stories.later, 20, -6, "Hudson Tea Importers", None, ""),
    (stories.later, 22, -2, "Stellenberg Wynkelder", None, ""),
    (stories.later, 25, -4, "Kalk Bay Boatyard", None, ""),
    (stories.later, 28, -3, "Thames Street Lettings", None, ""),
    (stories.later, 33, -2, "De Linde Architecten", None, ""),
    (stories.later, 38, -5, "Karoo Linen", 20, "Third shop, window drawings"),
]
# Whose dates slipped more often than anybody's.
UNLUCKY = "Marula Foods"
LATE = (stories.late_told, stories.late_silent, stories.asked_after, stories.withdrawn_after)


@dataclass(frozen=True)
class Played:
    firm: str
    clients: int
    promises: int


def play(now: datetime, progress: Callable[[int, int], None]) -> Played:
    """Fill an empty database, all of it or nothing. `progress` hears how much of the time has been played."""
    with transaction.atomic(), nothing_leaves():
        cast = assemble(now)
        keep_record(cast)
        papers.agree(cast)
        stage = Stage(cast.firm, now, cast.days, away(cast), cast.links)
        going = [story(stage, job) for story, job in _cast_stories(cast)]
        _run(stage, [*going, _watch(stage)], now, progress)
        papers.lately(cast, stage)
        papers.leave_to_be_sealed(now)
        _come_to_the_present(stage, now)
        _lose_a_contact(cast, now)
    return Played(cast.firm.name, Client.objects.count(), Promise.objects.count())


def _run(stage: Stage, going: list[Iterator[datetime]], now: datetime, progress: Callable[[int, int], None]) -> None:
    """Each story goes on at the moment it asked for; moments of the present day and later never come."""
    order = count()
    waiting = [(moment, next(order), story) for story in going if (moment := next(story, None))]
    heapq.heapify(waiting)
    began = waiting[0][0]
    while waiting:
        moment, _place, story = heapq.heappop(waiting)
        if moment >= now:
            continue
        stage.now = moment
        send_ready(moment)
        progress(int((moment - began).total_seconds()), int((now - began).total_seconds()))
        following = next(story, None)
        if following:
            heapq.heappush(waiting, (max(following, moment), next(order), story))


def _watch(stage: Stage) -> Iterator[datetime]:
    for day in range(-130, 1):
        for clock in ROUNDS:
            yield stage.at(day, clock)
            look_at_due(stage.now)
            if clock == ROUNDS[0] and -MORNINGS <= day <= 0:
                write_digests(stage.now)


def _come_to_the_present(stage: Stage, now: datetime) -> None:
    """Everything open is looked at as of now, and what that gave rise to leaves as well."""
    stage.now = now - timedelta(minutes=2)
    send_ready(stage.now)
    look_soon(Promise.objects.open().values_list("pk", flat=True), stage.now)
    look_at_due(stage.now)
    write_digests(stage.now)
    send_ready(now)


def _lose_a_contact(cast: Cast, now: datetime) -> None:
    client = next(client for client in cast.clients if client.name == "Windhoek Solar")
    former = cast.contacts[client.pk][1]
    former.left_at = now - timedelta(days=1)
    former.save(update_fields=["left_at"])


def _cast_stories(cast: Cast) -> Iterator[tuple[Story, Job]]:
    rng = random.Random(SEED)
    roles = _Roles(cast, rng)
    for story, client, due in _past(cast, rng):
        clock = time(12) if story in (stories.kept, stories.early) and rng.random() < 0.15 else None
        job = roles.job(client, due, due - 4, at=clock)
        if story is not stories.voided:
            job.made = due - days_for(job.hours)
        yield story, job
    for story, due, made, name, hours, what in PRESENT:
        job = roles.job(roles.clients[name], due, made, hours, what)
        if story is stories.handed_over:
            job.owner = cast.people["naledi"]
        yield story, job


class _Roles:
    """Gives each story its job. What one is given depends on its number alone, never on the day."""

    def __init__(self, cast: Cast, rng: random.Random) -> None:
        self.cast = cast
        self.clients = {client.name: client for client in cast.clients}
        self.customers = {customer.name: customer for customer in data.CUSTOMERS}
        self.usual = {name: _usual_jobs(customer, rng) for name, customer in self.customers.items()}
        self.number = count(SEED)

    def job(
        self, client: Client, due: int, made: int, hours: int | None = None, what: str = "", at: time | None = None
    ) -> Job:
        rng = random.Random(next(self.number))
        customer = self.customers[client.name]
        trade, usual_what, usual_hours = (customer.trades[0], what, hours) if what else next(self.usual[client.name])
        contacts, scopes = self.cast.contacts[client.pk], self.cast.scopes.get(client.pk, [])
        return Job(
            what=usual_what.format(month=texts.MONTHS[self.cast.days[due].month - 1], number=rng.randint(3, 40)),
            hours=usual_hours or 0,
            trade=trade,
            client=client,
            contact=contacts[0] if rng.random() < 0.75 else contacts[-1],
            # What is told in particular is the lead's; the rest somebody else's now and then.
            owner=self.cast.people[customer.lead] if what else _owner(self.cast, customer, rng),
            made=made,
            due=due,
            rng=rng,
            scope=rng.choice(scopes) if scopes and rng.random() < 0.7 else None,
            due_time=at,
        )


def _past(cast: Cast, rng: random.Random) -> Iterator[tuple[Story, Client, int]]:
    plots = [story for story, times in PAST for _ in range(times)]
    rng.shuffle(plots)
    unlucky = next(client for client in cast.clients if client.name == UNLUCKY)
    for place, story in enumerate(plots):
        due = -2 - place * 112 // len(plots)
        if story in (stories.kept_later, stories.twice_moved, *LATE):
            # There has to be time for what comes after the date.
            due = min(due, -14)
        client = cast.clients[place % len(cast.clients)]
        if story in LATE and place % 2:
            client = unlucky
        yield story, client, due


def _usual_jobs(customer: data.Customer, rng: random.Random) -> Iterator[tuple[str, str, int]]:
    jobs = [(trade, what, hours) for trade in customer.trades for what, hours in texts.JOBS[trade]]
    rng.shuffle(jobs)
    return cycle(jobs)


def _owner(cast: Cast, customer: data.Customer, rng: random.Random) -> User:
    """The lead, and now and then somebody else who may see the client."""
    others = customer.members if customer.restricted else data.OWNERS
    return cast.people[rng.choice(others) if others and rng.random() < 0.2 else customer.lead]
