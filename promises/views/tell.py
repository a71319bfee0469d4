"""The client hears from us: a message written here, or a conversation recorded."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import F
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from clients.actions import make_link
from clients.actions.links import PLACEHOLDER, placeholder
from clients.models import Client, Contact, PrivateLink
from engagement.outbox.models import Channel, Message, State
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm, User
from engagement.staff.slices import keys_of
from engagement.staff.when import speak_time
from promises import actions, drafts
from promises.forms.tell import EMAIL, READ_AGAIN, SPOKEN, TellForm, kinds_for, text_before
from promises.models import Extension, Promise, Telling
from promises.views.act import carried_out, page
from promises.views.common import promise_or_404
from promises.views.once import Once

# What can be spoken of in one message; the rest has pages of its own.
MOST = 50
DONE_LATELY = timedelta(days=14)
# A link that runs out sooner is not worth sending.
LINK_LASTS = timedelta(days=30)


@page
def tell(request: SignedInRequest, pk: int) -> HttpResponse:
    promise = promise_or_404(request, pk)
    return _tell(request, promise.client, promise)


@page
def tell_client(request: SignedInRequest, pk: int) -> HttpResponse:
    client = get_object_or_404(Client.objects.visible_to(request.user).select_related("lead"), pk=pk)
    return _tell(request, client, None)


def _tell(request: SignedInRequest, client: Client, promise: Promise | None) -> HttpResponse:
    now = timezone.now()
    speakable = _speakable(client, promise, now)
    if request.method != "POST":
        form = _fresh(request, client, promise, speakable, now)
        return _page(request, client, promise, form)
    form = TellForm(request.POST, client=client, promises=speakable, now=now)
    if "draft" in request.POST:
        return _page(request, client, promise, _drafted(request, form))
    if carried_out(form, lambda typed: _carry(request, client, form, typed)):
        return redirect(promise or client)
    if form.has_error("body", READ_AGAIN):
        # Asked once; the next press sends it.
        form.data = again(request.POST, drafted_for=form.signature())
    return _page(request, client, promise, form)


def _speakable(client: Client, promise: Promise | None, now: datetime) -> list[Promise]:
    """The open promises of the client, what was done lately, and the one this page is about, which comes first."""
    theirs = Promise.objects.filter(client=client)
    still_open = theirs.filter(ended_at=None).order_by("due_at", "pk")
    done = theirs.filter(ended_at__gt=now - DONE_LATELY, delivered_at__isnull=False).order_by("ended_at", "pk")
    found = (
        theirs.filter(voided_at=None).select_related("client", "owner").prefetch_related("steps", "extensions__answer")
    )
    shown = found.filter(pk__in=keys_of([still_open, done], MOST))
    rows = list(shown.order_by(F("ended_at").asc(nulls_first=True), "due_at", "pk")[:MOST])
    if promise and promise not in rows:
        rows += found.filter(pk=promise.pk)
    for row in rows:
        for extension in row.extensions.all():
            extension.promise = row
    return sorted(rows, key=lambda row: row != promise)


def _fresh(
    request: SignedInRequest, client: Client, promise: Promise | None, speakable: list[Promise], now: datetime
) -> TellForm:
    contact = _chosen_contact(request, client, promise)
    how = request.GET.get("how") or (EMAIL if contact and contact.email else SPOKEN)
    heard = set(Telling.objects.filter(promise__in=speakable).values_list("promise_id", flat=True))
    initial: dict[str, Any] = {"contact": contact, "how": how, "once": uuid.uuid4(), "channel": _channel(contact)}
    for row in speakable:
        initial[f"about_{row.pk}"] = row == promise if promise else row.is_not_told(now)
        initial[f"kind_{row.pk}"] = _first_kind(request, row, promise, how, heard, now)
    form = TellForm(initial=initial, client=client, promises=speakable, now=now)
    text = _text(request, form, contact)
    form.initial.update(subject=text.subject, body=text.body, drafted_for=form.signature())
    if undone := _undone(request, client):
        _write_again(form, undone)
    return form


def _undone(request: SignedInRequest, client: Client) -> Message | None:
    """The message that was taken back before it left, and is to be written again."""
    pk = _number(request.GET.get("again"))
    if pk is None:
        return None
    taken_back = Message.objects.visible_to(request.user).filter(state=State.UNDONE, kind=f"client {client.pk}")
    return taken_back.filter(pk=pk).first()


def _write_again(form: TellForm, undone: Message) -> None:
    spoken_of = {telling.promise_id: telling for telling in undone.tellings.select_related("contact")}
    for promise in form.promises:
        telling = spoken_of.get(promise.pk)
        form.initial[f"about_{promise.pk}"] = telling is not None
        if telling:
            form.initial[f"kind_{promise.pk}"] = telling.kind
            form.initial["contact"] = telling.contact
    body = PLACEHOLDER.sub(drafts.LINK_MARK, undone.body)
    form.initial.update(how=EMAIL, subject=undone.subject, body=body, drafted_for=form.signature())


def _drafted(request: SignedInRequest, form: TellForm) -> TellForm:
    """The text anew for what is ticked now. Nothing has been written down, so nothing is complained of."""
    contact = form.fields["contact"].queryset.filter(pk=_number(form["contact"].value())).first()  # type: ignore[attr-defined]
    text = _text(request, form, contact)
    typed = {name: form[name].value() for name in form.fields}
    typed |= {"subject": text.subject, "body": text.body, "drafted_for": form.signature()}
    typed["earlier"] = text_before(form, text.body)
    return TellForm(initial=typed, client=form.client, promises=form.promises, now=form.now)


def _text(request: SignedInRequest, form: TellForm, contact: Contact | None) -> drafts.Draft:
    abouts = [drafts.About(promise, kind, _new_date(promise)) for promise, kind in form.said()]
    if not abouts:
        return drafts.Draft("", "")
    return drafts.draft(abouts, client=form.client, contact=contact, by=request.user, firm=Firm.get(), now=form.now)


def _new_date(promise: Promise) -> drafts.NewDate | None:
    asked: Extension | None = next((one for one in promise.extensions.all() if one.is_open), None)
    if asked is None:
        return None
    they_asked = asked.asked_by == Extension.AskedBy.CLIENT
    return drafts.NewDate(asked.new_due_on, asked.new_due_time, asked.reason_text, they_asked)


def _first_kind(
    request: SignedInRequest, row: Promise, promise: Promise | None, how: str, heard: set[int], now: datetime
) -> str:
    offered = [kind for kind, _label in kinds_for(row, how, now)]
    wanted = request.GET.get("kind", "")
    if row == promise and wanted in offered:
        return wanted
    if Telling.Kind.MOVED in offered and row.told_at is None:
        return Telling.Kind.MOVED
    return drafts.default_kind(row, now, told_before=row.pk in heard)


def _chosen_contact(request: SignedInRequest, client: Client, promise: Promise | None) -> Contact | None:
    wanted = _number(request.GET.get("contact"))
    chosen = client.contacts.filter(pk=wanted, left_at=None).first() if wanted else None
    return chosen or main_contact(client, promise.contact if promise else None)


def main_contact(client: Client, contact: Contact | None) -> Contact | None:
    """The promise's own contact while they are there, else the client's main one."""
    if contact and contact.left_at is None:
        return contact
    return client.contacts.filter(left_at=None).order_by("-is_main", "name", "pk").first()


def _channel(contact: Contact | None) -> str:
    return contact.channel if contact and contact.channel != Channel.EMAIL else Channel.CALL


def _carry(request: SignedInRequest, client: Client, form: TellForm, typed: dict[str, Any]) -> None:
    said = [actions.Said(promise, kind) for promise, kind in form.said()]
    if form.how_chosen == SPOKEN:
        _record(request, client, form, said, typed)
        return
    with transaction.atomic():
        # Before the client's record, which a new link is written into: in two orders, two people would wait in a ring.
        held = Promise.objects.select_for_update(no_key=True).filter(pk__in=[about.promise.pk for about in said])
        list(held.order_by("pk"))
        body = with_link(typed["body"], client, typed["contact"], request.user, form.now)
        message = actions.write_to_client(
            said,
            client=client,
            contact=typed["contact"],
            subject=typed["subject"],
            body=body,
            occasion=f"tell:{client.pk}:{typed['once']}",
            by=request.user,
            now=form.now,
        )
        if message is None:
            # With the link that was made for it a moment ago.
            transaction.set_rollback(True)
    if message is None:
        messages.info(request, _("This message was written already. Nothing was sent twice."))


def _record(
    request: SignedInRequest, client: Client, form: TellForm, said: list[actions.Said], typed: dict[str, Any]
) -> None:
    once = Once(request.user, str(typed["once"] or ""))
    if not once.begin():
        messages.info(request, _("This conversation was recorded already."))
        return
    names = {name: typed[name] for name in ("contact", "channel", "spoken_at", "text")}
    try:
        actions.record_conversation(said, client=client, by=request.user, now=form.now, **names)
    except Exception:
        once.give_up()
        raise
    if any(about.kind in Telling.OF_A_SLIP for about in said):
        messages.success(request, _("Recorded. It counts as told."))
    else:
        messages.success(request, _("Recorded."))


def with_link(body: str, client: Client, contact: Contact, by: User, now: datetime) -> str:
    """Put the private page of this contact where the text has its mark; the address itself follows as it leaves."""
    if drafts.LINK_MARK not in body:
        return body
    mine = PrivateLink.objects.open(now).filter(client=client, contact=contact, scope=None)
    lasting = mine.filter(expires_at__gt=now + LINK_LASTS).order_by("-expires_at")
    link = next((one for one in lasting if one.token()), None) or make_link(client, by, now, contact=contact)
    return body.replace(drafts.LINK_MARK, placeholder(link))


def _page(request: SignedInRequest, client: Client, promise: Promise | None, form: TellForm) -> HttpResponse:
    contact = form.fields["contact"].queryset.filter(pk=_number(form["contact"].value())).first()  # type: ignore[attr-defined]
    context = {
        "promise": promise,
        "client": client,
        "form": form,
        "spoken": form.how_chosen == SPOKEN,
        "contact": contact,
        "no_email": contact is not None and not contact.email,
        "good_hours": good_hours(contact) if contact else "",
        "quiet": quiet_note(contact, Firm.get(), form.now) if contact else "",
        "link_mark": drafts.LINK_MARK,
        "wants_a_day": promise is not None
        and promise.is_not_told(form.now)
        and not drafts.names_a_day(promise, form.now),
        "kept": _kept(request),
        "here": "clients",
    }
    return render(request, "promises/tell.html", context)


def _kept(request: SignedInRequest) -> str:
    """What else the address says, for the links that change only how they are told."""
    kept = {name: request.GET[name] for name in ("kind", "contact") if request.GET.get(name)}
    return f"&{urlencode(kept)}" if kept else ""


def quiet_note(contact: Contact, firm: Firm, now: datetime) -> str:
    """Said, not forbidden: the person decides whether it is worth disturbing somebody."""
    there = now.astimezone(contact.zoneinfo).time()
    words = {"name": contact.name, "now": speak_time(there)}
    if contact.good_from and contact.good_until:
        if contact.good_from <= there <= contact.good_until:
            return ""
        return _("It is %(now)s for %(name)s, whose good hours are %(hours)s.") % {
            **words,
            "hours": good_hours(contact),
        }
    if firm.quiet_until <= there <= firm.quiet_from:
        return ""
    return _("It is %(now)s for %(name)s, outside the hours in which we write to clients.") % words


def good_hours(contact: Contact) -> str:
    if not contact.good_from or not contact.good_until:
        return ""
    hours = {"from": speak_time(contact.good_from), "until": speak_time(contact.good_until)}
    return _("%(from)s to %(until)s") % hours


def again(data: QueryDict, **changes: str) -> QueryDict:
    """What was posted, with some of it changed."""
    changed = data.copy()
    for name, value in changes.items():
        changed[name] = value
    return changed


def _number(value: Any) -> int | None:
    if isinstance(value, Contact):
        return value.pk
    text = str(value or "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
