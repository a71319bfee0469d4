"""The verbs of one promise: each page asks for what the verb needs, does it, and goes back to the promise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from engagement.staff.http import SignedInRequest
from promises import actions, drafts
from promises.forms.act import (
    DoneForm,
    NoteForm,
    ReasonForm,
    ReassignForm,
    StepsForm,
    UpdateForm,
    WaitingForm,
    WithdrawForm,
)
from promises.models import Announcement, Promise, Standing, Step, Telling
from promises.rights import must_decide
from promises.views.common import promise_or_404

page = require_http_methods(["GET", "HEAD", "POST"])


@page
def update(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    if has_ended(request, promise):
        return redirect(promise)
    if _days_to_ask_for(request):
        # From the line on the promise's page: it had no room for the day, so it is asked for here.
        form = UpdateForm(promise=promise, now=now, initial=request.POST.dict())
        return render(request, "promises/update.html", {"promise": promise, "form": form, "asks_for_day": True})
    form = UpdateForm(posted(request), promise=promise, now=now)

    def do(typed: dict[str, Any]) -> None:
        if typed["standing"] == Standing.DONE:
            actions.deliver(promise, delivered_at=now, by=request.user, now=now, text=typed["text"], note=typed["note"])
            return
        said = {name: typed[name] for name in ("standing", "per_cent", "hours_left", "note")}
        if typed["standing"] == Standing.MAY_BE_LATE:
            said["announced"] = _announcement(typed)
        actions.update(promise, text=_text_for_client(promise, typed, form), by=request.user, now=now, **said)

    if not carried_out(form, do):
        return render(request, "promises/update.html", {"promise": promise, "form": form})
    if form.cleaned_data["standing"] == Standing.MAY_BE_LATE:
        return redirect(_tell(promise, Telling.Kind.MAY_BE_LATE))
    if form.cleaned_data["standing"] == Standing.DONE:
        return _after_done(request, promise)
    messages.success(request, _("Updated: on track."))
    return redirect(promise)


@page
def done(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    if has_ended(request, promise):
        return redirect(promise)
    form = DoneForm(posted(request), promise=promise, now=now)

    def do(typed: dict[str, Any]) -> None:
        said = {name: typed[name] for name in ("delivered_at", "text", "note", "hours_taken")}
        actions.deliver(promise, by=request.user, now=now, **said)

    if carried_out(form, do):
        return _after_done(request, promise)
    words = {"title": _("Done"), "submit": _("Done"), "template": "promises/done.html"}
    return ask(request, promise, form, **words)


@page
def withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    must_decide(request.user, promise)
    if has_ended(request, promise):
        return redirect(promise)
    form = WithdrawForm(posted(request), promise=promise, now=now)
    if carried_out(form, lambda typed: actions.withdraw(promise, by=request.user, now=now, **typed)):
        messages.success(request, _("Withdrawn. The reason stands in the timeline."))
        return redirect(promise)
    if promise.is_overdue(now):
        lede = _("Its date has passed, so the miss stands. This cannot be called back.")
    else:
        lede = _("Before its date a promise that is taken back leaves no outcome. This cannot be called back.")
    return ask(request, promise, form, title=_("Withdraw the promise"), submit=_("Withdraw"), lede=lede, danger=True)


@page
def void(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    must_decide(request.user, promise)
    if has_ended(request, promise):
        return redirect(promise)
    form = ReasonForm(posted(request), promise=promise, now=now)
    if carried_out(form, lambda typed: actions.void(promise, by=request.user, now=now, **typed)):
        messages.success(request, _("Marked as logged by mistake. It stays visible, with the reason."))
        return redirect(promise)
    lede = _("Only while the client has not been told of it. It stays visible and counts nowhere.")
    return ask(
        request,
        promise,
        form,
        title=_("Logged by mistake"),
        submit=_("Mark as logged by mistake"),
        lede=lede,
        danger=True,
    )


@page
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    if promise.is_open:
        messages.info(request, _("This promise is open already."))
        return redirect(promise)
    form = ReasonForm(posted(request), promise=promise, now=now)
    if carried_out(form, lambda typed: actions.reopen(promise, by=request.user, now=now, **typed)):
        messages.success(request, _("Open again. The earlier outcome stays in the timeline."))
        return redirect(promise)
    lede = _("A new outcome is frozen when it is done again.")
    return ask(request, promise, form, title=_("Open it again"), submit=_("Open it again"), lede=lede)


@page
def reassign(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    must_decide(request.user, promise)
    if has_ended(request, promise):
        return redirect(promise)
    form = ReassignForm(posted(request), promise=promise, now=now)
    if carried_out(form, lambda typed: actions.reassign(promise, typed["owner"], request.user, now)):
        # The way back is offered on the page that follows.
        return redirect(f"{promise.get_absolute_url()}?{urlencode({'was': promise.owner_id})}")
    lede = _("Reminders go to the new owner from now on. The record stays with the promise.")
    return ask(request, promise, form, title=_("Hand it over"), submit=_("Hand over"), lede=lede)


@page
def waiting(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    if has_ended(request, promise):
        return redirect(promise)
    initial = {"what": promise.waiting_for, "by_day": promise.waiting_by}
    form = WaitingForm(posted(request), promise=promise, now=now, initial=initial)
    if carried_out(
        form, lambda typed: actions.wait_for_client(promise, typed["what"], typed["by_day"], request.user, now)
    ):
        messages.success(request, _("Waiting for the client. They read it first on their page; the date stays."))
        return redirect(promise)
    lede = _("It stands first on the client's page. No date moves by it.")
    return ask(request, promise, form, title=_("Waiting for the client"), submit=_("Wait for them"), lede=lede)


@require_POST
def waiting_over(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    try:
        if actions.stop_waiting(promise, request.user, now):
            messages.success(request, _("No longer waiting for the client."))
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(promise)


@page
def steps(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    if has_ended(request, promise):
        return redirect(promise)
    laid = "\n".join(promise.steps.values_list("text", flat=True))
    form = StepsForm(posted(request), promise=promise, now=now, initial={"steps": laid})
    if carried_out(form, lambda typed: actions.set_steps(promise, typed["steps"], request.user, now)):
        messages.success(request, _("The steps are laid out."))
        return redirect(promise)
    return ask(request, promise, form, title=_("Steps"), submit=_("Save the steps"))


@require_POST
def step(request: SignedInRequest, pk: int) -> HttpResponse:
    """One press ticks a step, or takes the tick back. The button says which was meant."""
    now = timezone.now()
    visible = Promise.objects.visible_to(request.user)
    chosen = get_object_or_404(Step.objects.filter(promise__in=visible).select_related("promise"), pk=pk)
    try:
        actions.tick_step(chosen, request.POST.get("done") == "yes", request.user, now)
    except actions.Refused as refusal:
        messages.error(request, str(refusal))
    return redirect(f"{chosen.promise.get_absolute_url()}#steps")


@require_POST
def note(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return ask(request, promise, form, title=_("Internal note"), submit=_("Keep the note"))
    actions.keep_note(promise, form.cleaned_data["note"], request.user, now)
    messages.success(request, _("The note is kept. Only we can read it."))
    return redirect(f"{promise.get_absolute_url()}#notes")


def posted(request: SignedInRequest) -> Any:
    return request.POST if request.method == "POST" else None


def carried_out(form: forms.Form, do: Callable[[dict[str, Any]], object]) -> bool:
    """Whether the form held and the verb was done. A refusal is said in the form, with everything typed kept."""
    if not form.is_valid():
        return False
    try:
        do(form.cleaned_data)
    except actions.Refused as refusal:
        form.add_error(None, str(refusal))
        return False
    return True


def has_ended(request: SignedInRequest, promise: Promise) -> bool:
    """Opening the page of a verb whose time is over. Whoever was typing meanwhile is answered by the verb itself."""
    if promise.is_open or request.method == "POST":
        return False
    messages.info(request, _("This promise has ended. Open it again first."))
    return True


def ask(
    request: SignedInRequest, promise: Promise, form: forms.Form, *, template: str = "promises/act.html", **words: Any
) -> HttpResponse:
    return render(request, template, {"promise": promise, "form": form, "here": "promises", **words})


def _days_to_ask_for(request: SignedInRequest) -> bool:
    return "line" in request.POST and request.POST.get("standing") == Standing.MAY_BE_LATE


def _text_for_client(promise: Promise, typed: dict[str, Any], form: UpdateForm) -> str:
    """What was typed, and with “may be late” the day, so that page, mail and timeline all say it."""
    if typed["standing"] != Standing.MAY_BE_LATE:
        return str(typed["text"])
    language = promise.contact.speaks if promise.contact else promise.client.language
    delay = drafts.said_of_delay(language, _announcement(typed), form.today)
    return " ".join(part for part in (typed["text"].strip(), delay) if part)


def _announcement(typed: dict[str, Any]) -> Announcement:
    """The one day of the two that the form has asked for."""
    return Announcement(typed["new_date"] or typed["word_by"], bool(typed["new_date"]))


def _tell(promise: Promise, kind: str) -> str:
    return f"{reverse('promises:tell', args=[promise.pk])}?{urlencode({'kind': kind})}"


def _after_done(request: SignedInRequest, promise: Promise) -> HttpResponse:
    # The page that follows offers both: to tell the client, and to open it again.
    return redirect(f"{promise.get_absolute_url()}?ended=now")
