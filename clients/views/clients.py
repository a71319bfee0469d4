"""The list of clients, and the form behind each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Prefetch, QuerySet
from django.db.models.functions import Lower
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import actions
from clients.forms import ClientFilter, ClientForm, may_open_to
from clients.models import Client, Contact
from clients.views.shared import posted, the_client
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm, User

PAGE = 50


@require_GET
def client_list(request: SignedInRequest) -> HttpResponse:
    form = ClientFilter(request.GET)
    form.is_valid()
    asked = {name: value for name, value in form.cleaned_data.items() if value and name != "after"}
    rows = list(_chosen(request.user, asked, form.cleaned_data.get("after") or "")[: PAGE + 1])
    more = urlencode({**asked, "after": rows[PAGE - 1].key}) if len(rows) > PAGE else ""
    context = {
        "clients": rows[:PAGE],
        "asked": asked,
        "shows": form.fields["show"].choices,  # type: ignore[attr-defined]
        "next": f"?{more}" if more else "",
        "is_first_use": not rows and not request.GET,
    }
    return render(request, "clients/list.html", context)


def _chosen(user: User, asked: dict[str, str], after: str) -> QuerySet[Any]:
    found = Client.objects.visible_to(user).matching(asked.get("words", ""))
    show = asked.get("show")
    found = found.exclude(archived_at=None) if show == "archived" else found.current()
    if show == "mine":
        found = found.served_by(user)
    main = Prefetch("contacts", Contact.objects.filter(is_main=True, left_at=None), to_attr="main_contacts")
    listed = found.annotate(key=Lower("name")).select_related("lead").prefetch_related(main)
    # The key is one client's alone, so the next page begins right after it.
    return (listed.filter(key__gt=after) if after else listed).order_by("key")


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    started = Client(lead=request.user, zone=Firm.get().zone, language=request.user.language)
    form = ClientForm(posted(request), instance=started, user=request.user)
    if form.is_valid():
        try:
            client = actions.make_client(form.instance, request.user, now, members=form.cleaned_data["members"])
        except IntegrityError:
            form.add_error("name", _("There is a client of this name already: enter another name"))
        else:
            messages.success(request, _("%(client)s is here. Add who you speak with there.") % {"client": client})
            return redirect("clients:contact_new", client.pk)
    return render(request, "clients/form.html", {"form": form, "client": None})


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    client = the_client(request, pk)
    # The form writes into what it is given; the page speaks of the client as it is.
    form = ClientForm(posted(request), instance=the_client(request, pk), user=request.user)
    if form.is_valid():
        try:
            actions.save_client(form.instance, request.user, timezone.now(), members=form.cleaned_data["members"])
        except IntegrityError:
            form.add_error("name", _("There is a client of this name already: enter another name"))
        else:
            messages.success(request, _("Saved."))
            return redirect(client)
    return render(request, "clients/form.html", {"form": form, "client": client})


@require_POST
def archive(request: SignedInRequest, pk: int) -> HttpResponse:
    client = the_client(request, pk)
    _only_who_answers(client, request.user)
    try:
        if actions.archive(client, request.user, timezone.now()):
            text = _("%(client)s is archived, and their private links do not open. You can bring them back here.")
            messages.success(request, text % {"client": client})
    except actions.StillOwed as reason:
        messages.error(request, str(reason))
    return redirect(client)


@require_POST
def unarchive(request: SignedInRequest, pk: int) -> HttpResponse:
    client = the_client(request, pk)
    _only_who_answers(client, request.user)
    if actions.unarchive(client, request.user, timezone.now()):
        messages.success(request, _("%(client)s is back.") % {"client": client})
    return redirect(client)


def _only_who_answers(client: Client, user: User) -> None:
    if not may_open_to(client, user):
        raise PermissionDenied
