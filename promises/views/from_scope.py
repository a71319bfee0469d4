"""After the signing: each line with a turnaround becomes a promise when a person has confirmed it; and greetings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clients.actions.welcome import confirm_by, greet, signed_day
from clients.agreement_rules import State
from clients.models import Scope
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_short
from promises import actions
from promises.actions.from_scope import make_from_line, mark_needed, mark_not_needed
from promises.cautions import Caution, Values, cautions, recently, unseen
from promises.due import due_for
from promises.forms.act import may_own
from promises.forms.from_scope import LineForm
from promises.forms.log import WHAT_LENGTH
from promises.from_scope import MOST_SHOWN, ToPromise, lines_of, taken_out
from promises.models import Promise
from promises.views.act import page
from promises.views.fitting import Fitted, confirmed, fitted, wants_reason
from promises.weighing import Weighing

# More figures than any line has.
LONGEST_NUMBER = 6


@dataclass(frozen=True)
class Row:
    one: ToPromise
    form: LineForm
    cautions: list[Caution]
    # The day that the turnaround came to, where it has passed.
    passed: date | None
    weighed: Fitted | None
    # Taken on more than the diary holds: asked about once it was sent.
    over: list[Caution]

    @property
    def seen(self) -> str:
        return " ".join(caution.key for caution in (*self.cautions, *self.over))


@dataclass(frozen=True)
class Waiting:
    """A scope on My day whose lines wait for their promises, and by when the client was to have them."""

    scope: Scope
    by: date
    is_late: bool


def to_promise(scopes: Sequence[Scope], firm: Firm, now: datetime) -> list[Waiting]:
    rows = []
    for scope in scopes:
        by = confirm_by(scope.client, firm, signed_day(scope))
        rows.append(Waiting(scope, by, by < now.astimezone(scope.client.zoneinfo).date()))
    return rows


@page
def from_scope(request: SignedInRequest, pk: int) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    scope = _scope(request, pk)
    if request.method != "POST":
        return _page(request, scope, firm, now)
    number = _number(request.POST.get("line", ""))
    act = request.POST.get("act", "")
    try:
        if act == "not_needed":
            mark_not_needed(scope, number, request.user, now)
            messages.success(request, _("Nothing is promised for that line. It stays below, in case that changes."))
        elif act == "needed":
            mark_needed(scope, number, request.user, now)
            messages.success(request, _("The line waits for its promise again."))
        elif "weigh" in request.POST or "take" in request.POST:
            return _look(request, scope, number, firm, now)
        else:
            return _confirm(request, scope, number, firm, now)
    except actions.Refused as refused:
        messages.error(request, str(refused))
    return redirect("promises:from_scope", scope.pk)


@require_POST
def greeted(request: SignedInRequest, pk: int) -> HttpResponse:
    scope = _scope(request, pk)
    if greet(scope.agreement, request.user, timezone.now()):
        messages.success(request, _("Noted: %(client)s has been greeted.") % {"client": scope.client.name})
    else:
        messages.info(request, _("That was noted already."))
    return redirect("promises:my_day")


def _scope(request: SignedInRequest, pk: int) -> Scope:
    visible = Scope.objects.visible_to(request.user).select_related("client__lead", "agreement__contact")
    scope: Scope = get_object_or_404(visible, pk=pk)
    scope.agreement.client = scope.client
    return scope


def _confirm(request: SignedInRequest, scope: Scope, number: int, firm: Firm, now: datetime) -> HttpResponse:
    owners = list(may_own(scope.client))
    form = LineForm(request.POST, prefix=_prefix(number), **_known(scope, owners, firm, now))
    if form.is_valid():
        assert form.due
        weighed = _fitted(request, form, Weighing(firm))
        found = cautions(scope.client, firm, form.cleaned_data["what"], form.due, now)
        found += weighed.over if weighed else []
        if unseen(found, confirmed(request.POST)) or wants_reason(form, weighed):
            return _page(request, scope, firm, now, number, form, asked=True)
        names = ("what", "owner", "estimate_hours")
        typed: dict[str, Any] = {name: form.cleaned_data[name] for name in names}
        typed["override"] = weighed.override(form) if weighed else None
        promise = make_from_line(scope, number, due=form.due, by=request.user, now=now, **typed)
        return redirect(f"{_next(scope)}?saved={promise.pk}")
    return _page(request, scope, firm, now, number, form)


def _look(request: SignedInRequest, scope: Scope, number: int, firm: Firm, now: datetime) -> HttpResponse:
    """Whether the line's date would hold, or the one that would in its place. What is still open is no error."""
    data = request.POST.copy()
    if day := data.get("take", ""):
        data[f"{_prefix(number)}-due_on"] = day
    form = LineForm(data, prefix=_prefix(number), **_known(scope, list(may_own(scope.client)), firm, now))
    return _page(request, scope, firm, now, number, form, looked_at=True)


