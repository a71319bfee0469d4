"""What the pages of a scope and of an addendum share: how it stands, what can be done next, what is on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from clients.actions import signing_address
from clients.actions.codes import has_moved
from clients.agreement_rules import State, Step
from clients.events import Event, entries_of, event
from clients.models import Addendum, Agreement, Kind, Scope, SealedDocument, SentVersion, Side, Signature
from clients.rights import may_decide, may_take
from engagement.outbox.models import Message
from engagement.outbox.models import State as MessageState
from engagement.staff.models import User
from engagement.staff.when import speak_date, speak_moment

# A page shows so many; a draft that is saved a hundred times is one line of interest.
MOST_EVENTS = 100
TONES = {State.SIGNED: "good", State.ACCEPTED: "risk", State.DECLINED: "risk", State.LAPSED: "risk"}


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do next. `key` is the letter that does it."""

    words: str
    url: str
    key: str = ""


@dataclass(frozen=True)
class Standing:
    """How it stands, in a word, a tone and a sentence."""

    word: str
    tone: str
    sentence: str


@dataclass(frozen=True)
class Papers:
    """What exists on paper, or is being made."""

    versions: list[SentVersion]
    document: SealedDocument | None
    signatures: list[Signature]
    is_being_made: bool


def agreement_context(agreement: Agreement, user: User, now: datetime) -> dict[str, Any]:
    """For the partials `clients/_agreement_*.html`. The agreement comes with client, contact, sender and what it is
    about."""
    papers = papers_of(agreement)
    main, others = acts_of(agreement, user, papers)
    decides = may_decide(user, agreement.client)
    is_out = agreement.state == State.SENT and not agreement.has_lapsed(now)
    return {
        "agreement": agreement,
        "standing": standing_of(agreement, papers, now),
        "main_act": main,
        "other_acts": others,
        "address": signing_address(agreement) if decides and is_out else None,
        "letter": _letter(agreement, papers, now) if agreement.state == State.SENT else "",
        "papers": papers,
        "events": events_of(agreement),
        "may_decide": decides,
        "now": now,
    }


def papers_of(agreement: Agreement) -> Papers:
    if agreement.state == State.DRAFT and agreement.version == 1:
        return Papers([], None, [], False)
    document = SealedDocument.objects.filter(agreement=agreement).defer("content").first()
    return Papers(
        versions=list(agreement.versions.defer("pdf").select_related("contact", "by").order_by("-version")),
        document=document,
        signatures=list(agreement.signatures.select_related("contact", "user", "version").defer("version__pdf")),
        is_being_made=document is None and agreement.document_due_at is not None,
    )


def events_of(agreement: Agreement) -> list[Event]:
    """Newest first. A draft saved again and again by one person is one event."""
    found: list[Event] = []
    for entry in entries_of(agreement):
        said = event(entry)
        is_again = said.kind in ("scope_changed", "addendum_changed")
        if found and is_again and (found[-1].kind, found[-1].by) == (said.kind, said.by):
            found.pop()
        found.append(said)
    return found[::-1][:MOST_EVENTS]


def standing_of(agreement: Agreement, papers: Papers, now: datetime) -> Standing:
    state = State.LAPSED if agreement.has_lapsed(now) else State(agreement.state)
    return Standing(str(state.label), TONES.get(state, ""), _sentence(agreement, state, papers, now))


def _sentence(agreement: Agreement, state: State, papers: Papers, now: datetime) -> str:
    zone = agreement.client.zoneinfo
    today = now.astimezone(zone).date()
    closed = speak_moment(agreement.closed_at, zone, now=now, with_zone=False) if agreement.closed_at else ""
    signed = speak_moment(agreement.signed_at, zone, now=now, with_zone=False) if agreement.signed_at else ""
    values = {
        "name": agreement.contact.name if agreement.contact else _("the client"),
        "until": speak_date(agreement.valid_until, today=today) if agreement.valid_until else "",
        "by": agreement.closed_by.name if agreement.closed_by else "",
        "closed": closed,
        "signed": signed,
    }
    match state:
        case State.DRAFT if agreement.version > 1:
            return _("It was taken back to be changed. The client can sign it again when a new version is sent.")
        case State.DRAFT:
            return _("Nobody outside has seen it yet.")
        case State.SENT if any(one.side == Side.FIRM for one in _of_now(agreement, papers)):
            return _("%(name)s can sign until the end of %(until)s. We have signed.") % values
        case State.SENT:
            return _("%(name)s can sign until the end of %(until)s. We have not signed yet.") % values
        case State.ACCEPTED:
            return _("%(name)s has signed. It comes into force with our signature.") % values
        case State.SIGNED if agreement.signed_at:
            return _("Both sides signed, the last on %(signed)s.") % values
        case State.SIGNED:
            return _("Both sides signed on paper.")
        case State.DECLINED:
            return _("%(name)s declined on %(closed)s.") % values
        case State.LAPSED:
            return _("%(name)s did not sign until the end of %(until)s.") % values
        case State.WITHDRAWN:
            return _("%(by)s withdrew it on %(closed)s.") % values
        case _ended:
            return _("%(by)s ended it on %(closed)s.") % values


