"""What the board shows. The page, the CSV, the counts and the terminal all ask these questions and no others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    DateTimeField,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce, Lower

from clients.models import Client, Scope
from engagement.staff.models import User
from engagement.staff.statement import Given, SqlText, put_together_once
from promises import board_counts, listed
from promises.board_counts import AGES, COMING_WEEKS, DAY
from promises.coming_weeks import Days, Promised, weeks_from
from promises.models import Band, Outcome, OutcomeTally, Promise
from promises.models.promise import LATE, MOST_SLIPS, at_risk, due_soon, not_moving, past_due, slipping
from promises.paging import Cursor, SomeRows, after_due, after_end, due_between

CARDS = ("not_told", "overdue", "at_risk", "not_moving", "due_7_days", "kept", "late")
ENDED_CARDS = ("kept", "late")
PAGE = 25
# So many on a page of the record.
CLIENTS = 50
WEEKS = 12
WHOSE = ("owner", "client", "scope")
ON_TIME = [Outcome.KEPT, Outcome.KEPT_LATER]

Rows = QuerySet[Promise]
# Which of the filters that name one are set.
Shape = tuple[bool, ...]
Figures = dict[str, Any]


@dataclass(frozen=True)
class Board:
    """The board at a moment, for whoever looks, under its filters.

    `as_of_past` is for the terminal alone: ends and tellings count as they stood at `now`, while dates and bands are
    read as they stand today.
    """

    user: User | None
    zone: ZoneInfo
    now: datetime
    owner: User | None = None
    client: Client | None = None
    scope: Scope | None = None
    words: str = ""
    card: str = ""
    due_from: date | None = None
    due_to: date | None = None
    as_of_past: bool = False

    # What is asked about

    @property
    def everything(self) -> Rows:
        return self._asked.filter(voided_at=None)

    @cached_property
    def _asked(self) -> Rows:
        rows: Rows = Promise.objects.visible_to(self.user) if self.user else Promise.objects.all()
        if self.as_of_past:
            rows = rows.filter(Q(made_at=None) | Q(made_at__lte=self.now))
        for name in WHOSE:
            if (wanted := getattr(self, name)) is not None:
                rows = rows.filter(**{name: wanted})
        for word in self.words.split():
            rows = rows.filter(Q(what__icontains=word) | Q(reference__icontains=word) | Q(client__name__icontains=word))
        return due_between(rows, self.due_from, self.due_to)

    @property
    def open(self) -> Rows:
        if self.as_of_past:
            return self.everything.filter(Q(ended_at=None) | Q(ended_at__gt=self.now))
        # What is open was never voided; to ask so all the same would lead past the indexes, to every row.
        return self._asked.filter(ended_at=None)

    @property
    def ended(self) -> Rows:
        return self.everything.filter(ended_at__lte=self.now).exclude(outcome="")

    @property
    def _untold(self) -> Q:
        return Q(told_at=None) | Q(told_at__gt=self.now) if self.as_of_past else Q(told_at=None)

    def rows_of(self, card: str) -> Rows:
        """Exactly the rows that a card counts."""
        now = self.now
        match card:
            case "not_told":
                return self.open.filter(self._untold, slipping(now))
            case "overdue":
                return self.open.filter(past_due(now))
            case "at_risk":
                return self.open.filter(at_risk(now))
            case "not_moving":
                return self.open.filter(not_moving(now))
            case "due_7_days":
                return self.open.filter(due_soon(now))
            case "kept":
                return self._ended_since(self.month_began).filter(outcome__in=ON_TIME)
            case "late":
                return self._ended_since(self.month_began).filter(outcome__in=LATE)
            case _:
                return self.open

    def _ended_since(self, first: date) -> Rows:
        """By the days on which the tallies count them. The instant, in any zone there is, only leads to the index."""
        before = datetime.combine(first - timedelta(days=2), time.min, tzinfo=UTC)
        return self.ended.filter(ended_at__gte=before, counted_on__gte=first, counted_on__lte=self.today)

    @property
    def month_began(self) -> date:
        return self.today.replace(day=1)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @property
    def is_filtered(self) -> bool:
        return bool(self.owner or self.client or self.scope or self.words or self.due_from or self.due_to)

    @property
    def is_whole_load(self) -> bool:
        """Nothing is left out that takes somebody's hours."""
        return not (self.client or self.scope or self.words or self.due_from or self.due_to)

    # The list: not told first, then by lateness

    @property
    def _ranks(self) -> list[Q]:
        """In the order in which they need somebody; with each, one partial index finds its rows."""
        if self.card in ENDED_CARDS:
            return [Q()]
        late, risky, told = past_due(self.now), Q(band=Band.AT_RISK), ~self._untold
        return [late & self._untold, ~late & risky & self._untold, late & told, ~late & risky & told, ~late & ~risky]

    def segments(self) -> list[Rows]:
        rows = self.rows_of(self.card)
        return [rows.filter(rank) for rank in self._ranks]

    def page(self, cursor: str = "", size: int = PAGE) -> tuple[list[Promise], str]:
        """So many rows after the cursor, and the cursor of the next page ("" on the last). One statement."""
        start = Cursor.read(cursor)
        if not 0 <= start.segment < len(self._ranks):
            start = Cursor()
        found = [_promise(row) for row in self._page(start, size + 1)]
        page = found[:size]
        if len(found) <= size:
            return page, ""
        last = page[-1]
        at = last.ended_at if self.card in ENDED_CARDS else last.due_at
        assert at
        return page, Cursor(last.place, at, last.pk).written()  # type: ignore[attr-defined] # by _promise()

    def _page(self, start: Cursor, size: int) -> Iterable[tuple[Any, ...]]:
        if not self._is_usual or self.as_of_past or self.card in ENDED_CARDS:
            return self.rows_after(start, size)
        statement = _page_after(self.card, self._shape, start.segment, bool(start.at), size)
        return statement.ask(now=self.now, at=start.at, pk=start.pk, **self._whose)

    @property
    def _is_usual(self) -> bool:
        """The whole board, or that of one owner, client or scope: these are the ones that are opened all day."""
        return not (self.words or self.due_from or self.due_to or self._is_partly)

    @property
    def _whose(self) -> dict[str, int | None]:
        return {name: wanted and wanted.pk for name in WHOSE for wanted in [getattr(self, name)]}

    @property
    def _shape(self) -> Shape:
        return tuple(pk is not None for pk in self._whose.values())

    @property
    def _is_partly(self) -> bool:
        """Whoever looks may not see every client."""
        return self.user is not None and not self.user.is_manager

    def rows_after(self, start: Cursor, size: int) -> QuerySet[Promise, Any]:
        """The first after the cursor with whatever a row shows. No segment is read further than one page."""
        parts, params = list[str](), list[Any]()
        for place, segment in enumerate(self.segments()):
            if place < start.segment:
                continue
            rows = self._ordered(segment)
            if place == start.segment and start.at:
                rows = rows.filter(self._after(start.at, start.pk))
            sql, values = rows.values("pk")[:size].query.get_compiler(connection=connection).as_sql()
            number, part = len(parts), f"SELECT pk FROM ({sql}) AS segment_{len(parts)}"
            if parts:
                # Where the segments before have filled the page, the database does not begin with this one.
                before = f"upto_{number - 1}"
                part = f"SELECT pk FROM {before} UNION ALL {part} WHERE (SELECT COUNT(*) FROM {before}) < {size:d}"
            parts.append(f"upto_{number} AS ({part})")
            params += values
        keys = f"WITH {', '.join(parts)} SELECT pk FROM upto_{len(parts) - 1}"
        ranks = self._ranks
        place_of: Any = Value(0)
        if len(ranks) > 1:
            place_of = Case(*(When(rank, then=Value(number)) for number, rank in enumerate(ranks)))
        found = Promise.objects.filter(pk__in=RawSQL(keys, params))
        order = ("-ended_at", "-pk") if self.card in ENDED_CARDS else ("due_at", "pk")
        found = with_slips(found.annotate(place=place_of), self.now).order_by("place", *order)
        return found.values_list("place", "slips", *listed.COLUMNS)[:size]

    def every_row(self) -> Iterator[Promise]:
        for segment in self.segments():
            yield from self._ordered(segment).select_related("client", "owner", "scope").iterator(chunk_size=1000)

    def _ordered(self, rows: Rows) -> Rows:
        return rows.order_by("-ended_at", "-pk") if self.card in ENDED_CARDS else rows.order_by("due_at", "pk")

    def _after(self, at: datetime, pk: int) -> Q:
        if self.card in ENDED_CARDS:
            return after_end(at, pk)
        return after_due(at, pk)

    # The figures

    def counts(self) -> dict[str, int]:
        return {name: counted.count for name, counted in self.counted().items()}

    def counted(self, ends_by: date | None = None) -> dict[str, Promised]:
        """The figures of the page, exact up to a thousand rows, in one statement whose cost does not grow with history.

        Of the coming weeks also the hours that are left; what is overdue is still to be done, and counts into this one.
        They are counted as far as `weeks_known` tells; those after say nothing.
        Scopes are near their end that end by that day.
        """
        if self.as_of_past:
            raise ValueError("This statement knows today's tellings only: ask `figures` of an earlier moment.")
        tallied = self._tallied
        question = _figures(self._shape, tallied) if self._is_usual else board_counts.question(self.open, tallied)
        monday = self.today - timedelta(days=self.today.weekday())
        found = board_counts.counted(
            question.ask(
                now=self.now,
                today=self.today,
                midnight=datetime.combine(self.today, time.min, UTC),
                monday=monday,
                mondays_midnight=datetime.combine(monday, time.min, UTC),
                ends_by=ends_by,
                since=self._looks_back_to,
                **self._whose,
            )
        )
        if tallied:
            self.__dict__["_ends"] = found.ended
        return found.figures

    def ages(self) -> dict[str, tuple[date | None, date]]:
        """Days past the date, by bars: first and last date of each."""
        today = self.today
        return {
            name: (None if oldest is None else today - oldest * DAY, today - youngest * DAY)
            for name, (oldest, youngest) in AGES.items()
        }

    def coming_weeks(self) -> list[Days]:
        return weeks_from(self.today, COMING_WEEKS)

    def kept_this_month(self) -> tuple[int, int]:
        """Kept on time, and ended at all."""
        return self._kept(self.month_began, self.today)

    def kept_last_month(self) -> tuple[int, int]:
        last = self.month_began - timedelta(days=1)
        return self._kept(last.replace(day=1), last)

    def by_week(self) -> list[tuple[date, int, int, int]]:
        """Twelve weeks: Monday, kept on time, ended, silent slips."""
        monday = self.today - timedelta(days=self.today.weekday())
        weeks = []
        for number in range(WEEKS - 1, -1, -1):
            first = monday - timedelta(weeks=number)
            last = first + timedelta(days=6)
            weeks.append((first, *self._kept(first, last), self._ended_between(first, last)[Outcome.LATE_SILENT]))
        return weeks

    def _kept(self, first: date, last: date) -> tuple[int, int]:
        ended = self._ended_between(first, last)
        return sum(ended[outcome] for outcome in ON_TIME), ended.total()

    def _ended_between(self, first: date, last: date) -> Counter[str]:
        """How many by outcome. By the days, not by the tallies: these are many more."""
        ended = Counter[str]()
        for number in range((last - first).days + 1):
            for outcome, count in self._ends.get(first + number * DAY, ()):
                ended[outcome] += count
        return ended

    def figures(self) -> dict[str, int]:
        """Exact figures, in the words of the terminal. They are what a count of all rows by hand would give."""
        figures = {"promises": self.everything.count(), "open": self.open.count()}
        figures |= {card: self.rows_of(card).count() for card in ("not_told", "overdue", "at_risk")}
        figures |= {card: self.rows_of(card).count() for card in ("not_moving", "due_7_days")}
        return figures | self.record()

    def record(self) -> dict[str, int]:
        """What became of all that ended: from the tallies, or counted where filters or the past ask for it."""
        source: Any = OutcomeTally.objects.filter(count__gt=0) if self._tallied else self.ended
        many = (Sum("count"), Sum("early")) if self._tallied else (Count("pk"), Count("pk", Q(days_early__gt=0)))
        by_outcome = {
            outcome: figures
            for outcome, *figures in source.order_by()
            .values_list("outcome")
            .annotate(n=many[0], e=many[1], d=Coalesce(Sum("days_early"), 0))
        }
        ended = {outcome: by_outcome.get(outcome, (0, 0, 0)) for outcome in Outcome.values}
        return {
            "kept": ended[Outcome.KEPT][0],
            "kept_on_agreed_later_date": ended[Outcome.KEPT_LATER][0],
            "late_told": ended[Outcome.LATE_TOLD][0],
            "late_silent": ended[Outcome.LATE_SILENT][0],
            "late_unknown": ended[Outcome.LATE_UNKNOWN][0],
            "early": sum(figures[1] for figures in ended.values()),
            "days_early": sum(figures[2] for figures in ended.values()),
        }

    def record_by_client(
        self, after: int | None = None, size: int = CLIENTS
    ) -> tuple[list[dict[str, Any]], int | None]:
        """Kept, late and early of so many clients in the order of their names; and whom the next page comes after."""
        clients: QuerySet[Client] = Client.objects.visible_to(self.user) if self.user else Client.objects.all()
        named = clients.alias(called=Lower("name")).order_by("called")
        named = named.filter(Exists(self.ended.filter(client=OuterRef("pk"))))
        if after is not None:
            # After somebody who is not there, everybody comes.
            last = Subquery(clients.filter(pk=after).values(last=Lower("name")))
            named = named.filter(called__gt=Coalesce(last, Value("")))
        page = list(named.values_list("pk", flat=True)[: size + 1])
        ended = self.ended.filter(client__in=page[:size]).order_by().values("client", "client__name")
        rows = [
            dict(row)
            for row in ended.annotate(
                ended=Count("pk"),
                kept=Count("pk", Q(outcome=Outcome.KEPT)),
                kept_later=Count("pk", Q(outcome=Outcome.KEPT_LATER)),
                late_told=Count("pk", Q(outcome=Outcome.LATE_TOLD)),
                late_silent=Count("pk", Q(outcome=Outcome.LATE_SILENT)),
                late_unknown=Count("pk", Q(outcome=Outcome.LATE_UNKNOWN)),
                early=Count("pk", Q(days_early__gt=0)),
                days_early=Coalesce(Sum("days_early"), 0),
            ).order_by(Lower("client__name"))
        ]
        return rows, page[size - 1] if len(page) > size else None

    @property
    def _tallied(self) -> bool:
        # The tallies count the whole firm up to today.
        everybodys = self.user is None or self.user.is_manager
        return everybodys and not self.is_filtered and not self.as_of_past

    @property
    def _looks_back_to(self) -> date:
        first = self.today - timedelta(days=self.today.weekday(), weeks=WEEKS - 1)
        return min(first, (self.today.replace(day=1) - timedelta(days=1)).replace(day=1))

    @cached_property
    def _ends(self) -> board_counts.Ended:
        """How many ended by day and outcome, as far back as the page looks. The figures bring the tallies with them."""
        if self._tallied:
            tallies = OutcomeTally.objects.filter(day__gte=self._looks_back_to, day__lte=self.today)
            return board_counts.by_day(tallies.values_list("day", "outcome", "count"))
        by_day = self._ended_since(self._looks_back_to).order_by().values_list("counted_on", "outcome")
        return board_counts.by_day(by_day.annotate(Count("pk")))