def _fitted(request: SignedInRequest, form: LineForm, weighing: Weighing) -> Fitted | None:
    if not form.can_be_weighed:
        return None
    assert form.due
    owner, hours = form.cleaned_data["owner"], form.cleaned_data["estimate_hours"]
    return fitted(weighing, owner, form.client, form.due, request.user, form.now, estimate=hours)


def _next(scope: Scope) -> str:
    """The page as long as something waits on it, then the client's."""
    if lines_of([Scope.objects.select_related("client", "agreement").get(pk=scope.pk)])[scope.pk].waiting:
        return reverse("promises:from_scope", args=[scope.pk])
    return scope.client.get_absolute_url()


def _page(
    request: SignedInRequest,
    scope: Scope,
    firm: Firm,
    now: datetime,
    number: int = 0,
    bound: LineForm | None = None,
    *,
    asked: bool = False,
    looked_at: bool = False,
) -> HttpResponse:
    in_force = scope.agreement.state == State.SIGNED
    lines = lines_of([scope])[scope.pk] if in_force else None
    owners, recent = list(may_own(scope.client)), recently(scope.client, now)
    rows, weighing = [], Weighing(firm)
    for one in lines.waiting if lines else ():
        form = bound if bound and one.line.number == number else _fresh(request, one, owners, firm, now)
        row = _row(request, one, form, recent, weighing, now)
        rows.append(replace(row, form=_unsent(form), over=[]) if looked_at and form is bound else row)
    slips = Promise.objects.slips(now).filter(client=scope.client)
    without_line = taken_out(Scope.objects.filter(pk=scope.pk)) if in_force else []
    context: dict[str, Any] = {
        "scope": scope,
        "client": scope.client,
        "in_force": in_force,
        "rows": rows,
        "taken_out": without_line[:MOST_SHOWN],
        "more_taken_out": len(without_line) > MOST_SHOWN,
        "not_needed": lines.not_needed if lines else (),
        "signed_on": signed_day(scope),
        "confirm_by": confirm_by(scope.client, firm, signed_day(scope)),
        "slips": slips.count(),
        # What the title and the summary of errors speak of.
        "form": None if looked_at else bound,
        "asked": number if asked else 0,
        "now": now,
        "client_for_line": scope.client_id,
        "here": "clients",
    }
    return render(request, "promises/from_scope.html", context)


def _fresh(request: SignedInRequest, one: ToPromise, owners: list[User], firm: Firm, now: datetime) -> LineForm:
    due_on = one.due_on(firm)
    if due_on and _has_passed(one, due_on, firm, now):
        due_on = None
    initial = {
        "what": one.line.service[:WHAT_LENGTH],
        "due_on": speak_short(due_on, one.scope.client.zoneinfo, now=now) if due_on else "",
        "owner": request.user.pk,
    }
    return LineForm(prefix=_prefix(one.line.number), initial=initial, **_known(one.scope, owners, firm, now))


def _unsent(form: LineForm) -> LineForm:
    """The same words, and nothing called wrong yet."""
    initial = {name: form[name].value() for name in form.fields}
    return LineForm(
        prefix=form.prefix, initial=initial, client=form.client, owners=form.owners, firm=form.firm, now=form.now
    )


def _row(
    request: SignedInRequest, one: ToPromise, form: LineForm, recent: list[Values], weighing: Weighing, now: datetime
) -> Row:
    firm = weighing.firm
    due_on = one.due_on(firm)
    passed = due_on if due_on and _has_passed(one, due_on, firm, now) else None
    due = (
        form.due if form.is_bound else due_for(one.scope.client, firm, due_on, None) if due_on and not passed else None
    )
    what = str(form["what"].value() or "")
    found = cautions(one.scope.client, firm, what, due, now, recent) if due else []
    if form.is_bound:
        weighed = _fitted(request, form, weighing)
    else:
        weighed = fitted(weighing, request.user, one.scope.client, due, request.user, now) if due else None
    over = weighed.over if weighed and form.is_bound else []
    return Row(one, form, found, passed, weighed, over)


def _has_passed(one: ToPromise, due_on: date, firm: Firm, now: datetime) -> bool:
    return due_for(one.scope.client, firm, due_on, None).at <= now


def _known(scope: Scope, owners: list[User], firm: Firm, now: datetime) -> dict[str, Any]:
    return {"client": scope.client, "owners": owners, "firm": firm, "now": now}


def _prefix(number: int) -> str:
    return f"line-{number}"


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < LONGEST_NUMBER else 0
