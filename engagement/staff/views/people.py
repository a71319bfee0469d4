from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from engagement.staff import actions, invitations
from engagement.staff.access import administrator_required
from engagement.staff.diary_words import told_absences, told_weeks
from engagement.staff.forms.own_password import OwnPasswordForm
from engagement.staff.forms.people import InviteForm, PeopleFilter, PersonForm
from engagement.staff.http import SignedInRequest
from engagement.staff.models import AccountEvent, Firm, SecondStep, Session, User, WorkingWeek
from engagement.staff.second_step import is_asked_of
from engagement.staff.views.second_step import LATEST
from engagement.staff.views.signing import answered

PAGE = 100
# The session remembers whose link was just made; the link itself is made anew and kept nowhere.
FRESH_LINK = "fresh_join_link"


@require_safe
@administrator_required
def people(request: SignedInRequest) -> HttpResponse:
    asked = PeopleFilter(request.GET)
    asked.is_valid()
    words, left, after = (asked.cleaned_data.get(name) for name in ("q", "left", "after"))
    found = User.objects.filter(is_active=not left)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(email__icontains=words))
    if after and (last := User.objects.filter(pk=after).first()):
        # By the last row shown and never by counting rows, so that nobody is missed when somebody joins meanwhile.
        found = found.filter(Q(name__gt=last.name) | Q(name=last.name, pk__gt=last.pk))
    has_week = Exists(WorkingWeek.objects.filter(user=OuterRef("pk")))
    rows = list(found.select_related("manager").annotate(has_week=has_week).order_by("name", "pk")[: PAGE + 1])
    kept = {"q": words, "left": "on" if left else ""}
    context = {
        "people": [(person, _standing(person)) for person in rows[:PAGE]],
        "next": _address(kept | {"after": rows[PAGE - 1].pk}) if len(rows) > PAGE else "",
        "q": words or "",
        "left": left,
    }
    return render(request, "staff/people.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def person_new(request: SignedInRequest) -> HttpResponse:
    somebody = User(zone=Firm.get().zone, language=request.user.language)
    form = InviteForm(request.POST or None, instance=somebody)
    if request.method == "POST" and form.is_valid():
        try:
            actions.invite(somebody, by=request.user, now=timezone.now())
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _invited(request, somebody)
    return render(request, "staff/person_new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def person(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    somebody = get_object_or_404(User, pk=pk)
    name = str(somebody)
    form = PersonForm(request.POST or None, instance=somebody, by=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_person(somebody, by=request.user, now=now)
        except actions.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": somebody})
            return redirect("staff:person", pk=pk)
    kept = User.objects.get(pk=pk)
    fresh = request.method == "GET" and request.session.pop(FRESH_LINK, None) == pk
    today = timezone.localdate(now)
    context = {
        "form": form,
        "person": kept,
        "name": name,
        "standing": _standing(kept),
        "nowhere": kept.email.endswith(actions.NOWHERE),
        "invited_until": invitations.open_until(kept),
        "link": invitations.join_url(kept) if fresh and invitations.is_open(kept, now) else "",
        "second_step": SecondStep.objects.filter(user=kept).first(),
        "is_asked": is_asked_of(kept, Firm.get()),
        "is_signed_in": Session.of(kept, now).exists(),
        "events": AccountEvent.objects.filter(person=kept).select_related("by")[:LATEST],
        "weeks": told_weeks(kept, today),
        "absences": told_absences(kept, today),
    }
    return render(request, "staff/person.html", context)


@require_POST
@administrator_required
def person_invite(request: SignedInRequest, pk: int) -> HttpResponse:
    somebody = get_object_or_404(User, pk=pk)
    try:
        actions.invite(somebody, by=request.user, now=timezone.now())
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("staff:person", pk=pk)
    return _invited(request, somebody)


@require_POST
@administrator_required
def person_left(request: SignedInRequest, pk: int) -> HttpResponse:
    somebody = get_object_or_404(User, pk=pk)
    try:
        actions.leave(somebody, by=request.user, now=timezone.now())
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s cannot sign in any more, and hears nothing.") % {"name": somebody})
    return redirect("staff:person", pk=pk)


@require_POST
@administrator_required
def person_back(request: SignedInRequest, pk: int) -> HttpResponse:
    somebody = get_object_or_404(User, pk=pk)
    actions.come_back(somebody, now=timezone.now())
    messages.success(request, _("%(name)s works here again.") % {"name": somebody})
    return redirect("staff:person", pk=pk)


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def person_second_step(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take it away from somebody who lost it."""
    somebody = get_object_or_404(User, pk=pk)
    if somebody == request.user:
        messages.info(request, _("Your own second step is here: it takes your password and a code."))
        return redirect("staff:second_step")
    is_asked = is_asked_of(somebody, Firm.get())
    form = OwnPasswordForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.take_second_step_away(somebody, by=request.user, now=timezone.now())
        except actions.Refused as refusal:
            messages.error(request, str(refusal))
        else:
            done = _("%(name)s was signed out everywhere, and signs in with the password alone. A mail says so.")
            if is_asked:
                done = _("%(name)s was signed out everywhere, and sets up another at the next sign-in. A mail says so.")
            messages.success(request, done % {"name": somebody})
        return redirect("staff:person", pk=pk)
    context = {
        "form": form,
        "person": somebody,
        "first_name": somebody.get_short_name(),
        "is_asked": is_asked,
        "home": reverse("staff:person", args=[pk]),
    }
    return answered(render(request, "staff/person_second_step.html", context), form)


@require_POST
@administrator_required
def person_sign_out(request: SignedInRequest, pk: int) -> HttpResponse:
    somebody = get_object_or_404(User, pk=pk)
    actions.sign_out_everywhere(somebody, by=request.user, now=timezone.now())
    messages.success(request, _("%(name)s is signed out everywhere.") % {"name": somebody})
    return redirect("staff:person", pk=pk)


def _invited(request: SignedInRequest, somebody: User) -> HttpResponse:
    request.session[FRESH_LINK] = somebody.pk
    messages.success(request, _("The invitation is on its way to %(email)s.") % {"email": somebody.email})
    return redirect("staff:person", pk=somebody.pk)


def _standing(person: User) -> str:
    if not person.is_active:
        return _("No longer works here")
    if person.can_sign_in:
        return _("Can sign in")
    return _("Invited, has not joined yet") if person.invited_at else _("Not invited, cannot sign in")


def _address(asked: dict[str, Any]) -> str:
    return "?" + urlencode({name: value for name, value in asked.items() if value})
