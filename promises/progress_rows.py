"""The rows behind a client's progress page: at most five statements, each put together once, and each reads so much
and no more, however many promises there are.

Whatever is fetched here may be read by the client, so nothing internal is: every column is named.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    PositiveIntegerField,
    Q,
    QuerySet,
    Subquery,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject

from clients.agreement_rules import State
from clients.models import Agreement, Client, Contact, Kind, PrivateLink, Scope, SealedDocument
from clients.tokens import hashed
from engagement.outbox.models import State as Sending
from engagement.staff.models import Firm, User
from engagement.staff.statement import AmongGiven, Given, Part, put_together_once
from engagement.staff.zones import zone_or_utc
from promises.models import DateMove, Extension, ProgressUpdate, Promise, Standing, Step, Telling
from promises.models.promise import PromiseQuerySet

MOST_OPEN = 50
MOST_COUNTED = 1000
MOST_FINISHED = 10
MOST_WORDS = 30
MOST_STEPS = 20
MOST_PAPERS = 20
HEARD_AT = Coalesce("message__sent_at", "spoken_at")
# Behind the place of every step.
BEHIND = 2**31 - 1

# Where a moment is asked for, as in any other question.
NOW: Any = Given("now", DateTimeField())
CLIENT, SCOPE, FIRST = (Given(name, BigIntegerField()) for name in ("client", "scope", "first"))
NO_TEXT, NO_MOMENT = Value("", CharField()), Value(None, DateTimeField())


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


class PromiseRow(NamedTuple):
    """What the page may say of a promise. `said` is the kind of the last word about the date; `recovered`, whether we
    found it on track after a doubt; `in_all`, how many are open; `owner_answers`, whether they work here still.
    """

    pk: int
    what: str
    zone: str
    due_on: date
    due_time: time | None
    due_at: datetime
    moves: int
    made_at: datetime | None
    standing: str
    told_at: datetime | None
    told_how: str
    waiting_for: str
    waiting_since: datetime | None
    waiting_by: date | None
    next_step: str
    may_stand_in_the_way: str
    client_words: str
    ended_at: datetime | None
    delivered_at: datetime | None
    withdrawn_at: datetime | None
    days_early: int | None
    days_late: int | None
    owner__name: str
    owner__title: str
    owner__phone: str
    owner__email: str
    scope__pk: int | None
    scope__number: str
    scope__title: str
    scope__signed_on: date | None
    scope__agreement_id: int
    owner_answers: bool
    said: str | None
    recovered: bool
    has_extensions: bool
    in_all: int

    @property
    def zoneinfo(self) -> ZoneInfo:
        return zone_or_utc(self.zone)

    @property
    def scope(self) -> ScopeRow | None:
        if self.scope__pk is None:
            return None
        words = self.scope__number, self.scope__title, self.scope__signed_on
        return ScopeRow(self.scope__pk, *words, self.scope__agreement_id)


class ScopeRow(NamedTuple):
    pk: int
    number: str
    title: str
    signed_on: date | None
    agreement_id: int


class MoveRow(NamedTuple):
    """A later date that was asked for, or one that a signed addendum brought: then `addendum` is its number there.

    `moved_at` says whether, and when, the date in force became this one; `heard_at`, when the client knew.
    """

    promise_id: int
    at: datetime
    pk: int
    old_due_on: date
    old_due_at: datetime
    new_due_on: date
    new_due_time: time | None
    moved_at: datetime | None
    move: int | None
    heard_at: datetime | None
    how: str
    answered_at: datetime | None
    reason: str
    words: str
    asked_by: str
    scope: str
    addendum: int


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


class PaperRow(NamedTuple):
    """A scope, or an addendum to it: then it has a number there, and a title. With a sealed document, or waiting to be
    signed until a day: then `signed_at` is nothing, and it says who signs.
    """

    pk: int
    signed_at: datetime | None
    sent_at: datetime | None
    valid_until: date | None
    signer: int | None
    signer_name: str | None
    scope: ScopeRow
    addendum: int | None
    addendum_title: str | None

    @property
    def title(self) -> str:
        return self.addendum_title or self.scope.title

    @property
    def number(self) -> str:
        return f"{self.scope.number}/{self.addendum}" if self.addendum else self.scope.number


class Promises(NamedTuple):
    """`in_all` says how many are open; one more than are counted means that there are more."""

    open: list[PromiseRow]
    finished: list[PromiseRow]
    in_all: int


class _CountOf(Subquery):
    """How many rows; with a slice, it counts no further."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = PositiveIntegerField()


