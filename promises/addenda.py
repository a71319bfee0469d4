"""What an addendum says about promises: which dates it moves, in words, and which it could move."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Case, When
from django.utils import translation

from clients.document.values import MovedDate
from clients.models import Addendum, SentVersion
from engagement.staff.when import speak_due
from promises.models import AddendumMove, Promise

# More than a person reads through. Those that are chosen already come first, so that saving forgets none.
MOST = 100


def spoken(drafted: AddendumMove) -> MovedDate:
    """On paper that lasts: with the year, and the clock that it is read on. The old date is the one in force."""
    promise = drafted.promise
    zone = promise.zoneinfo
    return {
        "what": promise.what,
        "old": speak_due(promise.due_on, promise.due_time, zone, now=None, with_zone=False),
        "new": speak_due(drafted.new_due_on, drafted.new_due_time, zone, now=None),
    }


def moved(drafted: Sequence[AddendumMove]) -> list[MovedDate]:
    """As things stand: what has ended meanwhile, or is due then already, moves not."""
    return [spoken(one) for one in drafted if one.promise.is_open and one.promise.due_at != one.new_due_at]


def still_says(version: SentVersion, drafted: Sequence[AddendumMove]) -> bool:
    """Whether each date in a text that was sent is the one in force. What has ended since may stand in it."""
    said = version.content["dates"]
    with translation.override(version.content["language"]):
        holds = moved(drafted)
        ended = [spoken(one) for one in drafted if not one.promise.is_open]
    return all(date in said for date in holds) and all(date in holds or date in ended for date in said)


def movable(addendum: Addendum) -> tuple[list[Promise], list[Promise]]:
    """Open promises under its scope, and the client's others. Those that it moves already are among them."""
    scope = addendum.scope
    chosen = Case(When(pk__in=addendum.moves.values("promise"), then=0), default=1)
    every = Promise.objects.open().filter(client=scope.client_id).select_related("client", "scope", "owner")
    every = every.order_by(chosen, "due_at", "pk")
    return list(every.filter(scope=scope)[:MOST]), list(every.exclude(scope=scope)[:MOST])