@put_together_once
def _page_after(card: str, shape: Shape, segment: int, goes_on: bool, size: int) -> QuerySet[Promise, Any]:
    at, pk = Given("at", DateTimeField()), Given("pk", BigIntegerField())
    start: Any = (segment, at, pk) if goes_on else (segment,)
    return _asked_once(shape, card).rows_after(Cursor(*start), size)


@put_together_once
def _figures(shape: Shape, with_tallies: bool) -> SqlText:
    return board_counts.question(_asked_once(shape).open, with_tallies)


def _asked_once(shape: Shape, card: str = "") -> Board:
    """A board of any moment and of anybody, as the questions that are put together once see it."""
    of_one = [name for name, is_one in zip(WHOSE, shape, strict=True) if is_one]
    given: dict[str, Any] = {name: Given(name, BigIntegerField()) for name in of_one}
    now: Any = board_counts.NOW
    return Board(user=None, zone=ZoneInfo("UTC"), now=now, card=card, **given)


def _promise(row: Sequence[Any]) -> Promise:
    place, slips, *values = row
    promise = listed.made(values)
    promise.place, promise.slips = place, slips  # type: ignore[attr-defined] # beside what is kept
    return promise


def with_slips(rows: SomeRows, now: datetime) -> SomeRows:
    """Each row with how often we were late to its client lately, as far as a row says it."""
    # Rows, not keys: those are in the index alone.
    slips = Promise.objects.slips(now).filter(client=OuterRef("client")).order_by().values(one=Value(1))
    some = Subquery(slips[: MOST_SLIPS + 1])
    counted = Func(some, template="(SELECT COUNT(*) FROM %(expressions)s AS slips)", output_field=IntegerField())
    return rows.annotate(slips=counted)


def slips_by_client(clients: set[int], now: datetime) -> dict[int, int]:
    """How often we were late to each of these clients lately."""
    rows = Promise.objects.slips(now).filter(client__in=clients).order_by()
    return dict(rows.values_list("client").annotate(n=Count("*")))