# Who reads

CADENCE = ("word_on", "word_every_days", "last_word_at", "next_word_at")
OF_CLIENT = Part(Client, "id", "name", "zone", "language", *CADENCE)
OF_LEAD = Part(User, "id", "name", "title", "phone", "email", "is_active", "password")
OF_CONTACT = Part(Contact, "id", "language", "channel")
OF_SCOPE = Part(Scope, "id", "number", "title", "signed_on", "agreement_id")


@put_together_once
def _link() -> QuerySet[Any, Any]:
    links = PrivateLink.objects.open(NOW).filter(token_hash=Given("token_hash", TextField()))
    usual = Contact.objects.filter(client=OuterRef("client"), is_main=True, left_at=None)
    firm = Firm.objects.filter(pk=1).values(known=JSONObject(name="name", email="email", phone="phone"))
    links = links.annotate(usual=Subquery(usual.values("channel")[:1]), firm=Subquery(firm))
    columns = [*OF_CLIENT.under("client"), *OF_LEAD.under("client__lead"), *OF_CONTACT.under("contact")]
    return links.order_by().values_list(*columns, *OF_SCOPE.under("scope"), "usual", "firm")


def reader_of(token: str, now: datetime) -> Reader | None:
    """Whoever holds this token. Wrong, expired, revoked and archived are the same nothing, by the same query."""
    found = _link().ask(token_hash=hashed(token), now=now)
    if not found:
        return None
    *values, usual, firm = found[0]
    of = iter(values)
    client = OF_CLIENT.made(list(islice(of, len(OF_CLIENT.columns))))
    assert client
    client.lead = OF_LEAD.made(list(islice(of, len(OF_LEAD.columns))))
    contact = OF_CONTACT.made(list(islice(of, len(OF_CONTACT.columns))))
    scope = OF_SCOPE.made(list(of))
    channel = contact.channel if contact else usual
    return Reader(client, scope, contact, channel or "", token, Firm(pk=1, **(firm or {"name": ""})))


def reader_at(client: Client, link: PrivateLink | None) -> Reader:
    """Somebody at this client, so that staff see beforehand what they will."""
    contact = link.contact if link else None
    usual = contact or client.contacts.filter(is_main=True, left_at=None).first()
    return Reader(client, link.scope if link else None, contact, usual.channel if usual else "")


# What was promised


def promises_of(reader: Reader, now: datetime) -> Promises:
    """The open ones, the worst first; and the finished, the latest first."""
    statement = _promises(reader.scope is not None, MOST_OPEN, MOST_COUNTED)
    rows = [PromiseRow(*row) for row in statement.ask(now=now, **_whose(reader))]
    ended = [row for row in rows if row.ended_at]
    return Promises(
        open=[row for row in rows if not row.ended_at][:MOST_OPEN],
        finished=sorted(ended, key=lambda row: (row.ended_at, row.pk), reverse=True),
        in_all=rows[0].in_all if rows else 0,
    )


def _whose(reader: Reader) -> dict[str, int | None]:
    return {"client": reader.client.pk, "scope": reader.scope.pk if reader.scope else None}


