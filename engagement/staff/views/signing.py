"""Signing in and out, and a lost password. Django's own views, with our forms and pages."""

from __future__ import annotations

from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.staff import actions
from engagement.staff.forms.passwords import ForgottenForm, SetPasswordForm, SignInForm

_sign_in = auth_views.LoginView.as_view(
    template_name="staff/sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)
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


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    if actions.is_empty():
        return redirect("staff:first_run")
    return _sign_in(request)


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
