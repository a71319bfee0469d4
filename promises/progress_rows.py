"""The rows behind a client's progress page: at most six queries, and each reads so much and no more, however many
promises there are.

Whatever is fetched here may be read by the client, so nothing internal is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    PositiveIntegerField,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from clients.agreement_rules import State
from clients.models import Agreement, Client, Contact, PrivateLink, Scope, SealedDocument
from engagement.staff.models import Firm
from promises.models import DateMove, Extension, ProgressUpdate, Promise, Standing, Step, Telling
from promises.models.promise import PromiseQuerySet

MOST_OPEN = 50
MOST_COUNTED = 1000
MOST_FINISHED = 10
MOST_WORDS = 30
MOST_STEPS = 20
MOST_PAPERS = 20
# Ours alone: the page never needs them, so they are not even fetched.
LEFT_OUT = (
    "our_understanding",
    "estimate_hours",
    "hours_left",
    "hours_taken",
    "per_cent",
    "value",
    "chance",
    "sentence",
)
HEARD_AT = Coalesce("message__sent_at", "spoken_at")
# Behind the place of every step.
BEHIND = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose page it is, and which part of it is open to whoever reads."""

    client: Client
    scope: Scope | None
    contact: Contact | None
    # How they are usually told.
    channel: str
    # Of the address by which they came; staff who look at the page beforehand have none.
    token: str = ""
    # Its name and how to reach it, where that was read together with the link.
    firm: Firm | None = None

    @property
    def language(self) -> str:
        return (self.contact.language if self.contact else "") or self.client.language


class WordRow(NamedTuple):
    """Words written for the client, or the fact that they were told: then `how` names the channel."""

    promise_id: int
    at: datetime
    kind: str
    how: str
    text: str


class Stage(NamedTuple):
    text: str
    done_at: datetime | None


class Promises(NamedTuple):
    """`in_all` says how many are open; one more than are counted means that there are more."""

    open: list[Promise]
    finished: list[Promise]
    in_all: int


