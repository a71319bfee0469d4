"""One line of text, read for the person who typed it: with the clients they may see and the people who work here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from clients.choices import LONGEST_KEY
from clients.models import Client
from engagement.staff.models import Firm, User
from promises.due import Due, due_for
from promises.models import Promise
from promises.quick_add import MOST_CHOICES, Line, Named, first_words, matching, read_line, words_in

# A text with more words is a pasted mail: they would take longer to look for than all names to read.
MOST_WORDS = 60
OTHER_LETTERS = "[^ -~]"


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
    names = tuple(clients.filter(may_be_meant(text, here_pk)).values_list("pk", "name"))
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


def may_be_meant(text: str, here_pk: str = "") -> Q:
    """All clients whom the line may mean, and few others: what they are called is compared letter by letter here.

    A database folds capitals and accents otherwise than we do, so names with other letters than A to Z are all read.
    """
    here = Q(pk=here_pk) if here_pk.isascii() and here_pk.isdigit() and len(here_pk) < LONGEST_KEY else Q()
    if named := first_words(text):
        return reduce(or_, (_begins_with(word) for word in named), Q(name__regex=OTHER_LETTERS) | here)
    words = [re.escape(word) for word in words_in(text) if word.isascii()]
    if len(words) > MOST_WORDS:
        return Q()
    # Merely mentioned: the name stands in the line, from its first word on.
    mentioned = rf"^[^a-z0-9]*({'|'.join(words)})([^a-z0-9]|$)"
    return Q(name__regex=OTHER_LETTERS) | (Q(name__iregex=mentioned) if words else Q()) | here


def _begins_with(word: str) -> Q:
    """Some word of the name does; or the name written as one, as in "@karoolinen"."""
    if not word.isascii():
        return Q(pk=None)
    return Q(name__icontains=word) | Q(name__iregex="^[^a-z0-9]*" + "[^a-z0-9]*".join(map(re.escape, word)))


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
