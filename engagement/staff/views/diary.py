"""A person's weeks and absences: their own, and for an administrator anybody's."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.forms import ModelForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from engagement.staff import actions
from engagement.staff.forms.diary import AbsenceForm, WeekForm
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Absence, Firm, User, WorkingWeek


@require_http_methods(["GET", "HEAD", "POST"])
def week_new(request: SignedInRequest, person_pk: int | None = None) -> HttpResponse:
    person = _whose(request, person_pk)
    latest = person.weeks.order_by("-valid_from").first() or Firm.get()
    week = WorkingWeek(user=person, hours=latest.hours, share=latest.share)
    return _edit_week(request, week, initial={"valid_from": timezone.localdate()})


@require_http_methods(["GET", "HEAD", "POST"])
def week(request: SignedInRequest, pk: int) -> HttpResponse:
    return _edit_week(request, get_object_or_404(_mine(request, WorkingWeek), pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
def week_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_mine(request, WorkingWeek), pk=pk)
    home = _home(request, found.user)
    if request.method == "POST":
        actions.remove_week(found, now=timezone.now())
        messages.success(request, _("The working week is removed."))
        return redirect(home)
    return render(request, "staff/week_remove.html", {"week": found, "home": home})


@require_http_methods(["GET", "HEAD", "POST"])
def absence_new(request: SignedInRequest, person_pk: int | None = None) -> HttpResponse:
    return _edit_absence(request, Absence(user=_whose(request, person_pk)))


@require_http_methods(["GET", "HEAD", "POST"])
def absence(request: SignedInRequest, pk: int) -> HttpResponse:
    return _edit_absence(request, get_object_or_404(_mine(request, Absence), pk=pk))


@require_http_methods(["GET", "HEAD", "POST"])
def absence_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(_mine(request, Absence), pk=pk)
    home = _home(request, found.user)
    if request.method == "POST":
        actions.remove_absence(found, now=timezone.now())
        messages.success(request, _("The absence is removed."))
        return redirect(home)
    return render(request, "staff/absence_remove.html", {"absence": found, "home": home})


def _edit_week(request: SignedInRequest, week: WorkingWeek, initial: dict[str, Any] | None = None) -> HttpResponse:
    now = timezone.now()
    form = WeekForm(request.POST or None, instance=week, today=timezone.localdate(now), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_week(week, now=now)
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The working week is saved."))
            return redirect(_home(request, week.user))
    return _page(request, "staff/week.html", form, week.user)


def _edit_absence(request: SignedInRequest, absence: Absence) -> HttpResponse:
    now = timezone.now()
    form = AbsenceForm(request.POST or None, instance=absence, today=timezone.localdate(now))
    if request.method == "POST" and form.is_valid():
        actions.save_absence(absence, now=now)
        messages.success(request, _("The absence is saved."))
        return redirect(_home(request, absence.user))
    return _page(request, "staff/absence.html", form, absence.user)


def _page(request: SignedInRequest, template: str, form: ModelForm[Any], person: User) -> HttpResponse:
    return render(request, template, {"form": form, "person": person, "home": _home(request, person)})


def _whose(request: SignedInRequest, person_pk: int | None) -> User:
    if person_pk is None:
        return request.user
    if not request.user.is_administrator:
        raise PermissionDenied
    return get_object_or_404(User, pk=person_pk)


def _mine(request: SignedInRequest, model: type[models.Model]) -> Any:
    rows = model._default_manager.select_related("user")
    return rows if request.user.is_administrator else rows.filter(user=request.user)


def _home(request: SignedInRequest, person: User) -> str:
    return reverse("staff:profile") if person == request.user else reverse("staff:person", args=[person.pk])
