"""What clients open without signing in, and the same page as staff see it beforehand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from clients import actions
from clients.models import Client, PrivateLink
from clients.views.private import for_strangers, kept_private, no_page, too_often
from engagement.staff.http import SignedInRequest, visitor_address
from engagement.staff.models import Firm
from engagement.staff.throttle import Limit
from promises.forms.new_link import NewLinkForm
from promises.progress_page import page_for
from promises.progress_rows import Reader, reader_at, reader_of

TEN_MINUTES = timedelta(minutes=10)
NEW_LINKS_HERE = Limit("new link from here", 10, TEN_MINUTES)
NEW_LINKS_FOR = Limit("new link for", 3, timedelta(hours=1))


@login_not_required
@csrf_exempt  # Nothing can be posted here; without this a POST would be told about a cookie instead.
@for_strangers
@require_http_methods(["GET", "HEAD", "OPTIONS"])
def progress(request: HttpRequest, token: str) -> HttpResponse:
    """Opening it writes nothing, so that mail scanners and previews may do so."""
    if request.method == "OPTIONS":
        return HttpResponse(headers={"Allow": "GET, HEAD, OPTIONS"})
    now = timezone.now()
    reader = reader_of(token, now)
    if reader is None:
        return no_page(request)
    return HttpResponse(_page(reader, {"now": now}))


@login_not_required
@for_strangers
@require_http_methods(["GET", "POST"])
def new_link(request: HttpRequest) -> HttpResponse:
    """The answer is the same whether the address is on file or not; only the mail knows."""
    form = NewLinkForm(request.POST or None)
    if request.method == "POST":
        if NEW_LINKS_HERE.is_reached(visitor_address(request)):
            return too_often(NEW_LINKS_HERE)
        NEW_LINKS_HERE.count(visitor_address(request))
        if form.is_valid():
            _send(form.cleaned_data["email"])
            return redirect(f"{reverse('promises:new_link')}?sent=yes")
    context = {"form": form, "sent": "sent" in request.GET and not form.is_bound}
    return render(request, "promises/progress_new_link.html", context)


@kept_private
@require_safe
def preview_page(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    client = get_object_or_404(Client.objects.visible_to(request.user).select_related("lead"), pk=pk)
    link = None
    if "link" in request.GET:
        links = PrivateLink.objects.filter(client=client).select_related("client", "contact", "scope")
        number = request.GET["link"]
        link = get_object_or_404(links, pk=number if number.isdecimal() else 0)
    seen = {
        "line": _("This is what %(client)s sees.") % {"client": client.name},
        "back": _("Back to %(client)s") % {"client": client.name},
        "url": reverse("promises:client", args=[client.pk]),
    }
    return HttpResponse(_page(reader_at(client, link), {"now": now, "seen": seen}))


def _page(reader: Reader, context: dict[str, Any]) -> str:
    firm = reader.firm or Firm.get()
    page = page_for(reader, firm, context["now"])
    # Without the request: no session is read, no cookie is set.
    with translation.override(reader.language):
        return render_to_string("promises/progress.html", {"page": page, "firm": firm, **context})


def _send(email: str) -> None:
    if not NEW_LINKS_FOR.is_reached(email):
        NEW_LINKS_FOR.count(email)
        actions.send_new_link(email, timezone.now())
