"""What a person has to see to, in order. The page and the morning message read the same lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property

from django.db.models import Q, QuerySet

from clients.models import Agreement, Client, Scope, Solution, seen_by
from clients.models.solution import SolutionQuerySet
from engagement.staff.calendars import Calendar
from engagement.staff.models import Firm, User
from engagement.staff.slices import keys_of
from engagement.staff.worktime import NoWorkingTime, add_working_days
from promises import listed
from promises.from_scope import MOST_SHOWN, TakenOut, scopes_waiting, taken_out
from promises.models import Band, Promise, Standing
from promises.models.promise import PromiseQuerySet, slipping
from promises.renewals import near_end

# Rows by their dates, found in parts: all of a part come before all of the next.
Parts = Sequence[PromiseQuerySet]
# Whoever signed longer ago is greeted by nobody any more.
GREET_WITHIN = timedelta(days=30)


def first_of(parts: Parts, most: int) -> list[Promise]:
    """So many of them. Each part is read no further than it is shown, through an index of its own."""
    rows = parts[0]
    if len(parts) > 1:
        ordered = [part.order_by("due_at", "pk") for part in parts]
        rows = Promise.objects.filter(pk__in=keys_of(ordered, most))
    return listed.read(rows.order_by("due_at", "pk")[:most])


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
        return Promise.objects.visible_to(self.reader).open().filter(owner__in=self.owners)

    @property
    def to_tell(self) -> Parts:
        untold = self._mine.filter(told_at=None)
        return [untold.filter(due_at__lte=self.now), untold.filter(due_at__gt=self.now, band=Band.AT_RISK)]

    @property
    def announced(self) -> Parts:
        """What clients were told to expect by tomorrow, the work or a new date: while that can still be kept."""
        return [self._mine.announced_by(self._tomorrow).exclude(slipping(self.now), told_at=None)]

    @property
    def due_today(self) -> Parts:
        return [self._known.filter(due_at__gt=self.now, due_at__lte=self._end_of(0))]

    @property
    def overdue(self) -> Parts:
        # What nobody has told of stands in the first list, and what they were told to expect in the second.
        late = self._mine.filter(due_at__lte=self.now, told_at__isnull=False, waiting_for="")
        return [late.exclude(announced_for__lte=self._tomorrow)]

    @property
    def next_days(self) -> Parts:
        return [self._known.filter(due_at__gt=self._end_of(0), due_at__lte=self._end_of(7))]

    @property
    def waiting(self) -> Parts:
        return [self._mine.exclude(waiting_for="")]

    @property
    def watched(self) -> Parts:
        return [self._mine.filter(band=Band.WATCH, due_at__gt=self.now)]

    @property
    def words_owed(self) -> QuerySet[Client]:
        """Clients they lead who are to hear from us today by the agreed cadence, the longest waiting first."""
        owed = Client.objects.owed_word(self._end_of(0)).filter(self._led())
        return owed.order_by("next_word_at", "pk")

    @property
    def to_greet(self) -> list[Agreement]:
        """Scopes of their clients that were signed, and nobody has greeted who signed. The longest waiting first.

        One more than is shown, so that it can be said that there are more; `near_end` likewise.
        """
        signed = Agreement.objects.to_greet().filter(self._led("client__"), client__archived_at=None)
        signed = signed.filter(signed_at__gt=self.now - GREET_WITHIN)
        return list(signed.select_related("scope", "client", "contact").order_by("signed_at", "pk")[: MOST_SHOWN + 1])

    @property
    def scopes_to_promise(self) -> list[Scope]:
        return scopes_waiting(Client.objects.filter(self._led()))

    @property
    def taken_out(self) -> list[TakenOut]:
        """Promises that an addendum has left without their line."""
        return taken_out(Scope.objects.filter(self._led("client__")))

    def near_end(self, firm: Firm) -> list[Scope]:
        theirs = near_end(firm, self.now).filter(self._led("client__")).select_related("client")
        return list(theirs[: MOST_SHOWN + 1])

    def _led(self, client: str = "") -> Q:
        """Clients that they answer for; a manager also for those that nobody leads. `client` is the way to them."""
        theirs = Q(**{f"{client}lead__in": self._leads})
        if self.reader.is_manager:
            theirs |= Q(**{f"{client}lead": None})
        return theirs & seen_by(self.reader, client)

    @cached_property
    def _leads(self) -> list[int]:
        """By their numbers, so that the database knows before it looks how few they are."""
        if not self.reader.is_manager:
            return list(self.owners)
        gone = User.objects.exclude(pk__in=User.objects.reachable().values("pk"))
        return [*self.owners, *gone.values_list("pk", flat=True)]

    @property
    def answers_to_review(self) -> SolutionQuerySet:
        """Solutions they answer for whose day to be read again has come."""
        today = self.now.astimezone(self.reader.zoneinfo).date()
        return Solution.objects.to_review(today).answered_for_by(self.reader).order_by("review_by", "pk")

    def maybe_done(self, calendar: Calendar) -> Parts:
        """Due within a working day, or said to be finished: is it done?"""
        try:
            soon = add_working_days(calendar, self.now, 1)
        except NoWorkingTime:
            soon = self.now + timedelta(days=1)
        finished = Q(standing=Standing.DONE) | Q(per_cent=100)
        return [self._mine.filter(Q(due_at__gt=self.now, due_at__lte=soon) | finished)]

    @property
    def _known(self) -> PromiseQuerySet:
        """What is not in the first two lists already, nor waiting for the client."""
        known = self._mine.exclude(slipping(self.now), told_at=None).filter(waiting_for="")
        return known.exclude(announced_for__lte=self._tomorrow)

    @property
    def _tomorrow(self) -> date:
        return self._end_of(1).date()

    def _end_of(self, days: int) -> datetime:
        zone = self.reader.zoneinfo
        day = self.now.astimezone(zone).date() + timedelta(days=days)
        return datetime.combine(day, time.max, tzinfo=zone)
