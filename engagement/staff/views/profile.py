from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from engagement.staff import actions
from engagement.staff.diary_words import told_absences, told_weeks
from engagement.staff.forms.passwords import ChangePasswordForm
from engagement.staff.forms.people import ProfileForm
from engagement.staff.http import SignedInRequest
from engagement.staff.models import User
from engagement.staff.views.signing import answered


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: SignedInRequest) -> HttpResponse:
    now = timezone.now()
    # A copy: a name that was refused must not stand in the head of the page.
    me = User.objects.select_related("second_step").get(pk=request.user.pk)
    form = ProfileForm(request.POST or None, instance=me)
    if request.method == "POST" and form.is_valid():
        actions.change_profile(me, now=now)
        messages.success(request, _("Your profile is saved."))
        return redirect("staff:profile")
    today = timezone.localdate(now)
    context = {
        "form": form,
        "weeks": told_weeks(me, today),
        "absences": told_absences(me, today),
        "second_step": getattr(me, "second_step", None),
    }
    return render(request, "staff/profile.html", context)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def change_password(request: SignedInRequest) -> HttpResponse:
    form = ChangePasswordForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        # Other places where this person is signed in are signed out; this one stays.
        update_session_auth_hash(request, form.save())
        messages.success(request, _("Your password is changed. Everywhere else you are signed out."))
        return redirect("staff:profile")
    return answered(render(request, "staff/change_password.html", {"form": form}), form)
