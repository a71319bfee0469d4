"""Addenda to a signed scope: begun, written, and looked at with what they make of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clients import actions
from clients.addendum_forms import BeginAddendumForm, ChangesForm
from clients.agreement_page import agreement_context
from clients.agreement_rules import State
from clients.document.values import Content
from clients.holding import holding
from clients.models import Addendum, Agreement, Scope
from clients.terms import as_html
from clients.views.shared import posted, text_read
from engagement.staff.http import SignedInRequest


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    visible = Scope.objects.visible_to(request.user).select_related("agreement", "client__lead")
    scope, now = get_object_or_404(visible, pk=pk), timezone.now()
    if scope.agreement.state != State.SIGNED and request.method != "POST":
        messages.info(request, _("An addendum changes a signed scope. Until it is signed, change the scope itself."))
        return redirect(scope)
    form = BeginAddendumForm(posted(request))
    if form.is_valid():
        try:
            addendum = actions.draft_addendum(scope, **form.cleaned_data, by=request.user, now=now)
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The addendum is begun. Say what it changes."))
            return redirect("clients:addendum_edit", addendum.pk)
    return render(request, "clients/addendum_new.html", {"form": form, "scope": scope, "client": scope.client})


@require_GET
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    addendum, now = _addendum(request, pk), timezone.now()
    context = {
        "addendum": addendum,
        "client": addendum.client,
        "terms": as_html(addendum.terms),
        **agreement_context(addendum.agreement, request.user, now),
        **_says(addendum, now),
    }
    return render(request, "clients/addendum.html", context)


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    addendum, now = _addendum(request, pk), timezone.now()
    if not addendum.agreement.is_draft and request.method != "POST":
        messages.info(request, _("This addendum is not a draft any more: it stays as it was sent."))
        return redirect(addendum)
    form = ChangesForm(posted(request), addendum=addendum, held=holding(addendum.scope))
    if form.is_valid():
        try:
            read = text_read(request)
            actions.save_addendum(addendum, form.values, form.changes, by=request.user, now=now, read=read)
        except actions.Refused as refusal:
            form.refused.append(str(refusal))
        else:
            messages.success(request, _("The addendum is saved."))
            return redirect(_after_saving(request, addendum))
    context = {"addendum": addendum, "client": addendum.client, "form": form, **_says(addendum, now)}
    context["read"] = actions.last_saved(addendum)
    return render(request, "clients/addendum_edit.html", context)


def _after_saving(request: SignedInRequest, addendum: Addendum) -> str:
    if "more" in request.POST:
        return f"{reverse('clients:addendum_edit', args=[addendum.pk])}#effect"
    return addendum.get_absolute_url()


def _addendum(request: SignedInRequest, pk: int) -> Addendum:
    visible = Addendum.objects.visible_to(request.user).select_related(
        "scope__client__lead",
        *(f"agreement__{name}" for name in ("contact__client", "sent_by", "closed_by")),
    )
    addendum = get_object_or_404(visible, pk=pk)
    # One client, and one addendum of its agreement, however they are reached.
    addendum.agreement.client, addendum.agreement.addendum = addendum.scope.client, addendum
    return addendum


def _says(addendum: Addendum, now: datetime) -> dict[str, Any]:
    """What the client reads, as it was sent or would be sent now; or why nothing can be sent as things stand."""
    try:
        return {"content": _content(addendum.agreement, now), "cannot": ""}
    except actions.Refused as refusal:
        return {"content": None, "cannot": str(refusal)}


def _content(agreement: Agreement, now: datetime) -> Content:
    if not agreement.is_draft:
        sent = agreement.versions.filter(version=agreement.version).values_list("content", flat=True)
        content: Content | None = sent.first()
        if content:
            return content
    return actions.preview(agreement, now)
