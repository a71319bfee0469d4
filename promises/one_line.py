"""One line of text, read for the person who typed it: with the clients they may see and the people who work here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from clients.models import Client
from engagement.staff.models import Firm, User
from promises.due import Due, due_for
from promises.models import Promise
from promises.quick_add import MOST_CHOICES, Line, Named, matching, read_line


@dataclass(frozen=True)
class Understood:
    """A line with whom and whom by it means. What is None has to be asked; the choices are what may be meant."""

    line: Line
    client: Client | None
    client_choices: tuple[Named, ...]
    owner: User | None
    owner_choices: tuple[Named, ...]
    due: Due | None
    zone: ZoneInfo

    @property
    def is_whole(self) -> bool:
        return bool(self.line.what and self.client and self.owner and self.due)


def understand(text: str, user: User, firm: Firm, now: datetime, here_pk: str = "") -> Understood:
    """`here_pk` is the client on whose page the line was typed: meant, unless the line names another."""
    clients: QuerySet[Client] = Client.objects.visible_to(user).current()
    names = tuple(clients.values_list("pk", "name"))
    line = _read(text, names, user, user.zoneinfo, now)
    here = next((named for named in names if str(named[0]) == here_pk), None)
    meant, choices = _whom(line, user, here)
    client = clients.filter(pk=meant[0]).first() if meant else None
    zone = client.zoneinfo if client else user.zoneinfo
    if zone != user.zoneinfo:
        # "Tomorrow at four" is the client's tomorrow, and their four o'clock.
        line = _read(text, names, user, zone, now)
    owner, owner_choices = _by_whom(line, user)
    chosen = None if line.no_such_time else line.when.chosen
    due = due_for(client, firm, chosen.day, chosen.time) if client and chosen else None
    return Understood(line, client, choices, owner, owner_choices, due, zone)


def _read(text: str, names: tuple[Named, ...], user: User, zone: ZoneInfo, now: datetime) -> Line:
    local = now.astimezone(zone)
    return read_line(text, today=local.date(), now_time=local.time(), clients=names, language=user.language)


def _whom(line: Line, user: User, here: Named | None) -> tuple[Named | None, tuple[Named, ...]]:
    if line.client.chosen:
        return line.client.chosen, ()
    if line.client.problem != "none":
        return None, line.client.choices
    others = tuple(named for named in line.client.choices if named != here)
    if here:
        return (None, (here, *others)) if others else (here, ())
    return None, others or last_used(user)


def last_used(user: User) -> tuple[Named, ...]:
    """The client this person last promised something: proposed, never taken."""
    theirs = Promise.objects.visible_to(user).filter(made_by=user, client__archived_at=None)
    return tuple(theirs.order_by("-pk").values_list("client_id", "client__name")[:1])


def _by_whom(line: Line, user: User) -> tuple[User | None, tuple[Named, ...]]:
    if line.owner_words is None:
        return user, ()
    people = {person.pk: person for person in User.objects.active()}
    found = matching(line.owner_words, [(pk, person.name) for pk, person in people.items()])
    return (people[found[0][0]], ()) if len(found) == 1 else (None, found[:MOST_CHOICES])