@put_together_once
def _promises(of_scope: bool, most_open: int, most_counted: int) -> QuerySet[Any, Any]:
    said = Telling.objects.heard().filter(promise=OuterRef("pk"), about_due_at=OuterRef("due_at"))
    said = said.exclude(kind=Telling.Kind.DONE).order_by(HEARD_AT.desc(), "-pk")
    doubted_at = said.of_a_slip().annotate(heard=HEARD_AT).values("heard")[:1]
    # Told only after the update was made, a doubt outlives it.
    since = ProgressUpdate.objects.filter(promise=OuterRef("pk"), standing=Standing.ON_TRACK)
    worst_first = Case(
        When(due_at__lte=NOW, then=0),
        When(told_at__isnull=False, then=1),
        When(~Q(waiting_for=""), then=2),
        default=3,
    )
    theirs = _theirs(of_scope)
    counted = {
        "owner_answers": Case(
            When(Q(owner__is_active=True) & ~Q(owner__password__startswith=UNUSABLE_PASSWORD_PREFIX), then=True),
            default=False,
        ),
        "said": Subquery(said.values("kind")[:1]),
        "recovered": Exists(since.filter(at__gt=OuterRef("doubted_at"))),
        "has_extensions": Exists(Extension.objects.filter(promise=OuterRef("pk"))),
        "in_all": _CountOf(theirs.open().values("pk")[: most_counted + 1]),
    }
    found = Promise.objects.filter(pk__in=_shown(theirs, most_open)).alias(doubted_at=Subquery(doubted_at))
    found = found.annotate(**counted).order_by(F("ended_at").desc(nulls_last=True), worst_first, "due_at", "pk")
    return found.values_list(*PromiseRow._fields)[: MOST_FINISHED + most_open]


def _theirs(of_scope: bool) -> PromiseQuerySet:
    promises: PromiseQuerySet = Promise.objects.order_by().filter(client=CLIENT)
    return promises.filter(scope=SCOPE) if of_scope else promises


def _shown(theirs: PromiseQuerySet, most_open: int) -> QuerySet[Promise, Any]:
    """Each part through an index of its own. The first due are the late ones, and of what is not told of nor waited
    for as many as there can be place for. What was logged in error the client has never heard of.
    """
    ahead = theirs.open().filter(due_at__gt=NOW)
    parts = [
        theirs.open().order_by("due_at", "pk")[:most_open],
        ahead.filter(told_at__isnull=False).order_by("due_at", "pk")[:most_open],
        ahead.exclude(waiting_for="").order_by("due_at", "pk")[:most_open],
        theirs.ended().filter(voided_at=None).order_by("-ended_at", "-pk")[:MOST_FINISHED],
    ]
    # A part of a union cannot be cut off, not in SQLite; what it asks for can.
    first, *others = (Promise.objects.order_by().filter(pk__in=part.values("pk")).values("pk") for part in parts)
    return first.union(*others)


# What became of its dates


def moves_of(promises: Sequence[PromiseRow]) -> dict[int, list[MoveRow]]:
    """Later dates that were asked for or agreed, by promise, in the order in which they were written down."""
    found: dict[int, list[MoveRow]] = defaultdict(list)
    if changed := [promise.pk for promise in promises if promise.moves or promise.has_extensions]:
        for row in _moves(MOST_OPEN).ask(promises=changed):
            move = MoveRow(*row)
            found[move.promise_id].append(move)
    return found


@put_together_once
def _moves(most: int) -> QuerySet[Any, Any]:
    among = AmongGiven(F("promise"), "promises", most)
    message = "telling__message"
    heard_at = Case(
        When(telling=None, then=None),
        When(**{message: None}, then="telling__spoken_at"),
        When(**{f"{message}__state": Sending.SENT, f"{message}__bounced_at": None}, then=f"{message}__sent_at"),
        output_field=DateTimeField(),
    )
    asked_for = Extension.objects.filter(among).annotate(
        since=F("date_move__moved_at"),
        move=F("date_move__pk"),
        heard=heard_at,
        how=Coalesce("telling__channel", NO_TEXT),
        answered=F("answer__answered_at"),
        why=F("reason"),
        words=F("reason_text"),
        by_whom=F("asked_by"),
        of_scope=NO_TEXT,
        addendum_seq=Value(0, IntegerField()),
        when=F("at"),
    )
    signed = DateMove.objects.filter(among, addendum__isnull=False).annotate(
        since=F("moved_at"),
        move=F("pk"),
        heard=F("told_at"),
        how=NO_TEXT,
        answered=NO_MOMENT,
        why=NO_TEXT,
        words=F("addendum__title"),
        by_whom=NO_TEXT,
        of_scope=F("addendum__scope__number"),
        addendum_seq=F("addendum__seq"),
        when=F("moved_at"),
    )
    dates = ("old_due_on", "old_due_at", "new_due_on", "new_due_time", "since", "move", "heard", "how", "answered")
    columns = ("promise_id", "when", "pk", *dates, "why", "words", "by_whom", "of_scope", "addendum_seq")
    first, other = (rows.order_by().values_list(*columns) for rows in (asked_for, signed))
    return first.union(other, all=True).order_by("when", "pk")


