"""What a person has to see to, in order. The page and the morning message read the same lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Q

from clients.models import Agreement, Client, Scope, Solution
from clients.models.client import ClientQuerySet
from clients.models.solution import SolutionQuerySet
from engagement.staff.models import Firm, User
from engagement.staff.worktime import Calendar, NoWorkingTime, add_working_days
from promises.from_scope import TakenOut, scopes_waiting, taken_out
from promises.models import Band, Promise, Standing
from promises.models.promise import PromiseQuerySet, slipping
from promises.renewals import near_end

# Whoever signed longer ago is greeted by nobody any more.
GREET_WITHIN = timedelta(days=30)


@dataclass(frozen=True)
class MyDay:
    """The open promises of some owners, by what has to be done about them now."""

    reader: User
    owners: tuple[int, ...]
    now: datetime

    @classmethod
    def of(cls, reader: User, now: datetime, covered: Iterable[User] = ()) -> MyDay:
        """The reader's own, and those of the people they stand in for, as far as they may see them."""
        return cls(reader, tuple(person.pk for person in (reader, *covered)), now)

    @property
    def _mine(self) -> PromiseQuerySet:
        mine = Promise.objects.visible_to(self.reader).open().filter(owner__in=self.owners)
        return mine.select_related("client", "owner")

    @property
    def to_tell(self) -> PromiseQuerySet:
        return self._mine.filter(pk__in=Promise.objects.not_told(self.now).filter(owner__in=self.owners).values("pk"))

    @property
    def due_today(self) -> PromiseQuerySet:
        return self._known.filter(due_at__gt=self.now, due_at__lte=self._end_of(0))

    @property
    def overdue(self) -> PromiseQuerySet:
        return self._known.filter(due_at__lte=self.now)

    @property
    def next_days(self) -> PromiseQuerySet:
        return self._known.filter(due_at__gt=self._end_of(0), due_at__lte=self._end_of(7))

    @property
    def waiting(self) -> PromiseQuerySet:
        return self._mine.exclude(waiting_for="")

    @property
    def watched(self) -> PromiseQuerySet:
        return self._mine.filter(band=Band.WATCH, due_at__gt=self.now)

    @property
    def words_owed(self) -> list[Client]:
        """Clients they lead who are to hear from us today by the agreed cadence."""
        owed = self._led.filter(pk__in=Client.objects.owed_word(self._end_of(0)))
        return list(owed.order_by("next_word_at"))

    @property
    def to_greet(self) -> list[Agreement]:
        """Scopes of their clients that were signed, and nobody has greeted who signed. The longest waiting first."""
        signed = Agreement.objects.to_greet().filter(client__in=self._led, client__archived_at=None)
        signed = signed.filter(signed_at__gt=self.now - GREET_WITHIN)
        return list(signed.select_related("scope", "client", "contact").order_by("signed_at"))

    @property
    def scopes_to_promise(self) -> list[Scope]:
        return scopes_waiting(self._led)

    @property
    def taken_out(self) -> list[TakenOut]:
        """Promises that an addendum has left without their line."""
        return taken_out(Scope.objects.filter(client__in=self._led))

    def near_end(self, firm: Firm) -> list[Scope]:
        return list(near_end(firm, self.now).filter(client__in=self._led).select_related("client"))

    @property
    def _led(self) -> ClientQuerySet:
        """Clients that they answer for; a manager also for those that nobody leads."""
        theirs = Q(lead__in=self.owners)
        if self.reader.is_manager:
            theirs |= Q(lead=None) | ~Q(lead__in=User.objects.reachable())
        led: ClientQuerySet = Client.objects.visible_to(self.reader).filter(theirs)
        return led

    @property
    def answers_to_review(self) -> SolutionQuerySet:
        """Solutions they answer for whose day to be read again has come."""
        today = self.now.astimezone(self.reader.zoneinfo).date()
        return Solution.objects.to_review(today).answered_for_by(self.reader).order_by("review_by", "pk")

    def maybe_done(self, calendar: Calendar) -> PromiseQuerySet:
        """Due within a working day, or said to be finished: is it done?"""
        try:
            soon = add_working_days(calendar, self.now, 1)
        except NoWorkingTime:
            soon = self.now + timedelta(days=1)
        finished = Q(standing=Standing.DONE) | Q(per_cent=100)
        return self._mine.filter(Q(due_at__gt=self.now, due_at__lte=soon) | finished)

    @property
    def _known(self) -> PromiseQuerySet:
        """What is not in the first list already, nor waiting for the client."""
        return self._mine.exclude(slipping(self.now), told_at=None).filter(waiting_for="")

    def _end_of(self, days: int) -> datetime:
        zone = self.reader.zoneinfo
        day = self.now.astimezone(zone).date() + timedelta(days=days)
        return datetime.combine(day, time.max, tzinfo=zone)
