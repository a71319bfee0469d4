"""Sent mail: what left the firm, what is about to, and what needs a person.

The pages lie here and not in the outbox because who may read a message depends on the client it went to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from clients.actions.links import readable
from clients.forms import BouncedForm, SentFilter
from clients.models import Client
from engagement.outbox import actions
from engagement.outbox.models import Audience, Message, MessageQuerySet, State
from engagement.staff.http import SignedInRequest
from engagement.staff.models import User

PAGE = 50


def readable_by(user: User) -> MessageQuerySet:
    """What they wrote or received, managers everything; nothing to a client whom they may not see."""
    messages_ = Message.objects.visible_to(user).select_related("written_by", "person")
    if user.is_manager:
        return messages_
    # Only restricted clients are looked at, and these are few.
    restricted = Q(restricted=True)
    hidden = Client.objects.filter(restricted).exclude(pk__in=Client.objects.visible_to(user).filter(restricted))
    kind = Concat(Value("client "), Cast("pk", CharField()), output_field=CharField())
    return messages_.exclude(kind__in=hidden.annotate(spoken_of=kind).values("spoken_of"))


@require_GET
def sent(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    form = SentFilter(request.GET)
    form.is_valid()
    show = form.cleaned_data.get("show") or ""
    rows = list(_chosen(request.user, show, form.cleaned_data.get("before"))[: PAGE + 1])
    more = {"show": show} if show else {}
    context = {
        "sent": rows[:PAGE],
        "show": show,
        "shows": form.fields["show"].choices,  # type: ignore[attr-defined]
        "next": f"?{urlencode({**more, 'before': rows[PAGE - 1].pk})}" if len(rows) > PAGE else "",
        "now": now,
        "here": "sent_mail",
    }
    return render(request, "outbox/list.html", context)


def _chosen(user: User, show: str, before: int | None) -> QuerySet[Message]:
    found = readable_by(user)
    if show == "clients":
        found = found.filter(audience=Audience.CLIENT)
    elif show == "person":
        found = found.filter(pk__in=Message.objects.needing_a_person().values("pk"))
    if before and (last := readable_by(user).filter(pk=before).first()):
        found = found.filter(written_at__lte=last.written_at).filter(
            Q(written_at__lt=last.written_at) | Q(pk__lt=last.pk)
        )
    return found.order_by("-written_at", "-pk").defer("body")


@require_GET
def message(request: SignedInRequest, pk: int) -> HttpResponse:
    return _page(request, _message(request, pk), BouncedForm())


def _page(request: SignedInRequest, found: Message, form: BouncedForm) -> HttpResponse:
    now = timezone.now()
    held = found.can_be_undone(now) and found.audience == Audience.CLIENT
    undo = {
        "text": _("Not sent yet."),
        "url": reverse("clients:message_undo", args=[found.pk]),
        "until": found.not_before,
    }
    context = {
        "message": found,
        "letter": readable(found.body),
        "client": _client_of(found),
        "form": form,
        "undo": undo if held else None,
        "can_come_back": found.state in (State.SENT, State.IN_DOUBT) and found.bounced_at is None,
        "can_go_again": found.state in (State.FAILED, State.IN_DOUBT),
        "can_be_seen_to": found.state == State.FAILED and found.seen_to_at is None,
        "is_in_doubt": found.state == State.IN_DOUBT,
        "now": now,
        "here": "sent_mail",
    }
    return render(request, "outbox/message.html", context)


def _client_of(found: Message) -> Client | None:
    room, _space, pk = found.kind.partition(" ")
    return Client.objects.filter(pk=pk).first() if room == "client" and pk.isdigit() else None


@require_POST
def resend(request: SignedInRequest, pk: int) -> HttpResponse:
    return _do(request, pk, actions.resend, _("It goes out again."))


@require_POST
def mark_sent(request: SignedInRequest, pk: int) -> HttpResponse:
    return _do(request, pk, actions.mark_sent, _("Marked as arrived."))


@require_POST
def see_to(request: SignedInRequest, pk: int) -> HttpResponse:
    return _do(request, pk, actions.see_to, _("Seen to."))


@require_POST
def undo(request: SignedInRequest, pk: int) -> HttpResponse:
    return _do(request, pk, actions.undo, _("Undone. It was not sent."))


@require_POST
def bounced(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _message(request, pk)
    form = BouncedForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form)
    why: str = form.cleaned_data["why"]

    def came_back(message_: Message, now: datetime) -> bool:
        return actions.bounced(message_, now, why)

    return _do(request, pk, came_back, _("It came back. What it spoke of counts as not told."))


def _do(request: SignedInRequest, pk: int, verb: Callable[[Message, datetime], bool], said: str) -> HttpResponse:
    found = _message(request, pk)
    if verb(found, timezone.now()):
        messages.success(request, said)
    else:
        messages.error(request, _("Nothing was changed: this message has moved on meanwhile. See how it stands."))
    return redirect("clients:message", pk)


def _message(request: SignedInRequest, pk: int) -> Message:
    return get_object_or_404(readable_by(request.user), pk=pk)
