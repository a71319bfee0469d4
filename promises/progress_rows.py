"""The rows behind a client's progress page, each kind by one query, however many promises there are.

Whatever is fetched here may be read by the client, so nothing internal is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, Subquery, Value, When, Window
from django.db.models.functions import Coalesce

from clients.agreement_rules import State
from clients.models import Agreement, Client, Contact, PrivateLink, Scope, SealedDocument
from promises.models import DateMove, Extension, ProgressUpdate, Promise, Standing, Step, Telling
from promises.models.promise import PromiseQuerySet

MOST_OPEN = 50
MOST_FINISHED = 10
MOST_WORDS = 30
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


def reader_of(token: str, now: datetime) -> Reader | None:
    """Whoever holds this token. Wrong, expired, revoked and archived are the same nothing, by the same query."""
    links = PrivateLink.objects.for_token(token, now).select_related("client__lead", "contact", "scope")
    usual = Contact.objects.filter(client=OuterRef("client"), is_main=True, left_at=None)
    link = links.annotate(usual=Subquery(usual.values("channel")[:1])).first()
    if link is None:
        return None
    channel = link.contact.channel if link.contact else link.usual  # type: ignore[attr-defined] # annotated above
    return Reader(link.client, link.scope, link.contact, channel or "", token)


def reader_at(client: Client, link: PrivateLink | None) -> Reader:
    """Somebody at this client, so that staff see beforehand what they will."""
    contact = link.contact if link else None
    usual = contact or client.contacts.filter(is_main=True, left_at=None).first()
    return Reader(client, link.scope if link else None, contact, usual.channel if usual else "")


def open_promises(reader: Reader, now: datetime) -> tuple[list[Promise], int]:
    """The worst first, and how many there are in all.

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
    promises = (
        _theirs(reader)
        .open()
        .annotate(last_said=Subquery(said.values("kind")[:1]), doubted_at=Subquery(doubted_at))
        .annotate(recovered=recovered, in_all=Window(Count("pk")))
        .order_by(worst_first, "due_at", "pk")[:MOST_OPEN]
    )
    rows = list(promises)
    return rows, rows[0].in_all if rows else 0  # type: ignore[attr-defined] # annotated above


def finished_promises(reader: Reader) -> list[Promise]:
    """Done or taken back, the latest first. What was logged in error the client has never heard of."""
    return list(_theirs(reader).ended().filter(voided_at=None).order_by("-ended_at", "-pk")[:MOST_FINISHED])


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


def words_about(promises: Collection[Promise]) -> list[WordRow]:
    """What was written for the client, and when they were told; the latest first."""
    ids = [promise.pk for promise in promises]
    columns = ("promise_id", "when", "word", "how", "words")
    nothing = Value("", output_field=CharField())
    written = ProgressUpdate.objects.filter(promise__in=ids).exclude(text="")
    written_rows = written.annotate(when=F("at"), word=F("standing"), how=nothing, words=F("text"))
    heard = Telling.objects.heard().filter(promise__in=ids)
    heard_rows = heard.annotate(when=HEARD_AT, word=F("kind"), how=F("channel"), words=nothing)
    # A part of a union stands in no order.
    both = written_rows.order_by().values_list(*columns).union(heard_rows.order_by().values_list(*columns), all=True)
    return [WordRow(*row) for row in both.order_by("-when")[:MOST_WORDS]]


def papers_of(reader: Reader) -> list[Agreement]:
    """Scopes and addenda with a sealed document, the latest first."""
    sealed = Exists(SealedDocument.objects.filter(agreement=OuterRef("pk")))
    papers = Agreement.objects.filter(sealed, client=reader.client, state__in=[State.SIGNED, State.ENDED])
    if reader.scope:
        papers = papers.filter(Q(scope=reader.scope) | Q(addendum__scope=reader.scope))
    papers = papers.select_related("client", "scope__agreement", "addendum__scope")
    return list(papers.order_by("-signed_at", "-pk")[:MOST_PAPERS])


def steps_of(promise: Promise) -> list[Step]:
    return list(Step.objects.filter(promise=promise).order_by("place"))


def _theirs(reader: Reader) -> PromiseQuerySet:
    promises = Promise.objects.filter(client=reader.client)
    if reader.scope:
        promises = promises.filter(scope=reader.scope)
    theirs: PromiseQuerySet = promises.select_related("owner", "scope").defer(*LEFT_OUT)
    return theirs
