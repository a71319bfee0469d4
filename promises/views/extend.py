"""A later date: asked for, told, and answered, in one form."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from promises import actions, drafts
from promises.actions.base import holding
from promises.cautions import unseen
from promises.forms.extend import AGREED, NO_ANSWER, REFUSED, AnswerForm, ExtendForm
from promises.forms.tell import EMAIL, READ_AGAIN, SPOKEN, text_before
from promises.models import Extension, Promise, Telling
from promises.views.act import ask, carried_out, has_ended, page, posted
from promises.views.common import promise_or_404
from promises.views.fitting import Fitted, confirmed, fitted, fragment, wants_reason
from promises.views.tell import again, main_contact, with_link
from promises.weighing import Weighing


@page
def extend(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    if has_ended(request, promise):
        return redirect(promise)
    form = ExtendForm(_typed(request), promise=promise, now=now, initial=_initial(request, promise))
    weighed = _fitted(request, promise, form)
    if "weigh" in request.POST or "take" in request.POST:
        # Only looked at: what is still open is no error.
        typed = {name: form[name].value() for name in form.fields}
        form = ExtendForm(None, promise=promise, now=now, initial=typed)
        return _page(request, promise, form, drafted=form.is_drafted, weighed=weighed)
    if form.is_bound and form.is_valid() and _asks_first(request, form, weighed):
        return _page(request, promise, form, drafted=form.is_drafted, weighed=weighed)
    if form.is_bound and form.is_valid() and form.cleaned_data["told"] == EMAIL and _wants_draft(request, form):
        # The text is read, and changed if need be, before anything is written down.
        form = _drafted(request, promise, form)
        return _page(request, promise, form, drafted=True, weighed=weighed)
    if carried_out(form, lambda typed: _extend(request, promise, typed, form, weighed)):
        messages.success(request, _what_was_done(form.cleaned_data))
        return redirect(promise)
    if form.has_error("body", READ_AGAIN):
        form.data = again(request.POST, drafted_for=form.signature())
    return _page(request, promise, form, drafted=form.is_bound and form.is_drafted, weighed=weighed)


@require_safe
def fit(request: SignedInRequest, pk: int) -> HttpResponse:
    """Whether the new date that stands in the form would hold. Nothing where that cannot be said yet."""
    promise = promise_or_404(request, pk)
    return fragment(_fitted(request, promise, ExtendForm(request.GET, promise=promise, now=timezone.now())))


@page
def answer(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    visible = Promise.objects.visible_to(request.user)
    asked = Extension.objects.filter(promise__in=visible).select_related("telling__message")
    extension = get_object_or_404(asked, pk=pk)
    promise = promise_or_404(request, extension.promise_id)
    if request.method != "POST" and not extension.is_open:
        messages.info(request, _("This extension is not waiting for an answer any more."))
        return redirect(promise)
    form = AnswerForm(posted(request), promise=promise, now=now)

    def do(typed: dict[str, Any]) -> None:
        said = {"agreed": typed["agreed"] == AGREED, "answered_at": typed["answered_at"], "words": typed["words"]}
        actions.answer(extension, by=request.user, now=now, **said)

    if carried_out(form, do):
        agreed = form.cleaned_data["agreed"] == AGREED
        messages.success(request, _("The date has moved.") if agreed else _("They refused. The date stays."))
        return redirect(promise)
    words = {"title": _("The client's answer"), "submit": _("Record the answer"), "template": "promises/answer.html"}
    return ask(request, promise, form, extension=extension, **words)


def _fitted(request: SignedInRequest, promise: Promise, form: ExtendForm) -> Fitted | None:
    if not promise.is_open or not form.can_be_weighed:
        return None
    weighing, due = Weighing(Firm.get()), form.cleaned_data["due"]
    return fitted(weighing, promise.owner, promise.client, due, request.user, form.now, moved=promise)


def _asks_first(request: SignedInRequest, form: ExtendForm, weighed: Fitted | None) -> bool:
    """A date that does not fit is kept with a reason, and asked about before anything is drafted or told."""
    if weighed is None or form.cleaned_data["answer"] == REFUSED:
        return False
    return bool(unseen(weighed.over, confirmed(request.POST))) or wants_reason(form, weighed)


def _typed(request: SignedInRequest) -> Any:
    """“They asked, and it is agreed”: one press says four things that are otherwise asked for."""
    if day := request.POST.get("take", ""):
        return again(request.POST, new_date=day)
    if request.method != "POST" or "agreed_as_asked" not in request.POST:
        return posted(request)
    said = {
        "reason": request.POST.get("reason") or Extension.Reason.CLIENT_WISH.value,
        "text": request.POST.get("text", "").strip() or _("The client asked for it, and it is agreed."),
    }
    return again(request.POST, asked_by=Extension.AskedBy.CLIENT.value, answer=AGREED, told=SPOKEN, **said)


def _initial(request: SignedInRequest, promise: Promise) -> dict[str, Any]:
    contact = main_contact(promise.client, promise.contact)
    return {"contact": contact, "once": uuid.uuid4(), "new_date": request.GET.get("date", "")}


def _wants_draft(request: SignedInRequest, form: ExtendForm) -> bool:
    return not form.is_drafted or "draft" in request.POST


def _drafted(request: SignedInRequest, promise: Promise, form: ExtendForm) -> ExtendForm:
    typed, due = form.cleaned_data, form.cleaned_data["due"]
    they_asked = typed["asked_by"] == Extension.AskedBy.CLIENT
    new = drafts.NewDate(due.on, due.time, typed["reason_text"], they_asked)
    text = drafts.draft(
        [drafts.About(promise, Telling.Kind.MOVED, new)],
        client=promise.client,
        contact=typed["contact"],
        by=request.user,
        firm=Firm.get(),
        now=form.now,
    )
    earlier = text_before(form, text.body)
    data = again(request.POST, subject=text.subject, body=text.body, earlier=earlier, drafted_for=form.signature())
    return ExtendForm(data, promise=promise, now=form.now)


def _extend(
    request: SignedInRequest, promise: Promise, typed: dict[str, Any], form: ExtendForm, weighed: Fitted | None
) -> None:
    asked = actions.Asked(
        typed["due"],
        typed["reason"],
        typed["reason_text"],
        typed["asked_by"],
        typed["note"],
        weighed.override(form) if weighed else None,
    )
    reply = None
    if typed["answer"] != NO_ANSWER:
        reply = actions.Reply(typed["answer"] == AGREED, typed["answered_at"], typed["words"])
    told: actions.Spoken | actions.Written | None = None
    # The link that is made for a message goes with it, should the message be refused.
    with holding(promise):
        if typed["told"] == SPOKEN:
            told = actions.Spoken(typed["contact"], typed["channel"], typed["spoken_at"], typed["text"])
        elif typed["told"] == EMAIL:
            occasion = f"extend:{promise.pk}:{typed['once']}"
            body = with_link(typed["body"], promise.client, typed["contact"], request.user, form.now)
            told = actions.Written(typed["contact"], typed["subject"], body, occasion)
        actions.extend_and_tell(promise, asked, told=told, reply=reply, by=request.user, now=form.now)


def _what_was_done(typed: dict[str, Any]) -> str:
    if typed["answer"] == AGREED:
        return _("The date has moved. The first date stays in the record.")
    if typed["answer"] != NO_ANSWER:
        return _("They refused. The date stays.")
    return _("Asked for. The date stays until they agree.")


def _page(
    request: SignedInRequest, promise: Promise, form: ExtendForm, *, drafted: bool, weighed: Fitted | None = None
) -> HttpResponse:
    context = {"promise": promise, "form": form, "drafted": drafted, "here": "promises"}
    if weighed:
        context["words"] = weighed.words
        # Once it is asked, it stands there until the date is kept or another is chosen.
        context["over"] = weighed.over[0].key if weighed.over and form.is_bound else ""
    return render(request, "promises/extend.html", context)
