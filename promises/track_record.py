"""What past jobs took, kept so that a question is answered from sums made ahead. Plain Python, plain values.

Jobs still in hand belong to the record: one that has taken nine days so far says that such jobs can take more than
nine. With the finished ones alone a record flatters, for the short jobs are always the first to be finished.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

from promises.job_book import Book, Days, Entry, Job, Ratios, in_hand, others_chances, size_of

Key = TypeVar("Key")
Table = TypeVar("Table")

# So many of the jobs begun last are read; older ones are another firm's by now.
FIRM_JOBS_READ = 600
OWNER_JOBS_READ = 150
# After so many newer jobs, one of an owner's counts half.
OWNER_HALF_LIFE = 30
# The firm's record weighs as much as so many of the owner's own jobs like this one.
FIRM_BEHIND = 3.0
# And what is known of other firms as much as so many of the firm's.
OTHERS_BEHIND = 2.0
# Fewer finished jobs than this are no record.
JOBS_ENOUGH = 50
# Tables are made anew when there are more, so that a sweep over everybody stays small.
TABLES_KEPT = 2000


@dataclass(slots=True)
class Like:
    """What jobs like one took, put together for one owner, kind and size. Ratios and paces: the owner's, the firm's."""

    days: Days
    ratios: tuple[Ratios, Ratios]
    # None where no job had a date.
    paces: tuple[Ratios, Ratios] | None
    spreads: float


class TrackRecord:
    """The firm's jobs and each owner's, an owner's read when first asked for.

    Jobs come in the order in which they were made, oldest first, those in hand among the finished ones. Without
    `of_owner`, an owner's are those among the firm's. A stream says what the day is, `begin`s and `add`s.

    Several threads may ask one record at once: what it makes ahead is whole before it stands where others find it, and
    two that make the same make it alike. A stream is one thread's.
    """

    def __init__(self, firm: Iterable[Job] = (), of_owner: Callable[[Hashable], Iterable[Job]] | None = None) -> None:
        self._of_owner = of_owner
        self._today = 0
        self._open: dict[Hashable, Entry] = {}
        self._owners: dict[Hashable, Book] = {}
        jobs = list(firm)
        self.firm = Book(FIRM_JOBS_READ + in_hand(jobs))
        # Tables made as they are asked for, by owner, kind and size, or by kind and size.
        self._days: dict[tuple[Hashable, str, int | None], Days] = {}
        self._chances: dict[tuple[str, int | None], list[float]] = {}
        self._own_ratios: dict[tuple[Hashable, str, int | None], Ratios] = {}
        self._firm_ratios: dict[tuple[str, int | None], Ratios] = {}
        self._own_paces: dict[tuple[Hashable, str, int | None], Ratios] = {}
        self._firm_paces: dict[tuple[str, int | None], Ratios] = {}
        self._like: dict[tuple[Hashable, str, int | None, int | None], Like] = {}
        self._finished: int | None = None
        self._spreads: float | None = None
        for job in jobs:
            entry = Entry(job, 0)
            self.firm.entries.append(entry)
            if of_owner is None:
                self.owner(job.owner).entries.append(entry)

    def read_by(self, of_owner: Callable[[Hashable], Iterable[Job]]) -> TrackRecord:
        """The same books and tables, where somebody else reads the owners who are not on them yet."""
        record = copy(self)
        record._of_owner = of_owner
        # Worked out once, however often it is read.
        record._finished, record._spreads = self.jobs, self.spreads
        return record

    # What is asked

    @property
    def jobs(self) -> int:
        """How many finished jobs there are to learn from."""
        if self._finished is None:
            self._finished = sum(not entry.is_open for entry in self.firm.entries)
        return self._finished

    @property
    def is_enough(self) -> bool:
        return self.jobs >= JOBS_ENOUGH

    def days(self, owner: Hashable, kind: str, size: int | None) -> Days:
        """What jobs like this one took in working days: this owner's, with the firm's behind them."""
        key = (owner, kind, size)
        days = self._days.get(key)
        if days is None:
            days = keep(self._days, key, self._days_of(owner, kind, size))
        return days

    def ratios(self, owner: Hashable, kind: str, size: int | None) -> tuple[Ratios, Ratios]:
        """What jobs like this one took for each estimated hour: this owner's, and the firm's."""
        key, firms = (owner, kind, size), (kind, size)
        own, firm = self._own_ratios.get(key), self._firm_ratios.get(firms)
        if own is None:
            own = keep(self._own_ratios, key, self.owner(owner).ratios(size, kind))
        if firm is None:
            firm = keep(self._firm_ratios, firms, self.firm.ratios(size, kind))
        return own, firm

    def like(self, owner: Hashable, kind: str, estimate: float | None, hours_a_day: float) -> Like:
        """All of it in one step: a sweep asks for it hundreds of thousands of times."""
        in_hours, in_days = size_of(estimate, 1.0), size_of(estimate, hours_a_day)
        key = (owner, kind, in_hours, in_days)
        like = self._like.get(key)
        if like is None:
            spreads = self.spreads
            like = Like(
                self.days(owner, kind, in_days),
                self.ratios(owner, kind, in_hours),
                None if spreads is None else self.paces(owner, kind, in_days, spreads),
                spreads or 0.0,
            )
            keep(self._like, key, like)
        return like

    @property
    def spreads(self) -> float | None:
        """How far work here spreads to fill the time that it is given; None where no job had a date."""
        if self._spreads is None:
            self._spreads = self.firm.spreads()
        return self._spreads

    def paces(self, owner: Hashable, kind: str, size: int | None, spreads: float) -> tuple[Ratios, Ratios]:
        """The `pace` of jobs like this one that had a date: this owner's, and the firm's."""
        key, firms = (owner, kind, size), (kind, size)
        own, firm = self._own_paces.get(key), self._firm_paces.get(firms)
        if own is None:
            own = keep(self._own_paces, key, self.owner(owner).paces(size, kind, spreads))
        if firm is None:
            firm = keep(self._firm_paces, firms, self.firm.paces(size, kind, spreads))
        return own, firm

    # What happens

    def at(self, day: int) -> None:
        """It is this working day, counted from any other."""
        if day != self._today:
            self._today = day
            self._forget(self.firm, *self._owners.values())

    def begin(self, key: Hashable, job: Job) -> None:
        """A job is in hand, `key` telling it from others. Said again, its days are counted anew."""
        entry = self._open.get(key)
        if entry is None:
            self._open[key] = self._enter(job)
        elif (
            entry.day != (fresh := Entry(job, self._today)).day or entry.kind != fresh.kind or entry.size != fresh.size
        ):
            entry.take(job, self._today)
            self._forget(self.firm, self.owner(job.owner))

    def add(self, job: Job, key: Hashable = None) -> None:
        """A job is finished, begun under `key` or, as far as is known, just now."""
        entry = self._open.pop(key, None)
        if entry is None:
            self._enter(job)
        else:
            entry.take(job, self._today)
            self._forget(self.firm, self.owner(job.owner))

    def drop(self, key: Hashable) -> None:
        """A job in hand ended unfinished: what it would have taken nobody will know."""
        entry = self._open.pop(key, None)
        if entry is not None:
            entry.day = None
            self._forget(self.firm, *self._owners.values())

    def _enter(self, job: Job) -> Entry:
        entry = Entry(job, self._today)
        for book in (self.firm, self.owner(job.owner)):
            self._forget(book)
            book.entries.append(entry)
        return entry

    def _forget(self, *books: Book) -> None:
        """What was made ahead of them no longer holds."""
        self._finished = self._spreads = None
        own, firm = (
            (self._like, self._days, self._own_ratios, self._own_paces),
            (self._chances, self._firm_ratios, self._firm_paces),
        )
        for tables in (*own, *firm):
            tables.clear()
        for book in books:
            book.changed()

    def owner(self, owner: Hashable) -> Book:
        book = self._owners.get(owner)
        if book is None:
            book = self.put(owner, self._of_owner(owner) if self._of_owner else ())
        return book

    def knows(self, owner: Hashable) -> bool:
        """Whether their jobs were read already."""
        return owner in self._owners

    def put(self, owner: Hashable, jobs: Iterable[Job]) -> Book:
        """An owner's jobs, the oldest first, read by whoever asks about many of them."""
        jobs = list(jobs)
        book = Book(OWNER_JOBS_READ + in_hand(jobs), OWNER_HALF_LIFE)
        book.entries.extend(Entry(job, self._today) for job in jobs)
        if self._of_owner:
            # Nobody adds to what was read, and a sweep reads everybody's.
            book.bind(self._today, self.spreads)
        # Last: other threads read a kept record meanwhile, and must never meet half a book.
        self._owners[owner] = book
        return book

    def _days_of(self, owner: Hashable, kind: str, size: int | None) -> Days:
        firm = self._chances.get((kind, size))
        if firm is None:
            firm = keep(self._chances, (kind, size), self._firm_chances(kind, size))
        ended, in_hand = self.owner(owner).ended_and_in_hand(size, kind, self._today)
        # (done + FIRM_BEHIND * of_firm) / (open + FIRM_BEHIND) for each day after the first, as fast as it goes.
        done = map(operator.add, ended[1:], firm[1:])
        chances = map(operator.truediv, done, map(FIRM_BEHIND.__add__, in_hand[1:]))
        return Days(chances, size, in_hand[0])

    def _firm_chances(self, kind: str, size: int | None) -> list[float]:
        """For each working day, the chance that a job still in hand is finished on it, times FIRM_BEHIND."""
        ended, in_hand = self.firm.ended_and_in_hand(size, kind, self._today)
        return [
            FIRM_BEHIND * ((done + OTHERS_BEHIND * of_others) / (open_ + OTHERS_BEHIND))
            for done, open_, of_others in zip(ended, in_hand, others_chances(size), strict=False)
        ]


def keep(tables: dict[Key, Table], key: Key, table: Table) -> Table:
    if len(tables) >= TABLES_KEPT:
        tables.clear()
    tables[key] = table
    return table
