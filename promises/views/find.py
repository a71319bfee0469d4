from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clients.models import Client
from engagement.staff.addresses import changed
from engagement.staff.http import SignedInRequest
from promises.find import Search
from promises.forms.find import FindForm
from promises.models import Promise
from promises.views.board import rows_of

FILTERS = ("words", "client", "owner", "scope", "state", "due_from", "due_to")


@dataclass(frozen=True)
class Filter:
    """One filter in force, and the address without it."""

    name: str
    label: str
    value: str
    url: str
    # Without this one there would be something to see.
    empties: bool = False


@require_safe
def list_(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    form = FindForm(request.GET, user=request.user)
    shown: dict[str, object] = {"form": form, "now": now, "filters": [], "clear": request.path}
    if form.is_valid():
        asked = {name: form.cleaned_data[name] for name in FILTERS if form.cleaned_data[name]}
        search = Search(request.user, now, **asked)
        promises, following = search.page(request.GET.get("after", ""))
        shown["rows"] = rows_of(promises, now)
        shown["next"] = changed(request, after=following) if following else ""
        shown["filters"] = [_filter(request, form, search, name, not promises) for name in asked]
        # Asked by the template, and only of a list without rows.
        shown["has_clients"] = Client.objects.visible_to(request.user).exists
        shown["is_first_use"] = not promises and not asked and not Promise.objects.visible_to(request.user).exists()
    return render(request, "promises/list.html", shown)


def _filter(request: SignedInRequest, form: FindForm, search: Search, name: str, is_empty: bool) -> Filter:
    empties = is_empty and search.without(name).has_any()
    return Filter(
        name, str(form.fields[name].label), form.said(name, search.now), changed(request, **{name: ""}), empties
    )
