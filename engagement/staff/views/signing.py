"""Signing in and out, the second step, and a lost password. Django's own views, with our forms and pages."""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.staff import actions, door, second_step
from engagement.staff.forms.passwords import ForgottenForm, SetPasswordForm, SignInForm
from engagement.staff.forms.second_step import NewAppForm, SignInCodeForm, SignInRecoveryForm, StepForm
from engagement.staff.http import visitor_address
from engagement.staff.models import Firm
from engagement.staff.setting_up import SettingUp
from engagement.staff.sign_in_tries import WHILE, at_the_second_step

logger = logging.getLogger(__name__)

# By the code of the form's error: too many tries, and a cache that is away.
REFUSED = {"wait": 429, "cannot_count": 503}


class SignIn(auth_views.LoginView):
    template_name = "staff/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        return door.come_in(self.request, form.get_user(), self.get_success_url(), timezone.now())

    def form_invalid(self, form: Any) -> HttpResponse:
        return answered(super().form_invalid(form), form)


_sign_in = SignIn.as_view()
_password_reset = auth_views.PasswordResetView.as_view(
    template_name="staff/password_reset.html",
    form_class=ForgottenForm,
    success_url=reverse_lazy("staff:password_reset_sent"),
)
_set_password = auth_views.PasswordResetConfirmView.as_view(
    template_name="staff/set_password.html",
    form_class=SetPasswordForm,
    success_url=reverse_lazy("staff:password_done"),
)


def answered(response: HttpResponse, form: Form) -> HttpResponse:
    """Say also to machines that a try was not looked at."""
    for error in form.non_field_errors().as_data():
        if status := REFUSED.get(error.code or ""):
            response.status_code = status
            response.headers["Retry-After"] = str(int(WHILE.total_seconds()) if status == 429 else 60)
    return response


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    if actions.is_empty():
        return redirect("staff:first_run")
    return _sign_in(request)


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_code(request: HttpRequest) -> HttpResponse:
    return _second_step(request, SignInCodeForm, "staff/sign_in_code.html")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_recovery(request: HttpRequest) -> HttpResponse:
    return _second_step(request, SignInRecoveryForm, "staff/sign_in_recovery.html")


def _second_step(request: HttpRequest, form_class: type[StepForm], template: str) -> HttpResponse:
    now = timezone.now()
    half_way = door.half_way(request, now)
    if half_way is None or not half_way.has_step:
        return redirect("staff:sign_in")
    user = half_way.user
    form = form_class(request.POST or None, user=user, tries=at_the_second_step(request, user), now=now)
    if request.method == "POST" and form.is_valid():
        return door.let_in(request, user, redirect(half_way.onward))
    if request.method == "POST":
        logger.warning("No code that is taken, of person %s, from %s.", user.pk, visitor_address(request))
    return answered(render(request, template, {"form": form, "person": user}), form)


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_set_up(request: HttpRequest) -> HttpResponse:
    """The firm asks for a second step, and this person has none: nothing else is open to them yet."""
    now = timezone.now()
    half_way = door.half_way(request, now)
    if half_way is None or half_way.has_step:
        return redirect("staff:sign_in")
    setting_up = SettingUp(request, half_way.user, now)
    form = NewAppForm(request.POST or None, shows=setting_up.shows)
    if request.method == "POST" and form.is_valid():
        codes = second_step.turn_on(half_way.user, setting_up.secret, form.cleaned_data["code"], now=now)
        # Signed in before the page is made, so that it is made for them.
        response = door.let_in(request, half_way.user, HttpResponse())
        shown = render(request, "staff/recovery_codes.html", {"codes": codes, "onward": half_way.onward})
        response.content = shown.content
        return response
    context = {"form": form, "person": half_way.user, **setting_up.context(Firm.get())}
    return render(request, "staff/sign_in_set_up.html", context)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponseBase:
    return auth_views.LogoutView.as_view()(request)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def password_reset(request: HttpRequest) -> HttpResponseBase:
    return _password_reset(request)


@login_not_required
@require_safe
def password_reset_sent(request: HttpRequest) -> HttpResponse:
    return render(request, "staff/password_reset_sent.html")


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def set_password(request: HttpRequest, uidb64: str, token: str) -> HttpResponseBase:
    return _set_password(request, uidb64=uidb64, token=token)


@login_not_required
@require_safe
def password_done(request: HttpRequest) -> HttpResponse:
    return render(request, "staff/password_done.html")
