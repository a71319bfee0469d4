"""Scopes near their end: which, with what figures beside them, and what was decided."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.actions.base import Refused as RefusedByClients
from clients.actions.welcome import who_signed
from clients.agreement_rules import State
from clients.models import Client, Contact, Entry, Renewal, Scope
from clients.rights import may_decide
from engagement.outbox.models import Channel, Message
from engagement.outbox.models import State as MessageState
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_ago, speak_date, speak_money, speak_number, speak_per_cent
from promises import drafts, renewal_words
from promises.actions.agreeing import Spoken, Written
from promises.actions.renewing import DECIDED, SAID, decide, draft_next, say_again
from promises.forms.renewing import AgainForm, RenewalForm, decision_of
from promises.forms.tell import EMAIL, READ_AGAIN, SPOKEN, text_before
from promises.renewals import Figures, Tally, figures, near_end
from promises.told import message_words
from promises.views.act import carried_out, page
from promises.views.tell import again, good_hours, quiet_note
from promises.words import channel_words

PAGE = 50
DECIDED_SHOWN = 20
MOST_SHOWN = 20
NOT_HEARD = (MessageState.UNDONE, MessageState.FAILED, MessageState.DROPPED)
RENEWED = (Renewal.Decision.RENEW, Renewal.Decision.RENEGOTIATE)


@dataclass(frozen=True)
class Ending:
    scope: Scope
    words: str
    is_over: bool


@dataclass(frozen=True)
class Figure:
    """One line of the figures, in words; `tone` where the scope's own is to be seen."""

    label: str
    of_scope: str
    of_client: str
    tone: str = ""


@dataclass(frozen=True)
class Said:
    """Words to the client as the record keeps them, and what became of them."""

    entry: Entry
    how: str
    message: Message | None
    state: str
    # As lines of a timeline are marked: told, missed, or nothing while it is on its way.
    tone: str

    @property
    def reached(self) -> bool:
        return self.tone != "missed"


def endings(scopes: Sequence[Scope], firm: Firm, now: datetime) -> list[Ending]:
    today = now.astimezone(firm.zoneinfo).date()
    return [_ending(scope, today, now, firm) for scope in scopes[:MOST_SHOWN]]


def _ending(scope: Scope, today: date, now: datetime, firm: Firm) -> Ending:
    assert scope.ends_on
    day, is_over = speak_date(scope.ends_on, today=today), scope.ends_on < today
    words = {"day": day, "ago": speak_ago(scope.ends_on, now, zone=firm.zoneinfo)}
    text = _("ended on %(day)s, %(ago)s, and nobody has decided") if is_over else _("until %(day)s, %(ago)s")
    return Ending(scope, text % words, is_over)


