"""The plain values that a client's progress page is made of: texts that a template can only print."""

from __future__ import annotations

from dataclasses import dataclass

from clients.who import Who


@dataclass(frozen=True, slots=True)
class Row:
    """A promise in one glance. `state` is the class of its words."""

    what: str
    state: str
    words: str
    due: str
    due_iso: str
    before: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    old: str
    new: str
    reason: str
    told: str
    by_us: bool


@dataclass(frozen=True, slots=True)
class Lead:
    """The promise in the worst state, in full. `asked` is a later date that the client has not answered yet."""

    row: Row
    day: str
    hour: str
    changes: tuple[Change, ...]
    asked: Change | None
    told: str
    why: str
    now: str
    obstacle: str
    own_words: str


@dataclass(frozen=True, slots=True)
class Needed:
    """What we wait for the client to do. `promise` is the one that needs it, where there are several."""

    what: str
    by: str
    since: str
    promise: str = ""


@dataclass(frozen=True, slots=True)
class StepRow:
    """`place` is done, now or nothing."""

    text: str
    place: str
    when: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """A scope or an addendum; `document` is the address of the sealed one, where there is one."""

    number: str
    title: str
    signed: str
    is_addendum: bool = False
    document: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """Written for the client, or the fact that they were told."""

    text: str
    is_fact: bool
    when: str
    promise: str


@dataclass(frozen=True, slots=True)
class Finished:
    what: str
    when: str


@dataclass(frozen=True, slots=True)
class Page:
    firm: str
    client: str
    lead: Lead | None
    needed: tuple[Needed, ...]
    last_word: str
    next_word: str
    steps: tuple[StepRow, ...]
    agreed: tuple[Agreed, ...]
    words: tuple[Word, ...]
    others: tuple[Row, ...]
    more: str
    last_done: Finished | None
    finished: tuple[Finished, ...]
    who: Who
    as_of: str
