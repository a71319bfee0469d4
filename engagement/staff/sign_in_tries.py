"""How often somebody may try to sign in (docs/signing_in.md says why so often)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest

from engagement.staff import known_browsers
from engagement.staff.http import visitor_address
from engagement.staff.models import User
from engagement.staff.throttle import Limit

WHILE = timedelta(minutes=15)
TRIES_FOR_AN_ADDRESS = Limit("address", 10, WHILE)
TRIES_FROM_A_PLACE = Limit("place", 50, WHILE)
TRIES_IN_A_KNOWN_BROWSER = Limit("known browser", 10, WHILE)
TRIES_AT_THE_SECOND_STEP = Limit("second step", 5, WHILE)
SECOND_STEPS_IN_A_KNOWN_BROWSER = Limit("second step in a known browser", 5, WHILE)
TRIES_OF_ONES_OWN_PASSWORD = Limit("own password", 10, WHILE)
MAILS_TO_AN_ADDRESS = Limit("password mail", 3, WHILE)


@dataclass(frozen=True)
class Tries:
    """What one try counts against: everything at once, so that no counter is spared by another's refusal."""

    counters: tuple[tuple[Limit, str], ...]

    def take(self) -> bool:
        return all([limit.take(who) for limit, who in self.counters])

    def was_right(self) -> None:
        """The first counter begins anew; the others are shared, and get this one try back."""
        (limit, who), *shared = self.counters
        limit.forget(who)
        for other, place in shared:
            other.give_back(place)


def at_the_password(request: HttpRequest, email: str) -> Tries:
    if mark := known_browsers.mark_of(request, email):
        return _tries([(TRIES_IN_A_KNOWN_BROWSER, mark)])
    return _tries([(TRIES_FOR_AN_ADDRESS, email), (TRIES_FROM_A_PLACE, visitor_address(request))])


def at_the_second_step(request: HttpRequest, user: User) -> Tries:
    if mark := known_browsers.mark_of(request, user.email):
        return _tries([(SECOND_STEPS_IN_A_KNOWN_BROWSER, mark)])
    return _tries([(TRIES_AT_THE_SECOND_STEP, str(user.pk))])


def of_ones_own_password(user: User) -> Tries:
    return _tries([(TRIES_OF_ONES_OWN_PASSWORD, str(user.pk))])


def _tries(counters: Iterable[tuple[Limit, str]]) -> Tries:
    return Tries(tuple(counters))
