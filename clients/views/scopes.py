"""Scopes of a client: listed, begun, written, copied, kept as templates, and shown with what holds now."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from clients import actions
from clients.agreement_forms import PaperForm
from clients.agreement_page import agreement_context
from clients.forms import file_name
from clients.line_forms import Lines, ServiceLines, TaxLines, line_values
from clients.models import Client, LineValues, Scope, ScopeFile, ScopeLine
from clients.rights import may_decide
from clients.scope_forms import BeginForm, CopyForm, KeepTemplateForm, ScopeForm
from clients.scope_page import holds_of, rows_of, versions_of_addenda, with_addenda
from clients.signals import scope_shown
from clients.terms import as_html
from clients.totals import Totals, totals
from clients.views.shared import as_file, posted, text_read, the_client
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm

PAGE = 50
# So many old scopes are offered by number; any other can be typed.
MOST_OFFERED = 100
# Two people begin at once, and both are given the same next number.
TAKEN = gettext_lazy("Somebody began another scope at the same moment. Press the button again.")


@require_safe
def scopes(request: SignedInRequest, pk: int) -> HttpResponse:
    client = the_client(request, pk)
    listed = Scope.objects.filter(client=client).select_related("agreement", "file").defer("file__content")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        listed = listed.filter(pk__lt=before)
    rows = rows_of(with_addenda(listed)[: PAGE + 1])
    more = f"?before={rows[PAGE - 1].scope.pk}" if len(rows) > PAGE else ""
    context = {"client": client, "rows": rows[:PAGE], "next": more, "now": timezone.now()}
    return render(request, "clients/scopes.html", context)


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    shown = Scope.objects.visible_to(request.user).select_related("client__lead", "vouched_by", "file__added_by")
    shown = shown.select_related(*(f"agreement__{name}" for name in ("contact", "sent_by", "closed_by")))
    scope = get_object_or_404(with_addenda(shown.defer("file__content")), pk=pk)
    scope.agreement.client = scope.client
    context = {
        **agreement_context(scope.agreement, request.user, now),
        "client": scope.client,
        "scope": scope,
        "holds": holds_of(scope, versions_of_addenda(scope)),
        "not_included": [line for line in map(str.strip, scope.not_included.splitlines()) if line],
        "terms": as_html(scope.terms),
        # What the room above has to say of it; already clean, from its own templates.
        "above": [part for _room, part in scope_shown.send(Scope, scope=scope, user=request.user, now=now) if part],
        "now": now,
    }
    return render(request, "clients/scope.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    """An empty page; beside it the ways to begin with an older text."""
    client = the_client(request, pk)
    begin = {"begin": BeginForm(user=request.user), "old": _old(request)}
    return _editor(request, _begun(client), begin if request.method != "POST" else {})


@require_http_methods(["GET", "HEAD", "POST"])
def begin(request: SignedInRequest, pk: int) -> HttpResponse:
    """From a template that the firm keeps, or as a copy of a scope of any client that this person sees."""
    client, now = the_client(request, pk), timezone.now()
    form = BeginForm(posted(request), user=request.user)
    if form.is_valid():
        template, old = form.cleaned_data["template"], form.cleaned_data["copy_of"]
        try:
            if template:
                scope = actions.draft_from_template(template, client, by=request.user, now=now)
            else:
                scope = actions.copy_scope(old, client, by=request.user, now=now)
        except actions.Refused:
            form.add_error(None, TAKEN)
        else:
            return _begin_with(request, scope)
    return render(request, "clients/scope_begin.html", {"form": form, "client": client, "old": _old(request)})


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    scope = _scope(request, pk)
    if not scope.agreement.is_draft:
        messages.info(request, _("What was sent does not change. Take it back to change it, or write an addendum."))
        return redirect(scope)
    return _editor(request, scope, {})


@require_http_methods(["GET", "HEAD", "POST"])
def paper_new(request: SignedInRequest, pk: int) -> HttpResponse:
    """A scope that was signed on paper: what it says, and the paper itself."""
    client = the_client(request, pk)
    _only_deciders(request, client)
    return _editor(request, _begun(client), {"paper": _paper_form(request, client)})


@require_http_methods(["GET", "HEAD", "POST"])
def paper(request: SignedInRequest, pk: int) -> HttpResponse:
    """A draft that both sides signed on paper after all."""
    scope = _scope(request, pk)
    _only_deciders(request, scope.client)
    form = _paper_form(request, scope.client)
    if form.is_valid():
        try:
            _record_paper(request, scope, form)
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Kept as signed on paper. From now on it changes by addendum alone."))
            return redirect(scope)
    return render(request, "clients/scope_paper.html", {"form": form, "client": scope.client, "scope": scope})


@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: SignedInRequest, pk: int) -> HttpResponse:
    scope = _scope(request, pk)
    form = CopyForm(posted(request), user=request.user, initial={"client": scope.client_id})
    if form.is_valid():
        try:
            copied = actions.copy_scope(scope, form.cleaned_data["client"], by=request.user, now=timezone.now())
        except actions.Refused:
            form.add_error(None, TAKEN)
        else:
            return _begin_with(request, copied)
    return render(request, "clients/scope_copy.html", {"form": form, "client": scope.client, "scope": scope})


@require_http_methods(["GET", "HEAD", "POST"])
def keep_template(request: SignedInRequest, pk: int) -> HttpResponse:
    """Its text and lines for scopes to come, under a name."""
    scope = _scope(request, pk)
    form = KeepTemplateForm(posted(request), initial={"name": scope.title[:100]})
    if form.is_valid():
        kept = actions.keep_template(scope, form.cleaned_data["name"], by=request.user, now=timezone.now())
        messages.success(request, _("“%(name)s” is kept. New scopes can begin with it.") % {"name": kept.name})
        return redirect(scope)
    return render(request, "clients/template_new.html", {"form": form, "client": scope.client, "scope": scope})


@require_safe
def file(request: SignedInRequest, pk: int) -> HttpResponse:
    scope = get_object_or_404(Scope.objects.visible_to(request.user), pk=pk)
    kept: ScopeFile = get_object_or_404(ScopeFile, scope=scope)
    return as_file(bytes(kept.content), kept.name)


def _editor(request: SignedInRequest, scope: Scope, more: dict[str, Any]) -> HttpResponse:
    """The page on which a scope is written; with `paper` in `more`, one that was signed already."""
    client, called = scope.client, str(scope) if scope.pk else ""
    today = timezone.localdate(timezone.now(), client.zoneinfo)
    form = ScopeForm(posted(request), instance=scope, today=today)
    lines = list(scope.lines.all()) if scope.pk else []
    services = ServiceLines(posted(request), prefix="line", initial=line_values(lines, LineValues.LineKind.SERVICE))
    taxes = TaxLines(posted(request), prefix="tax", initial=line_values(lines, LineValues.LineKind.TAX))
    paper_form: PaperForm | None = more.get("paper")
    parts: list[Any] = [form, services, taxes, *([paper_form] if paper_form else [])]
    # Every part is asked, so that all its faults are said at once.
    if request.method == "POST" and all([part.is_valid() for part in parts]):
        try:
            saved = _save(request, scope, form, [*services.values, *taxes.values], paper_form)
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Scope %(number)s is saved.") % {"number": saved.number})
            return redirect(_after_saving(request, saved))
    context = {
        "form": form,
        "services": services,
        "taxes": taxes,
        "client": client,
        "scope": scope,
        "called": called,
        "read": actions.last_saved(scope) if called else "",
        "totals": _totals(request, scope, [services, taxes], lines),
        "terms": as_html(scope.terms) if called and not form.is_bound else "",
        "has_faults": form.is_bound and not all(part.is_valid() for part in parts),
        **more,
    }
    return render(request, "clients/scope_edit.html", context)


def _save(
    request: SignedInRequest,
    scope: Scope,
    form: ScopeForm,
    lines: list[dict[str, Any]],
    paper_form: PaperForm | None,
) -> Scope:
    by, now = request.user, timezone.now()
    with transaction.atomic():
        if scope.pk:
            actions.save_draft(scope, form.values, lines, by=by, now=now, read=text_read(request))
        else:
            scope = actions.draft_scope(scope.client, form.values, lines, by=by, now=now)
        actions.name_signer(scope.agreement, form.cleaned_data["contact"])
        if paper_form:
            _record_paper(request, scope, paper_form)
    return scope


def _record_paper(request: SignedInRequest, scope: Scope, form: PaperForm) -> None:
    kept = form.cleaned_data
    content, name = kept["paper"].read(), file_name(kept["paper"].name or "")
    actions.record_paper(
        scope, signed_on=kept["signed_on"], name=name, content=content, by=request.user, now=timezone.now()
    )


def _after_saving(request: SignedInRequest, scope: Scope) -> str:
    if "more" in request.POST:
        return f"{reverse('clients:scope_edit', args=[scope.pk])}#lines"
    return scope.get_absolute_url()


def _totals(
    request: SignedInRequest, scope: Scope, parts: list[Lines], lines: list[ScopeLine]
) -> tuple[Totals, str] | None:
    """What is typed comes to, as far as it can be read; the script says the same while it is typed."""
    if request.method == "POST":
        if not all(part.is_valid() for part in parts):
            return None
        typed = enumerate([values for part in parts for values in part.values], 1)
        lines = [ScopeLine(number=number, **values) for number, values in typed]
    return (totals(lines, scope.currency), scope.currency) if lines else None


def _begin_with(request: SignedInRequest, scope: Scope) -> HttpResponse:
    messages.success(request, _("Scope %(number)s is begun. Look it through.") % {"number": scope.number})
    return redirect("clients:scope_edit", scope.pk)


def _begun(client: Client) -> Scope:
    today = timezone.localdate(timezone.now(), client.zoneinfo)
    return Scope(client=client, number=actions.next_number(today), currency=Firm.get().currency)


def _scope(request: SignedInRequest, pk: int) -> Scope:
    visible = Scope.objects.visible_to(request.user).select_related("client__lead", "agreement")
    scope = get_object_or_404(visible, pk=pk)
    scope.agreement.client = scope.client
    return scope


def _paper_form(request: SignedInRequest, client: Client) -> PaperForm:
    today = timezone.localdate(timezone.now(), client.zoneinfo)
    return PaperForm(posted(request), request.FILES or None, today=today)


def _only_deciders(request: SignedInRequest, client: Client) -> None:
    if not may_decide(request.user, client):
        raise PermissionDenied(_("The client's lead or a manager does this."))


def _old(request: SignedInRequest) -> list[Scope]:
    """The latest scopes of all clients that this person sees, to be chosen from by number."""
    return list(Scope.objects.visible_to(request.user).select_related("client").order_by("-pk")[:MOST_OFFERED])