@require_GET
def renewals(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    theirs = Client.objects.visible_to(request.user)
    waiting = near_end(firm, now).filter(client__in=theirs).select_related("client__lead")
    rows = list(_after(waiting, request.GET.get("after", ""))[: PAGE + 1])
    shown = rows[:PAGE]
    today = now.astimezone(firm.zoneinfo).date()
    decided = Renewal.objects.filter(scope__client__in=theirs).select_related("scope__client", "by")
    context = {
        "now": now,
        "endings": [_ending(scope, today, now, firm) for scope in shown],
        "next": f"?{urlencode({'after': _place(shown[-1])})}" if len(rows) > PAGE else "",
        "decided": decided.order_by("-at", "-pk")[:DECIDED_SHOWN],
        "days": firm.renewal_days,
        "here": "clients",
    }
    return render(request, "promises/renewals.html", context)


def _place(scope: Scope) -> str:
    return f"{scope.ends_on}:{scope.pk}"


def _after(scopes: QuerySet[Scope], place: str) -> QuerySet[Scope]:
    """What follows the row that the address names. An address that names none is at the beginning."""
    day, _colon, pk = place.partition(":")
    try:
        on = date.fromisoformat(day)
    except ValueError:
        return scopes
    if not (pk.isascii() and pk.isdigit() and len(pk) < 19):
        return scopes
    return scopes.filter(Q(ends_on__gt=on) | Q(ends_on=on, pk__gt=int(pk)))


@dataclass(frozen=True)
class Visit:
    """One look at a scope's renewal."""

    user: User
    scope: Scope
    decided: Renewal | None
    firm: Firm
    now: datetime

    @cached_property
    def figures(self) -> Figures:
        """As they stand now."""
        return figures(self.scope)


@page
def renewal(request: SignedInRequest, pk: int) -> HttpResponse:
    now, scope = timezone.now(), _scope(request, pk)
    decided = Renewal.objects.filter(scope=scope).select_related("by").first()
    visit = Visit(request.user, scope, decided, Firm.get(), now)
    if request.method != "POST":
        return _page(request, visit, _fresh(request, visit))
    if not may_decide(request.user, scope.client):
        raise PermissionDenied
    form = _form(request.POST, visit, request.POST.get("decision", ""))
    if form is None:
        messages.error(request, _("Choose one of the three first."))
        return redirect("promises:renewal", scope.pk)
    if "draft" in request.POST:
        return _page(request, visit, _drafted(visit, form))
    if carried_out(form, lambda typed: _carry(visit, form, typed)):
        messages.success(request, _("The words are kept.") if decided else _("It is decided, and the words are kept."))
        return redirect("promises:renewal", scope.pk)
    if form.has_error("body", READ_AGAIN):
        # Asked once; the next press sends it.
        form.data = again(request.POST, drafted_for=form.signature())
    return _page(request, visit, form)


@require_POST
def renewal_draft(request: SignedInRequest, pk: int) -> HttpResponse:
    """The next scope, begun from this one. Pressed again, it leads to what was begun."""
    now, scope = timezone.now(), _scope(request, pk)
    decided = Renewal.objects.filter(scope=scope, decision__in=RENEWED).first()
    if decided is None:
        messages.error(request, _("Decide first whether and how you go on."))
        return redirect("promises:renewal", scope.pk)
    try:
        made, is_new = draft_next(decided, by=request.user, now=now)
    except RefusedByClients as refused:
        messages.error(request, str(refused))
        return redirect("promises:renewal", scope.pk)
    number = {"number": made.number}
    if is_new:
        messages.success(request, _("Scope %(number)s is drafted from this one. Fill in the period.") % number)
    else:
        messages.info(request, _("Scope %(number)s was drafted before: this is it.") % number)
    return redirect("clients:scope_edit" if made.agreement.is_draft else "clients:scope", made.pk)


def _scope(request: SignedInRequest, pk: int) -> Scope:
    visible = Scope.objects.visible_to(request.user).select_related("client__lead", "agreement__contact")
    scope: Scope = get_object_or_404(visible, pk=pk)
    scope.agreement.client = scope.client
    return scope


def _form(data: Any, visit: Visit, decision: str, **kwargs: Any) -> AgainForm | None:
    """None where nobody has said yet what it is to be."""
    known = {"client": visit.scope.client, "now": visit.now, **kwargs}
    if visit.decided:
        return AgainForm(data, decision=visit.decided.decision, **known)
    chosen = decision_of(decision)
    return RenewalForm(data, decision=chosen, **known) if chosen else None


def _fresh(request: SignedInRequest, visit: Visit) -> AgainForm | None:
    contact = _chosen_contact(request, visit.scope)
    how = request.GET.get("how") or (EMAIL if contact and contact.email else SPOKEN)
    channel = contact.channel if contact and contact.channel != Channel.EMAIL else Channel.CALL
    initial: dict[str, Any] = {"contact": contact, "how": how, "once": uuid.uuid4(), "channel": channel}
    form = _form(None, visit, request.GET.get("decision", ""), initial=initial)
    if form is None:
        return None
    text = _text(visit, form, contact)
    form.initial.update(subject=text.subject, body=text.body, drafted_for=form.signature())
    return form


def _drafted(visit: Visit, form: AgainForm) -> AgainForm:
    """The text anew for the contact chosen now. Nothing has been written down, so nothing is complained of."""
    text = _text(visit, form, _contact_of(form))
    typed = {name: form[name].value() for name in form.fields}
    typed |= {"subject": text.subject, "body": text.body, "drafted_for": form.signature()}
    typed["earlier"] = text_before(form, text.body)
    return type(form)(initial=typed, decision=form.decision, client=form.client, now=form.now)


def _text(visit: Visit, form: AgainForm, contact: Contact | None) -> drafts.Draft:
    about = renewal_words.facts(visit.scope, visit.figures)
    return renewal_words.draft(about, form.decision, contact=contact, by=visit.user, firm=visit.firm, now=visit.now)


def _chosen_contact(request: SignedInRequest, scope: Scope) -> Contact | None:
    wanted = request.GET.get("contact", "")
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 19:
        chosen = scope.client.contacts.filter(pk=wanted, left_at=None).first()
        if chosen:
            return chosen
    return who_signed(scope.agreement)


def _contact_of(form: AgainForm) -> Contact | None:
    value = form["contact"].value()
    if isinstance(value, Contact) or not value:
        return value or None
    typed = str(value)
    if not (typed.isascii() and typed.isdigit() and len(typed) < 19):
        return None
    return form.client.contacts.filter(pk=typed, left_at=None).first()


def _carry(visit: Visit, form: AgainForm, typed: dict[str, Any]) -> None:
    words: Spoken | Written
    if form.how_chosen == SPOKEN:
        words = Spoken(typed["contact"], typed["channel"], typed["spoken_at"], typed["text"])
    else:
        occasion = f"renewal:{visit.scope.pk}:{typed['once']}"
        words = Written(typed["contact"], typed["subject"], typed["body"], occasion)
    if visit.decided:
        say_again(visit.decided, words=words, by=visit.user, now=visit.now)
    else:
        decide(visit.scope, form.decision, why=typed["why"], words=words, by=visit.user, now=visit.now)


def _page(request: SignedInRequest, visit: Visit, form: AgainForm | None) -> HttpResponse:
    scope, decided, now = visit.scope, visit.decided, visit.now
    may = may_decide(visit.user, scope.client)
    in_force = scope.agreement.state == State.SIGNED
    said = _said(scope, now) if decided else []
    asks = may and (not _has_reached(said) if decided else in_force)
    contact = _contact_of(form) if form and asks else None
    held = next((one.message for one in said if one.message and one.message.can_be_undone(now)), None)
    shown = Figures.from_json(decided.figures) if decided else visit.figures
    context = {
        "scope": scope,
        "client": scope.client,
        "in_force": in_force,
        "figures": _rows(shown),
        "since": shown.since,
        "decided": decided,
        "said": said,
        "is_renewed": decided is not None and decided.decision in RENEWED,
        "may_decide": may,
        "asks": asks,
        "choices": Renewal.Decision.choices,
        "form": form if asks else None,
        "spoken": form is not None and form.how_chosen == SPOKEN,
        "contact": contact,
        "no_email": contact is not None and not contact.email,
        "good_hours": good_hours(contact) if contact else "",
        "quiet": quiet_note(contact, visit.firm, now) if contact else "",
        "undo": _undo(held) if held else None,
        "now": now,
        "client_for_line": scope.client_id,
        "here": "clients",
    }
    return render(request, "promises/renewal.html", context)


def _undo(message: Message) -> dict[str, Any]:
    return {
        "text": _("Not sent yet."),
        "url": reverse("clients:message_undo", args=[message.pk]),
        "until": message.not_before,
    }


def _said(scope: Scope, now: datetime) -> list[Said]:
    """The newest first."""
    kept = Entry.objects.filter(client=scope.client_id, subject=scope.record_subject, kind__in=[DECIDED, SAID])
    entries = list(kept.order_by("-seq"))
    sent = Message.objects.in_bulk([entry.data["message"] for entry in entries if entry.data["message"]])
    return [_said_by(entry, sent.get(entry.data["message"]), now) for entry in entries]


def _said_by(entry: Entry, message: Message | None, now: datetime) -> Said:
    how = channel_words(entry.data["channel"])
    if entry.data["message"] is None:
        return Said(entry, how, None, "", "told")
    if message is None:
        return Said(entry, how, None, "", "missed")
    lost = message.state in NOT_HEARD or message.bounced_at is not None
    tone = "missed" if lost else "told" if message.state == MessageState.SENT else ""
    return Said(entry, how, message, message_words(message, now), tone)


def _has_reached(said: Sequence[Said]) -> bool:
    return any(one.reached for one in said)


def _rows(of: Figures) -> list[Figure]:
    scope, client = of.of_scope, of.of_client
    rows = [
        Figure(_("Kept on time"), _rate(scope), _rate(client)),
        _count(_("Late, client told before"), scope, client, "late_told"),
        _count(_("Late, silent"), scope, client, "late_silent", tone="late"),
    ]
    if client.late_unknown or scope.late_unknown:
        rows.append(_count(_("Late, not recorded"), scope, client, "late_unknown"))
    rows += [
        _count(_("Days early, in all"), scope, client, "days_early"),
        _count(_("Days late, in all"), scope, client, "days_late"),
        Figure(_("Later dates that we asked for"), _number(scope.asked_by_us), _number(client.asked_by_us)),
        Figure(_("Asked for outside what was agreed"), _outside(scope), _outside(client)),
        Figure(_("Open promises"), _number(scope.open), _number(client.open)),
        Figure(_("Price now"), _price(of), ""),
    ]
    return rows


def _count(label: str, scope: Tally, client: Tally, name: str, tone: str = "") -> Figure:
    """Of what has ended. Where nothing has, nought would look like praise."""
    of_scope, of_client = (_number(getattr(tally, name)) if tally.ended else _("no data") for tally in (scope, client))
    return Figure(label, of_scope, of_client, tone if getattr(scope, name) else "")


def _rate(tally: Tally) -> str:
    if tally.kept_rate is None:
        return _("no data")
    words = {"kept": _number(tally.on_time), "ended": _number(tally.ended), "rate": speak_per_cent(tally.kept_rate)}
    return _("%(kept)s of %(ended)s, %(rate)s") % words


def _outside(tally: Tally) -> str:
    if not tally.requests:
        return _("none logged")
    if tally.request_minutes is None:
        return _("%(count)s, minutes: no data") % {"count": _number(tally.requests)}
    return _("%(count)s, %(minutes)s minutes") % {
        "count": _number(tally.requests),
        "minutes": _number(tally.request_minutes),
    }


def _price(of: Figures) -> str:
    return _("no data") if of.price is None else speak_money(of.price, of.currency)


def _number(count: int) -> str:
    return speak_number(count)
