"""The texts that the firm keeps to begin new scopes with."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients import actions
from clients.models import ScopeTemplate
from clients.scope_forms import TemplateForm
from clients.views.shared import is_confirmed, posted
from engagement.staff.http import SignedInRequest


@require_safe
def templates(request: SignedInRequest) -> HttpResponse:
    kept = ScopeTemplate.objects.select_related("changed_by")
    return render(request, "clients/templates.html", {"templates": kept, "now": timezone.now()})


@require_http_methods(["GET", "HEAD", "POST"])
def template(request: SignedInRequest, pk: int) -> HttpResponse:
    """What is in it, and another name for it."""
    kept = get_object_or_404(ScopeTemplate, pk=pk)
    called = kept.name
    form = TemplateForm(posted(request), instance=kept)
    if form.is_valid():
        actions.rename_template(kept, form.cleaned_data["name"], by=request.user, now=timezone.now())
        messages.success(request, _("The template is called “%(name)s” now.") % {"name": kept.name})
        return redirect("clients:templates")
    context = {
        "form": form,
        "template": kept,
        "called": called,
        "texts": kept.content.get("texts", {}),
        "lines": kept.content.get("lines", []),
    }
    return render(request, "clients/template.html", context)


@require_POST
def delete(request: SignedInRequest, pk: int) -> HttpResponse:
    kept = get_object_or_404(ScopeTemplate, pk=pk)
    if not is_confirmed(request):
        return render(request, "clients/template_delete.html", {"template": kept})
    actions.delete_template(kept)
    messages.success(request, _("“%(name)s” is deleted. Scopes that began with it stay.") % {"name": kept.name})
    return redirect("clients:templates")
