"""Scopes: what was agreed, as plain records with the signed paper."""

from __future__ import annotations

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from clients import actions
from clients.forms import ScopeForm, file_name
from clients.models import Scope, ScopeFile
from clients.views.shared import posted, the_client
from engagement.staff.http import SignedInRequest


@require_GET
def scopes(request: SignedInRequest, pk: int) -> HttpResponse:
    client = the_client(request, pk)
    listed = Scope.objects.filter(client=client).select_related("file").defer("file__content")
    return render(request, "clients/scopes.html", {"client": client, "scopes": listed})


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    return _form(request, Scope(client=the_client(request, pk)))


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    visible = Scope.objects.visible_to(request.user).select_related("client__lead", "file").defer("file__content")
    return _form(request, get_object_or_404(visible, pk=pk))


def _form(request: SignedInRequest, scope: Scope) -> HttpResponse:
    called, today = (str(scope) if scope.pk else ""), timezone.localdate()
    form = ScopeForm(posted(request), request.FILES or None, instance=scope, today=today)
    if form.is_valid():
        try:
            _save(request, scope, form.cleaned_data["paper"])
        except IntegrityError:
            form.add_error("number", _("Another scope has this number: enter a different one"))
        else:
            messages.success(request, _("Scope %(number)s is saved.") % {"number": scope.number})
            return redirect("clients:scopes", scope.client_id)
    context = {"form": form, "client": scope.client, "scope": scope, "called": called}
    return render(request, "clients/scope.html", context)


def _save(request: SignedInRequest, scope: Scope, paper: UploadedFile[bytes] | None) -> None:
    now = timezone.now()
    with transaction.atomic():
        actions.save_scope(scope, request.user, now)
        if paper:
            actions.keep_file(scope, file_name(paper.name or ""), paper.read(), request.user, now)


@require_GET
def file(request: SignedInRequest, pk: int) -> HttpResponse:
    scope = get_object_or_404(Scope.objects.visible_to(request.user), pk=pk)
    paper: ScopeFile = get_object_or_404(ScopeFile, scope=scope)
    # Whatever is in it, no browser may run it as a page of ours.
    return HttpResponse(
        bytes(paper.content),
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(True, paper.name) or "attachment",
            "Content-Security-Policy": "sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
