"""The first page of an empty installation, and the first page of everybody who is invited."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from engagement.staff import actions, door, invitations
from engagement.staff.forms.firm import FirstRunForm
from engagement.staff.forms.passwords import JoinForm


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    if not actions.is_empty():
        raise Http404
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            administrator = actions.set_up(
                firm=form.firm(),
                administrator=form.administrator(),
                password=form.cleaned_data["password1"],
                now=timezone.now(),
            )
        except actions.Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("staff:sign_in")
        messages.success(request, _first_steps())
        return door.come_in(request, administrator, resolve_url(settings.LOGIN_REDIRECT_URL), timezone.now())
    return render(request, "staff/first_run.html", {"form": form})


@login_not_required
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, uidb64: str, token: str) -> HttpResponse:
    person = invitations.invited(uidb64, token, timezone.now())
    if person is None:
        return render(request, "staff/join_closed.html", status=410)
    form = JoinForm(request.POST or None, user=person)
    if request.method == "POST" and form.is_valid():
        actions.join(
            person, name=form.cleaned_data["name"], password=form.cleaned_data["password1"], now=timezone.now()
        )
        response = door.come_in(request, person, resolve_url(settings.LOGIN_REDIRECT_URL), timezone.now())
        if request.user.is_authenticated:
            messages.success(request, _welcome())
        return response
    return render(request, "staff/join.html", {"form": form, "person": person})


def _first_steps() -> SafeString:
    return format_html(
        _(
            'The firm is set up. Next: <a href="{client}">your first client</a>, '
            'or <a href="{people}">the people you work with</a>.'
        ),
        client=reverse("clients:new"),
        people=reverse("staff:people"),
    )


def _welcome() -> SafeString:
    return format_html(
        _('Welcome. Your working week and time zone are <a href="{profile}">in your profile</a>: check them once.'),
        profile=reverse("staff:profile"),
    )
