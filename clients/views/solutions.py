"""The solutions library: common problems and what to say to them. Everybody reads and adds, owners keep them right."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import actions
from clients.models import OutsideRequest, Solution
from clients.models.solution import SolutionQuerySet
from clients.request_forms import ReviewForm, SolutionFilter, SolutionForm
from clients.solution_search import search
from clients.views.shared import posted
from engagement.staff.http import SignedInRequest
from engagement.staff.models import User

PAGE = 50
USES_SHOWN = 10
# Half a year is long enough for an answer to grow stale, and short enough to remember why it was given.
REVIEWED_AFTER = timedelta(days=182)


@require_GET
def library(request: SignedInRequest) -> HttpResponse:
    now, user = timezone.now(), request.user
    today = timezone.localdate(now)
    form = SolutionFilter(request.GET)
    form.is_valid()
    words, show = form.cleaned_data.get("words") or "", form.cleaned_data.get("show") or ""
    shown = _shown(show, user, today).with_uses(user).select_related("owner")
    # What is searched for comes by how well it fits, so there is one page of it.
    rows = search(words, PAGE, shown) if words else list(_after(shown, form.cleaned_data.get("after"))[: PAGE + 1])
    asked = {name: value for name, value in [("words", words), ("show", show)] if value}
    more = urlencode({**asked, "after": rows[PAGE - 1].pk}) if len(rows) > PAGE else ""
    context = {
        "solutions": rows[:PAGE],
        "asked": asked,
        "shows": form.fields["show"].choices,  # type: ignore[attr-defined]
        "to_review": Solution.objects.to_review(today).answered_for_by(user).count(),
        "next": f"?{more}" if more else "",
        "is_first_use": not rows and not asked,
        "today": today,
        "now": now,
        "here": "solutions",
    }
    return render(request, "clients/solutions.html", context)


def _shown(show: str, user: User, today: date) -> SolutionQuerySet:
    match show:
        case "mine":
            return Solution.objects.current().filter(owner=user)
        case "my_review":
            return Solution.objects.to_review(today).answered_for_by(user)
        case "review":
            return Solution.objects.to_review(today)
        case "archived":
            return Solution.objects.exclude(archived_at=None)
    return Solution.objects.current()


def _after(shown: SolutionQuerySet, after: int | None) -> SolutionQuerySet:
    if after and (last := Solution.objects.filter(pk=after).first()):
        # The title alone leads to the place in the index.
        behind = Q(title_words__gt=last.title_words) | Q(pk__gt=last.pk)
        shown = shown.filter(behind, title_words__gte=last.title_words)
    return shown.order_by("title_words", "pk")


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    today = timezone.localdate()
    started = Solution(owner=request.user, language=request.user.language, review_by=today + REVIEWED_AFTER)
    return _form(request, started, today, "")


@require_http_methods(["GET", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    solution = _mine_to_change(request, pk)
    return _form(request, solution, timezone.localdate(), solution.title)


def _form(request: SignedInRequest, solution: Solution, today: date, called: str) -> HttpResponse:
    form = SolutionForm(posted(request), instance=solution, today=today)
    if form.is_valid():
        actions.save_solution(form.instance, timezone.now())
        messages.success(request, _("“%(title)s” is saved.") % {"title": form.instance.title})
        return redirect(form.instance)
    context = {"form": form, "called": called, "pk": solution.pk, "here": "solutions"}
    return render(request, "clients/solution_form.html", context)


@require_GET
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    today = timezone.localdate()
    return _page(
        request, _solution(request, pk), ReviewForm(today=today, initial={"review_by": today + REVIEWED_AFTER})
    )


def _page(request: SignedInRequest, solution: Solution, form: ReviewForm) -> HttpResponse:
    now = timezone.now()
    uses = OutsideRequest.objects.visible_to(request.user).filter(solution=solution)
    context: dict[str, Any] = {
        "solution": solution,
        "form": form,
        "may_change": solution.may_be_changed_by(request.user),
        "is_to_review": solution.is_to_review(timezone.localdate(now)),
        "used": uses.select_related("client").order_by("-asked_on", "-pk")[:USES_SHOWN],
        "now": now,
        "here": "solutions",
    }
    return render(request, "clients/solution.html", context)


@require_POST
def reviewed(request: SignedInRequest, pk: int) -> HttpResponse:
    solution = _mine_to_change(request, pk)
    form = ReviewForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        return _page(request, solution, form)
    actions.review_solution(solution, form.cleaned_data["review_by"], timezone.now())
    messages.success(request, _("Reviewed. It stays as it is until the new date."))
    return redirect(solution)


@require_POST
def archive(request: SignedInRequest, pk: int) -> HttpResponse:
    solution = _mine_to_change(request, pk)
    if actions.archive_solution(solution, timezone.now()):
        messages.success(request, _("“%(title)s” is archived, and suggested no more.") % {"title": solution})
    return redirect(solution)


@require_POST
def unarchive(request: SignedInRequest, pk: int) -> HttpResponse:
    solution = _mine_to_change(request, pk)
    if actions.unarchive_solution(solution):
        messages.success(request, _("“%(title)s” is back in the library.") % {"title": solution})
    return redirect(solution)


def _solution(request: SignedInRequest, pk: int) -> Solution:
    return get_object_or_404(Solution.objects.with_uses(request.user).select_related("owner"), pk=pk)


def _mine_to_change(request: SignedInRequest, pk: int) -> Solution:
    solution = _solution(request, pk)
    if not solution.may_be_changed_by(request.user):
        raise PermissionDenied(_("Only its owner and managers change a solution."))
    return solution
