"""Hands out the stories and plays them in the order of time, the watch and the outbox beside them."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import count

from django.db import transaction

from clients.models import Client
from engagement.staff.models import User
from promises.actions import look_at_due, look_soon
from promises.actions.digest import write_digests
from promises.demo import data, stories
from promises.demo.cast import Cast, assemble, away
from promises.demo.stage import Job, Stage, nothing_leaves, send_ready
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
# What is open today: the story, the day it is due, how long ago it was made, the hours it takes, the client.
PRESENT: list[tuple[Story, int, int, int, str]] = [
    (stories.overdue_silent, -2, 12, 10, "Marula Foods"),
    (stories.overdue_in_doubt, -1, 9, 8, "Windhoek Solar"),
    (stories.overdue_bounced, -4, 15, 9, "Thames Street Lettings"),
    (stories.overdue_told, -3, 20, 16, "Karoo Linen"),
    (stories.overdue_refused, -2, 18, 12, "Stellenberg Wynkelder"),
    (stories.overdue_waiting, -6, 17, 6, "Protea Dental"),
    (stories.overdue_told_after, -9, 21, 14, "Marula Foods"),
    (stories.at_risk_silent, 4, 11, 26, "Hudson Tea Importers"),
    (stories.at_risk_told, 3, 12, 24, "De Linde Architecten"),
    (stories.asked_for_later, 2, 13, 20, "Ubuntu Youth Trust"),
    (stories.not_moving, 6, 14, 6, "Kalk Bay Boatyard"),
    (stories.not_moving, 7, 16, 5, "Baobab Books"),
    (stories.not_moving, 8, 12, 7, "Nkosi family estate"),
    (stories.not_moving, 8, 15, 4, "Stellenberg Wynkelder"),
    (stories.watched, 4, 9, 16, "Baobab Books"),
    (stories.watched, 6, 8, 20, "Protea Dental"),
    (stories.seems_done, 0, 10, 6, "Karoo Linen"),
    (stories.seems_done, 0, 8, 4, "Marula Foods"),
    (stories.bounced_lately, 3, 9, 6, "Windhoek Solar"),
    (stories.waiting, 2, 9, 5, "Nkosi family estate"),
    (stories.waiting, 9, 8, 6, "Thames Street Lettings"),
    (stories.open_again, 2, 14, 5, "Kalk Bay Boatyard"),
    (stories.handed_over, 3, 7, 8, "Ubuntu Youth Trust"),
    (stories.on_track, 1, 8, 4, "Baobab Books"),
    (stories.on_track, 1, 9, 5, "Protea Dental"),
    (stories.on_track, 2, 7, 4, "De Linde Architecten"),
    (stories.on_track, 2, 10, 6, "Stellenberg Wynkelder"),
    (stories.on_track, 3, 12, 8, "Karoo Linen"),
    (stories.on_track, 3, 6, 5, "Kalk Bay Boatyard"),
    (stories.on_track, 4, 9, 7, "Thames Street Lettings"),
    (stories.on_track, 7, 10, 9, "Karoo Linen"),
    (stories.on_track, 9, 8, 6, "Marula Foods"),
    (stories.on_track, 11, 9, 10, "Hudson Tea Importers"),
    (stories.twice_moved, -5, 18, 12, "Karoo Linen"),
    (stories.twice_moved, -3, 16, 10, "De Linde Architecten"),
    (stories.later, 12, 5, 8, "Baobab Books"),
    (stories.later, 13, 6, 9, "Windhoek Solar"),
    (stories.later, 15, 4, 6, "Ubuntu Youth Trust"),
    (stories.later, 16, 5, 12, "Nkosi family estate"),
    (stories.later, 18, 3, 5, "Protea Dental"),
    (stories.later, 20, 6, 10, "Hudson Tea Importers"),
    (stories.later, 22, 2, 7, "Stellenberg Wynkelder"),
    (stories.later, 25, 4, 14, "Kalk Bay Boatyard"),
    (stories.later, 28, 3, 9, "Thames Street Lettings"),
    (stories.later, 33, 2, 11, "De Linde Architecten"),
    (stories.later, 38, 5, 16, "Karoo Linen"),
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
        stage = Stage(cast.firm, now, cast.days, away(cast), cast.links)
        going = [story(stage, job) for story, job in _cast_stories(cast)]
        _run(stage, [*going, _watch(stage)], now, progress)
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
    look_soon(Promise.objects.open().values_list("pk", flat=True), stage.now)  # type: ignore[attr-defined]
    look_at_due(stage.now)
    send_ready(now)


def _lose_a_contact(cast: Cast, now: datetime) -> None:
    client = next(client for client in cast.clients if client.name == "Windhoek Solar")
    former = cast.contacts[client.pk][1]
    former.left_at = now - timedelta(days=1)
    former.save(update_fields=["left_at"])


def _cast_stories(cast: Cast) -> Iterator[tuple[Story, Job]]:
    rng = random.Random(SEED)
    titles = {client.pk: _titles(cast, client, rng) for client in cast.clients}
    customers = dict(zip((client.pk for client in cast.clients), data.CUSTOMERS, strict=True))
    by_name = {client.name: client for client in cast.clients}
    number = count()

    def job(client: Client, due: int, made: int, hours: int | None = None, at: time | None = None) -> Job:
        own = random.Random(SEED + next(number))
        trade, what, usual = next(titles[client.pk])
        month = cast.days[due].strftime("%B")
        contacts, scopes = cast.contacts[client.pk], cast.scopes.get(client.pk, [])
        return Job(
            what=what.format(month=month, number=own.randint(3, 40)),
            hours=hours or usual,
            trade=trade,
            client=client,
            contact=contacts[0] if own.random() < 0.75 else contacts[-1],
            owner=_owner(cast, customers[client.pk], own),
            made=made,
            due=due,
            rng=own,
            scope=own.choice(scopes) if scopes and own.random() < 0.7 else None,
            due_time=at,
        )

    for story, client, due in _past(cast, rng):
        length = rng.randint(6, 14) if story is not stories.voided else 4
        clock = time(12) if story in (stories.kept, stories.early) and rng.random() < 0.15 else None
        yield story, job(client, due, due - length, at=clock)
    for story, due, ago, hours, name in PRESENT:
        yield story, job(by_name[name], due, -ago, hours)


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


def _titles(cast: Cast, client: Client, rng: random.Random) -> Iterator[tuple[str, str, int]]:
    customer = next(customer for customer in data.CUSTOMERS if customer.name == client.name)
    jobs = [(trade, what, hours) for trade in customer.trades for what, hours in data.JOBS[trade]]
    rng.shuffle(jobs)
    while True:
        yield from jobs


def _owner(cast: Cast, customer: data.Customer, rng: random.Random) -> User:
    """The lead, and now and then somebody else who may see the client."""
    others = customer.members if customer.restricted else data.OWNERS
    return cast.people[rng.choice(others) if others and rng.random() < 0.2 else customer.lead]