class _CountOf(Subquery):
    """How many rows; with a slice, it counts no further."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = PositiveIntegerField()


def reader_of(token: str, now: datetime) -> Reader | None:
    """Whoever holds this token. Wrong, expired, revoked and archived are the same nothing, by the same query."""
    links = PrivateLink.objects.for_token(token, now).select_related("client__lead", "contact", "scope")
    usual = Contact.objects.filter(client=OuterRef("client"), is_main=True, left_at=None)
    firm = Firm.objects.filter(pk=1).values(known=JSONObject(name="name", email="email", phone="phone"))
    link = links.annotate(usual=Subquery(usual.values("channel")[:1]), firm=Subquery(firm)).first()
    if link is None:
        return None
    channel = link.contact.channel if link.contact else link.usual  # type: ignore[attr-defined] # annotated above
    known = Firm(pk=1, **(link.firm or {"name": ""}))  # type: ignore[attr-defined] # annotated above
    return Reader(link.client, link.scope, link.contact, channel or "", token, known)


def reader_at(client: Client, link: PrivateLink | None) -> Reader:
    """Somebody at this client, so that staff see beforehand what they will."""
    contact = link.contact if link else None
    usual = contact or client.contacts.filter(is_main=True, left_at=None).first()
    return Reader(client, link.scope if link else None, contact, usual.channel if usual else "")


def promises_of(reader: Reader, now: datetime) -> Promises:
    """The open ones, the worst first; and the finished, the latest first.

    `last_said` is the kind of the last word about the date; `recovered`, whether we found it on track after a doubt.
    """
    said = Telling.objects.heard().filter(promise=OuterRef("pk"), about_due_at=OuterRef("due_at"))
    said = said.exclude(kind=Telling.Kind.DONE).order_by(HEARD_AT.desc(), "-pk")
    doubted_at = said.of_a_slip().annotate(heard=HEARD_AT).values("heard")[:1]
    # Told only after the update was made, a doubt outlives it.
    since = ProgressUpdate.objects.filter(promise=OuterRef("pk"), standing=Standing.ON_TRACK)
    recovered = Exists(since.filter(at__gt=OuterRef("doubted_at")))
    worst_first = Case(
        When(due_at__lte=now, then=0),
        When(told_at__isnull=False, then=1),
        When(~Q(waiting_for=""), then=2),
        default=3,
    )
    found = (
        Promise.objects.filter(pk__in=_shown(reader, now))
        .select_related("owner", "scope")
        .defer(*LEFT_OUT)
        .annotate(last_said=Subquery(said.values("kind")[:1]), doubted_at=Subquery(doubted_at))
        .annotate(recovered=recovered, in_all=_CountOf(_theirs(reader).open().values("pk")[: MOST_COUNTED + 1]))
        .order_by(F("ended_at").desc(nulls_last=True), worst_first, "due_at", "pk")[: MOST_FINISHED + MOST_OPEN]
    )
    rows = list(found)
    ended = [row for row in rows if row.ended_at]
    return Promises(
        open=[row for row in rows if not row.ended_at][:MOST_OPEN],
        finished=sorted(ended, key=lambda row: (row.ended_at, row.pk), reverse=True),
        in_all=rows[0].in_all if rows else 0,  # type: ignore[attr-defined] # annotated above
    )


def _shown(reader: Reader, now: datetime) -> QuerySet[Promise, Any]:
    """Each part through an index of its own. The first due are the late ones, and of what is not told of nor waited
    for as many as there can be place for. What was logged in error the client has never heard of.
    """
    theirs = _theirs(reader)
    ahead = theirs.open().filter(due_at__gt=now)
    parts = [
        theirs.open().order_by("due_at", "pk")[:MOST_OPEN],
        ahead.filter(told_at__isnull=False).order_by("due_at", "pk")[:MOST_OPEN],
        ahead.exclude(waiting_for="").order_by("due_at", "pk")[:MOST_OPEN],
        theirs.ended().filter(voided_at=None).order_by("-ended_at", "-pk")[:MOST_FINISHED],
    ]
    # A part of a union cannot be cut off, not in SQLite; what it asks for can.
    first, *others = (Promise.objects.order_by().filter(pk__in=part.values("pk")).values("pk") for part in parts)
    return first.union(*others)


def extensions_of(promises: Sequence[Promise]) -> dict[int, list[Extension]]:
    """Oldest first. Only moved dates and told delays have any that the client may read."""
    found: dict[int, list[Extension]] = defaultdict(list)
    with_any = {promise.pk: promise for promise in promises if promise.moves or promise.told_at}
    if with_any:
        extensions = Extension.objects.filter(promise__in=with_any).order_by("at", "pk")
        for extension in extensions.select_related("answer", "date_move", "telling__message"):
            extension.promise = with_any[extension.promise_id]
            found[extension.promise_id].append(extension)
    return found


def addenda_of(promises: Sequence[Promise], found: dict[int, list[Extension]]) -> dict[int, list[DateMove]]:
    """Dates that a signed addendum moved, oldest first. Asked only where extensions do not account for every move."""
    moves: dict[int, list[DateMove]] = defaultdict(list)
    agreed = {pk: sum(hasattr(one, "date_move") for one in extensions) for pk, extensions in found.items()}
    others = {promise.pk: promise for promise in promises if promise.moves > agreed.get(promise.pk, 0)}
    if others:
        by_addendum = DateMove.objects.filter(promise__in=others, addendum__isnull=False).order_by("moved_at", "pk")
        for moved in by_addendum.select_related("addendum__scope"):
            moved.promise = others[moved.promise_id]
            moves[moved.promise_id].append(moved)
    return moves


def words_about(promises: Collection[Promise], first: Promise | None) -> tuple[list[Stage], list[WordRow]]:
    """The steps of the first in their order; and what was written for the client, and when they were told, the latest
    first.
    """
    ids = [promise.pk for promise in promises]
    columns = ("promise_id", "when", "word", "how", "words", "order")
    nothing, behind = Value("", output_field=CharField()), Value(BEHIND, output_field=IntegerField())
    written = ProgressUpdate.objects.filter(promise__in=ids).exclude(text="")
    written_rows = written.annotate(when=F("at"), word=F("standing"), how=nothing, words=F("text"), order=behind)
    heard = Telling.objects.heard().filter(promise__in=ids)
    heard_rows = heard.annotate(when=HEARD_AT, word=F("kind"), how=F("channel"), words=nothing, order=behind)
    steps = Step.objects.filter(promise__in=[first.pk] if first else [])
    step_rows = steps.annotate(when=F("done_at"), word=nothing, how=nothing, words=F("text"), order=F("place"))
    # A part of a union stands in no order.
    parts = (rows.order_by().values_list(*columns) for rows in (heard_rows, written_rows, step_rows))
    every = next(parts).union(*parts, all=True).order_by("order", "-when")[: MOST_STEPS + MOST_WORDS]
    stages, said = list[Stage](), list[WordRow]()
    for promise, when, word, how, words, order in every:
        if order < BEHIND:
            stages.append(Stage(words, when))
        else:
            said.append(WordRow(promise, when, word, how, words))
    return stages, said[:MOST_WORDS]


def papers_of(reader: Reader) -> list[Agreement]:
    """Scopes and addenda with a sealed document, the latest first."""
    sealed = Exists(SealedDocument.objects.filter(agreement=OuterRef("pk")))
    papers = Agreement.objects.filter(sealed, client=reader.client, state__in=[State.SIGNED, State.ENDED])
    if reader.scope:
        papers = papers.filter(Q(scope=reader.scope) | Q(addendum__scope=reader.scope))
    papers = papers.select_related("client", "scope__agreement", "addendum__scope")
    return list(papers.order_by("-signed_at", "-pk")[:MOST_PAPERS])


def _theirs(reader: Reader) -> PromiseQuerySet:
    promises: PromiseQuerySet = Promise.objects.order_by().filter(client=reader.client)
    if reader.scope:
        promises = promises.filter(scope=reader.scope)
    return promises
