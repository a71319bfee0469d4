"""What clients asked for outside what was agreed: logged with what it cost, answered, turned into an addendum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from clients import actions
from clients.minutes import speak_minutes
from clients.models import Entry, OutsideRequest, Scope, Solution
from clients.request_forms import AddendumForm, AnswerForm, RequestFilter, RequestForm
from clients.solution_search import search
from clients.views.shared import posted, the_client
from engagement.staff.http import SignedInRequest
from engagement.staff.when import speak_date

PAGE = 50
SUGGESTED = 4


@require_GET
def request_list(request: SignedInRequest, pk: int) -> HttpResponse:
    now, client = timezone.now(), the_client(request, pk)
    form = RequestFilter(request.GET)
    form.is_valid()
    every = OutsideRequest.objects.filter(client=client)
    sums = sorted(_by_scope(every, timezone.localdate(now).replace(day=1)), key=_newest_first, reverse=True)
    scope = next((row["scope"] for row in sums if row["scope"] == form.cleaned_data.get("scope")), None)
    chosen = every.filter(scope=scope) if scope else every
    rows = list(_rows(chosen, form.cleaned_data.get("before"))[: PAGE + 1])
    more = {"before": rows[PAGE - 1].pk, **({"scope": scope} if scope else {})} if len(rows) > PAGE else {}
    context = {
        "client": client,
        "requests": rows[:PAGE],
        "sums": sums,
        "total": {name: sum(row[name] or 0 for row in sums) for name in ("asked", "cost", "this_month", "uncounted")},
        "scope": scope,
        "next": f"?{urlencode(more)}" if more else "",
        "now": now,
    }
    return render(request, "clients/requests.html", context)


def _by_scope(every: QuerySet[OutsideRequest], month: date) -> Iterable[Mapping[str, Any]]:
    rows = every.order_by().values("scope", "scope__number", "scope__title")
    return rows.annotate(
        asked=Count("pk"),
        cost=Sum("minutes"),
        this_month=Sum("minutes", filter=Q(asked_on__gte=month)),
        uncounted=Count("pk", filter=Q(minutes=None)),
    )


def _newest_first(row: Mapping[str, Any]) -> str:
    return str(row["scope__number"] or "")


def _rows(chosen: QuerySet[OutsideRequest], before: int | None) -> QuerySet[OutsideRequest]:
    if before and (last := chosen.filter(pk=before).first()):
        chosen = chosen.filter(Q(asked_on__lt=last.asked_on) | Q(asked_on=last.asked_on, pk__lt=last.pk))
    return chosen.select_related("contact", "scope", "by", "addendum__scope").order_by("-asked_on", "-pk")


@require_http_methods(["GET", "POST"])
def new(request: SignedInRequest, pk: int) -> HttpResponse:
    now, client = timezone.now(), the_client(request, pk)
    data = posted(request)
    known: dict[str, Any] = {"client": client, "today": timezone.localdate(now)}
    if data is not None and _wants_help(data):
        return _new_page(request, RequestForm(initial=_helped(data), **known), data.get("what", ""))
    form = RequestForm(data, initial={"scope": request.GET.get("scope", "")}, **known)
    if form.is_valid():
        try:
            logged = actions.log_request(form.request(), request.user, now)
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("The request is logged."))
            return redirect(logged)
    return _new_page(request, form, data.get("what", "") if data else "")


def _new_page(request: SignedInRequest, form: RequestForm, asked: str) -> HttpResponse:
    context = {"form": form, "client": form.client, **_suggestions(form, asked)}
    return render(request, "clients/request_new.html", context)


@require_GET
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _request(request, pk)
    return _page_of(request, found, AddendumForm(request=found))


def _page_of(request: SignedInRequest, found: OutsideRequest, form: AddendumForm) -> HttpResponse:
    now = timezone.now()
    context = {
        "request_": found,
        "client": found.client,
        "form": form,
        "can_be_turned": not found.addendum_id and Scope.objects.in_force().filter(client=found.client_id).exists(),
        "lines": _history(found, now),
        "now": now,
    }
    return render(request, "clients/request.html", context)


@require_POST
def addendum(request: SignedInRequest, pk: int) -> HttpResponse:
    found = _request(request, pk)
    form = AddendumForm(request.POST, request=found)
    if form.is_valid():
        try:
            drafted = actions.turn_into_addendum(found, form.cleaned_data["scope"], by=request.user, now=timezone.now())
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Addendum %(number)s is drafted.") % {"number": drafted.number})
            return redirect(drafted)
    return _page_of(request, found, form)


@require_http_methods(["GET", "POST"])
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    found, data = _request(request, pk), posted(request)
    if data is not None and _wants_help(data):
        form = AnswerForm(initial=_helped(data), used=found.solution)
        return _answer_page(request, found, form)
    stands = {"answer": found.answer, "minutes": found.minutes, "solution": found.solution_id or ""}
    form = AnswerForm(data, initial=stands, used=found.solution)
    if form.is_valid():
        if actions.answer_request(found, **form.cleaned_data, by=request.user, now=timezone.now()):
            messages.success(request, _("Saved."))
        else:
            messages.info(request, _("Nothing was changed."))
        return redirect(found)
    return _answer_page(request, found, form)


def _answer_page(request: SignedInRequest, found: OutsideRequest, form: AnswerForm) -> HttpResponse:
    context = {"form": form, "request_": found, "client": found.client, "now": timezone.now()}
    return render(request, "clients/request_answer.html", {**context, **_suggestions(form, found.what)})


# Suggestions from the library. Without script the whole form comes back with them, and nothing is saved.


@require_GET
def suggest(request: SignedInRequest) -> HttpResponse:
    found = search(request.GET.get("what", ""), SUGGESTED)
    return render(request, "clients/_suggestions.html", {"suggestions": found, "asked": True})


def _wants_help(data: QueryDict) -> bool:
    return "suggest" in data or "use" in data


def _helped(data: QueryDict) -> dict[str, Any]:
    """What was typed, with the words of the solution that was chosen under the answer."""
    filled: dict[str, Any] = data.dict()
    number = data.get("use", "")
    solution = Solution.objects.current().filter(pk=number).first() if _is_a_number(number) else None
    if solution:
        typed = data.get("answer", "").strip()
        filled["answer"] = typed if solution.say in typed else "\n\n".join(filter(None, [typed, solution.say]))
        filled["solution"] = solution.pk
    return filled


def _is_a_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _suggestions(form: AnswerForm, asked: str) -> dict[str, Any]:
    number = str(form["solution"].value() or "")
    chosen = Solution.objects.filter(pk=number).first() if _is_a_number(number) else None
    return {"suggestions": search(asked, SUGGESTED), "asked": bool(asked.strip()), "chosen": chosen}


# What happened to one request, as the client's record has it


@dataclass(frozen=True)
class Line:
    at: datetime
    by: str
    text: str
    quote: str = ""


def _history(found: OutsideRequest, now: datetime) -> list[Line]:
    entries = Entry.objects.filter(client=found.client_id).about(found.record_subject).order_by("-seq")
    return [Line(entry.at, entry.by_name, *_said(entry, now)) for entry in entries]


def _said(entry: Entry, now: datetime) -> tuple[str, str]:
    if entry.kind == "request_answered":
        return _changed(entry.data), (entry.data.get("answer") or ["", ""])[1]
    if entry.kind == "request_turned":
        return _("Addendum %(number)s drafted from it") % {"number": entry.data["addendum"]}, ""
    day = speak_date(date.fromisoformat(entry.data["asked_on"]), today=timezone.localdate(now))
    parts = [_("Logged, as asked on %(day)s") % {"day": day}]
    if entry.data["minutes"] is not None:
        parts.append(speak_minutes(entry.data["minutes"]))
    return ", ".join(parts), entry.data["answer"]


def _changed(changed: dict[str, list[Any]]) -> str:
    parts = []
    if "answer" in changed:
        before, after = changed["answer"]
        parts.append(_("Answer taken back") if not after else _("Answer changed") if before else _("Answered"))
    if "minutes" in changed:
        old, new_ = [_("not counted") if value is None else speak_minutes(value) for value in changed["minutes"]]
        parts.append(_("Minutes: %(old)s → %(new)s") % {"old": old, "new": new_})
    if "solution" in changed:
        title = changed["solution"][1]
        parts.append(_("With the solution “%(title)s”") % {"title": title} if title else _("Without a solution"))
    return ". ".join(parts)


def _request(request: SignedInRequest, pk: int) -> OutsideRequest:
    visible = OutsideRequest.objects.visible_to(request.user)
    related = visible.select_related("client__lead", "contact", "scope", "solution", "by", "addendum__scope")
    return get_object_or_404(related, pk=pk)
