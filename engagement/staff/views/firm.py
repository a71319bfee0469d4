from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from engagement.staff import actions
from engagement.staff.access import administrator_required, manager_required
from engagement.staff.forms.firm import FirmForm, LogoForm, Thresholds
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm, FirmLogo
from engagement.staff.sessions import those_without


@require_http_methods(["GET", "HEAD", "POST"])
@manager_required
def firm(request: SignedInRequest) -> HttpResponse:
    """Managers set the thresholds; the rest of the firm is the administrators'."""
    settings = Firm.get()
    form: Thresholds
    if request.user.is_administrator:
        form = FirmForm(request.POST or None, instance=settings, user=request.user)
    else:
        form = Thresholds(request.POST or None, instance=settings)
    if request.method == "POST" and form.is_valid():
        asked = actions.change_firm(settings, fields=list(form.cleaned_data), now=timezone.now())
        messages.success(request, _("The settings are saved. Every open promise is looked at again."))
        if asked is not None:
            messages.info(request, _asked_words(settings, asked))
        return redirect("staff:firm")
    return _page(request, form, LogoForm())


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def logo(request: SignedInRequest) -> HttpResponse:
    """The picture itself; a POST puts another one in its place."""
    settings = Firm.get()
    if request.method != "POST":
        kept = get_object_or_404(FirmLogo, firm=settings)
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
        return HttpResponse(bytes(kept.content), content_type=f"image/{kept.kind}", headers=headers)
    form = LogoForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, FirmForm(instance=settings), form)
    actions.keep_logo(settings, form.cleaned_data["logo"], now=timezone.now())
    messages.success(request, _("The logo is kept. What is sent from now on carries it."))
    return redirect("staff:firm")


@require_POST
@administrator_required
def logo_remove(request: SignedInRequest) -> HttpResponse:
    actions.remove_logo(Firm.get())
    messages.success(request, _("The logo is removed. What was sent before keeps it."))
    return redirect("staff:firm")


def _asked_words(settings: Firm, asked: int) -> str:
    if settings.second_step_for == Firm.SecondStepFor.NOBODY:
        return _("A second step is asked of nobody any more. Those who have one keep it.")
    done = ngettext(
        "%(count)s person without a second step was signed out, and sets it up at the next sign-in.",
        "%(count)s people without a second step were signed out, and set it up at the next sign-in.",
        asked,
    )
    return done % {"count": asked}


def _page(request: SignedInRequest, form: Thresholds, logo_form: LogoForm) -> HttpResponse:
    kept = FirmLogo.objects.defer("content").filter(firm_id=1).first() if request.user.is_administrator else None
    context: dict[str, object] = {"form": form, "logo_form": logo_form, "logo": kept}
    if request.user.is_administrator:
        without = those_without()
        context |= {"without": len(without), "managers_without": sum(user.is_manager for user in without)}
        context["has_step"] = request.user not in without
    return render(request, "staff/firm.html", context)