# What was said of it, and agreed


def words_about(promises: Collection[PromiseRow], first: PromiseRow | None) -> tuple[list[Stage], list[WordRow]]:
    """The steps of the first in their order; and what was written for the client, and when they were told, the latest
    first.
    """
    stages, said = list[Stage](), list[WordRow]()
    if not promises:
        return stages, said
    ids = [promise.pk for promise in promises]
    for promise, when, word, how, words, order in _words(MOST_OPEN).ask(
        promises=ids, first=first.pk if first else None
    ):
        if order < BEHIND:
            stages.append(Stage(words, when))
        else:
            said.append(WordRow(promise, when, word, how, words))
    return stages, said[:MOST_WORDS]


@put_together_once
def _words(most_open: int) -> QuerySet[Any, Any]:
    among = AmongGiven(F("promise"), "promises", most_open + MOST_FINISHED)
    columns = ("promise_id", "when", "word", "how", "words", "order")
    behind = Value(BEHIND, output_field=IntegerField())
    written = ProgressUpdate.objects.filter(among).exclude(text="")
    written_rows = written.annotate(when=F("at"), word=F("standing"), how=NO_TEXT, words=F("text"), order=behind)
    heard = Telling.objects.heard().filter(among)
    heard_rows = heard.annotate(when=HEARD_AT, word=F("kind"), how=F("channel"), words=NO_TEXT, order=behind)
    steps = Step.objects.filter(promise=FIRST)
    step_rows = steps.annotate(when=F("done_at"), word=NO_TEXT, how=NO_TEXT, words=F("text"), order=F("place"))
    # A part of a union stands in no order.
    parts = (rows.order_by().values_list(*columns) for rows in (heard_rows, written_rows, step_rows))
    return next(parts).union(*parts, all=True).order_by("order", "-when")[: MOST_STEPS + MOST_WORDS]


def papers_of(reader: Reader, now: datetime) -> list[PaperRow]:
    """Scopes and addenda that wait to be signed, and those with a sealed document, the latest first."""
    found = _papers(reader.scope is not None).ask(now=now, **_whose(reader))
    return [
        PaperRow(pk, signed_at, sent_at, until, signer, name, ScopeRow(*scope), seq, title)
        for pk, signed_at, sent_at, until, signer, name, seq, title, *scope in found
    ]


@put_together_once
def _papers(of_scope: bool) -> QuerySet[Any, Any]:
    sealed = Exists(SealedDocument.objects.filter(agreement=OuterRef("pk")))
    is_sealed = Q(sealed, state__in=[State.SIGNED, State.ENDED])
    waiting = Agreement.objects.to_sign(NOW).filter(client=CLIENT).order_by().values("pk")
    papers = Agreement.objects.filter(is_sealed | Q(pk__in=waiting), client=CLIENT)
    if of_scope:
        papers = papers.filter(Q(scope=SCOPE) | Q(addendum__scope=SCOPE))
    both = {
        f"of_{name}": Case(When(kind=Kind.ADDENDUM, then=f"addendum__scope__{name}"), default=f"scope__{name}")
        for name in ("pk", "number", "title", "signed_on", "agreement_id")
    }
    papers = papers.annotate(**both).order_by(F("signed_at").desc(nulls_first=True), "-pk")
    own = ("pk", "signed_at", "sent_at", "valid_until", "contact", "contact__name", "addendum__seq", "addendum__title")
    return papers.values_list(*own, *both)[:MOST_PAPERS]
