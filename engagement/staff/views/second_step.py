"""One's own second step, and where one is signed in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from engagement.staff import second_step as steps
from engagement.staff import sessions
from engagement.staff.forms.second_step import FirstAppForm, OtherAppForm, ProofForm
from engagement.staff.forms.sessions import EndSessionsForm
from engagement.staff.http import SignedInRequest
from engagement.staff.models import AccountEvent, Firm, SecondStep
from engagement.staff.setting_up import SettingUp
from engagement.staff.sign_in_tries import at_the_second_step
from engagement.staff.views.signing import answered

LATEST = 10


@require_safe
def second_step(request: SignedInRequest) -> HttpResponse:
    me = request.user
    context = {
        "step": SecondStep.objects.filter(user=me).first(),
        "codes_left": steps.codes_left(me),
        "is_asked": steps.is_asked_of(me, Firm.get()),
        "events": AccountEvent.objects.filter(person=me).select_related("by")[:LATEST],
    }
    return render(request, "staff/second_step.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: SignedInRequest) -> HttpResponse:
    now, me = timezone.now(), request.user
    setting_up = SettingUp(request, me, now)
    has_step = SecondStep.objects.filter(user=me).exists()
    form: FirstAppForm | OtherAppForm
    if has_step:
        tries = at_the_second_step(request, me)
        form = OtherAppForm(request.POST or None, user=me, tries=tries, now=now, shows=setting_up.shows)
    else:
        form = FirstAppForm(request.POST or None, user=me, shows=setting_up.shows)
    if request.method == "POST" and form.is_valid():
        codes = steps.turn_on(me, setting_up.secret, form.cleaned_data["code"], now=now)
        return _show(request, codes)
    context = {"form": form, "has_step": has_step, **setting_up.context(Firm.get())}
    return answered(render(request, "staff/second_step_set_up.html", context), form)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def codes(request: SignedInRequest) -> HttpResponse:
    if not SecondStep.objects.filter(user=request.user).exists():
        return redirect("staff:second_step")
    form = _proof(request)
    if request.method == "POST" and form.is_valid():
        return _show(request, steps.renew_codes(request.user, now=form.now))
    return answered(render(request, "staff/second_step_codes.html", {"form": form}), form)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def off(request: SignedInRequest) -> HttpResponse:
    if not SecondStep.objects.filter(user=request.user).exists():
        return redirect("staff:second_step")
    if steps.is_asked_of(request.user, Firm.get()):
        messages.error(
            request, _("Your firm asks for a second step: it can be moved to another app, but not turned off.")
        )
        return redirect("staff:second_step")
    form = _proof(request)
    if request.method == "POST" and form.is_valid():
        steps.turn_off(request.user, now=form.now)
        sessions.end_others(request, request.user)
        messages.success(request, _("Your second step is off. Everywhere else you are signed out."))
        return redirect("staff:second_step")
    return answered(render(request, "staff/second_step_off.html", {"form": form}), form)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    here = sessions.this_one(request)
    rows = sessions.told(request.user, here, now)
    form = EndSessionsForm(request.POST or None, user=request.user, rows=rows)
    if request.method == "POST" and form.is_valid():
        ended = form.cleaned_data["devices"]
        sessions.end(request.user, ended, now=now)
        if here in ended:
            logout(request)
            messages.success(request, _("You are signed out here too. Sign in again to go on."))
            return redirect("staff:sign_in")
        messages.success(request, _("You are signed out there."))
        return redirect("staff:devices")
    return answered(render(request, "staff/devices.html", {"form": form, "rows": rows}), form)


def _proof(request: SignedInRequest) -> ProofForm:
    me = request.user
    return ProofForm(request.POST or None, user=me, tries=at_the_second_step(request, me), now=timezone.now())


def _show(request: SignedInRequest, codes: list[str]) -> HttpResponse:
    """In the answer itself, and nowhere else: they are never shown again."""
    sessions.end_others(request, request.user)
    context: dict[str, Any] = {"codes": codes, "onward": reverse("staff:second_step")}
    return render(request, "staff/recovery_codes.html", context)