def _of_now(agreement: Agreement, papers: Papers) -> list[Signature]:
    return [one for one in papers.signatures if one.version.version == agreement.version]


def acts_of(agreement: Agreement, user: User, papers: Papers) -> tuple[Act | None, list[Act]]:
    """The one thing to do next, if there is one, and what else can be done."""
    acts = list(_acts(agreement, user, papers))
    is_waiting = agreement.state == State.SENT
    return (None, acts) if is_waiting or not acts else (acts[0], acts[1:])


def _acts(agreement: Agreement, user: User, papers: Papers) -> Iterator[Act]:
    about, is_scope = agreement.about, agreement.kind == Kind.SCOPE
    ours = any(one.side == Side.FIRM for one in _of_now(agreement, papers))
    theirs = any(one.side == Side.CLIENT for one in papers.signatures)

    def may(step: Step) -> bool:
        return may_take(user, agreement, step)

    def here(name: str) -> str:
        return reverse(f"clients:agreement_{name}", args=[agreement.pk])

    def there(name: str) -> str:
        return reverse(f"clients:{agreement.kind}_{name}", args=[about.pk])

    if may(Step.SEND):
        yield Act(_("Send it to be signed"), here("send"))
    if may(Step.COUNTERSIGN) and not ours:
        yield Act(_("Sign for the firm"), here("countersign"))
    if may(Step.EDIT):
        yield Act(_("Edit"), there("edit"), "e")
        yield Act(_("See what they will see"), here("preview"))
    if may(Step.REVISE) and not theirs:
        yield Act(_("Change it and send a new version"), here("revise"))
    if is_scope and agreement.state == State.SIGNED:
        yield Act(_("New addendum"), reverse("clients:addendum_new", args=[about.pk]))
    if isinstance(about, Addendum) and theirs and agreement.state == State.WITHDRAWN and _is_in_force(about.scope):
        yield Act(_("New addendum"), reverse("clients:addendum_new", args=[about.scope_id]))
    if is_scope and may(Step.RECORD_PAPER):
        yield Act(_("It was signed on paper"), there("paper"))
    if may(Step.WITHDRAW):
        yield Act(_("Withdraw it"), here("withdraw"))
    if is_scope and may(Step.END):
        yield Act(_("End it"), here("end"))


def _is_in_force(scope: Scope) -> bool:
    return scope.agreement.state == State.SIGNED


def _letter(agreement: Agreement, papers: Papers, now: datetime) -> str:
    """What became of the mail that brought the link; a reminder counts that came back, and one that they asked for."""
    if any(one.version == agreement.version and has_moved(agreement, one) for one in papers.versions):
        return _("The contact's address changed after this was sent: send a new version.")
    if not agreement.by_mail:
        return ""
    brought = Q(occasion=f"to sign:{agreement.pk}:{agreement.version}")
    reminded = Q(occasion__startswith=f"sign nudge:{agreement.pk}:{agreement.version}:", bounced_at__isnull=False)
    again = Q(occasion__startswith=f"to sign:{agreement.pk}:{agreement.version}:asked:", bounced_at__isnull=False)
    found = Message.objects.filter(brought | reminded | again).order_by(F("bounced_at").desc(nulls_last=True), "pk")
    message = found.defer("body").first()
    if message is None:
        return ""
    if message.bounced_at:
        return _("The e-mail came back: %(why)s. Send the link by other means, or correct the address.") % {
            "why": message.error
        }
    match message.state:
        case MessageState.SENT if message.sent_at:
            moment = speak_moment(message.sent_at, now=now, with_zone=False)
            return _("The mail server accepted the e-mail on %(moment)s.") % {"moment": moment}
        case MessageState.FAILED:
            return _("The e-mail was not delivered: %(why)s") % {"why": message.error}
        case MessageState.IN_DOUBT:
            return _("We may not have sent the e-mail. Look at it under Sent mail.")
        case _on_its_way:
            return _("The e-mail is on its way.")
