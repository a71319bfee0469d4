from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clients.actions import make_client
from clients.choices import ClientField
from clients.models import Client
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from engagement.staff.plain_words import unturned
from engagement.staff.read_date import Reading, read_day
from engagement.staff.when import speak_date
from promises import actions
from promises.capacity import is_call_back
from promises.cautions import Caution, cautions, next_working_day, unseen
from promises.due import tell_by_for
from promises.forms.log import WHAT_LENGTH, PromiseForm, WordsForm
from promises.models import Promise
from promises.one_line import Understood, understand
from promises.views.common import promise_or_404
from promises.views.fitting import Fitted, confirmed, fitted, fragment, wants_reason
from promises.views.once import Once, new_token
from promises.views.questions import (
    NEW_CLIENT,
    Question,
    about_date,
    about_line,
    about_nobody,
    has_just_passed,
    moment_value,
)
from promises.weighing import Weighing

LONGEST_LINE = 2000
LONGEST_NAME = 120
# The same line within so many seconds is a second press of Enter.
A_MOMENT = 10
# Pages that somebody may be brought back to; any other may answer only to a button.
PLACES = {"promises:my_day", "promises:board", "promises:list", "promises:client", "promises:detail"}
NO_DATE = ("past", "no_such_day", "no_clock")
SLIPS_SHOWN = 3
ANSWERS = {"choose_client": "client", "choose_owner": "owner", "choose_due": "due_on"}
ASKED = {"client", "due_on"}


@require_POST
def quick_add(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    text = unturned(request.POST.get("line", "")).strip()
    if not text:
        return redirect("promises:new")
    line = understand(text, request.user, firm, now, request.POST.get("client", ""))
    known: dict[str, Any] = {"user": request.user, "firm": firm, "now": now, "client": line.client}
    if line.is_whole or _is_wrong(line):
        form = PromiseForm(_filled(line, request), **known)
        form.say_of_date(line.line.when.problem)
        if line.line.no_such_time:
            form.say_of_time()
        return _save(request, form, Once(request.user, f"{request.POST.get('client', '')} {text}", A_MOMENT))
    form = PromiseForm(initial=_filled(line, request).dict(), **known)
    return _page(request, form, about_line(line, now))


@require_safe
def read_line(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    text = unturned(request.GET.get("line", ""))[:LONGEST_LINE]
    line = understand(text, request.user, firm, now, request.GET.get("client", ""))
    shown: dict[str, Any] = {"line": line, "now": now, "client": line.client, "due": line.due}
    shown["has_passed"] = has_just_passed(line.line.when, line.zone, now)
    if line.client and line.due and line.due.at > now:
        shown["tell_by"] = tell_by_for(firm, now, line.due.at)
        shown["working_day"] = next_working_day(line.client, firm, line.due)
        if line.owner:
            hours = line.line.estimate_hours
            weighed = fitted(Weighing(firm), line.owner, line.client, line.due, request.user, now, estimate=hours)
            shown["words"] = weighed.words
    return render(request, "promises/_line_preview.html", shown)


@require_safe
def fit(request: SignedInRequest) -> HttpResponse:
    """Whether the date that stands in the form would hold. Nothing where that cannot be said yet."""
    return fragment(_fitted(PromiseForm(request.GET, user=request.user, firm=Firm.get(), now=timezone.now())))


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    known: dict[str, Any] = {"user": request.user, "firm": firm, "now": now}
    if request.method != "POST":
        client = _client(request, request.GET.get("client", ""), by_number=True)
        return _page(request, PromiseForm(client=client, **known), [])
    data = _answered(request, firm)
    if "with_client" in data:
        client = _client(request, data.get("client", ""))
        return _page(request, PromiseForm(initial=data.dict(), client=client, **known), [])
    pressed = bool(data.get("choose_client"))
    chosen = _client(request, data.get("client", ""), by_number=True) if pressed else None
    form = PromiseForm(data, client=chosen, **known)
    if "weigh" in data or "take" in data:
        # Only looked at: what is still open is no error.
        looked_at = PromiseForm(initial=data.dict(), client=form.for_client, **known)
        return _page(request, looked_at, [], weighed=_fitted(form))
    if data.get("choose_client"):
        form.refuse_client()
    if _is_answered_in_part(form):
        client = _client(request, data.get("client", ""), by_number=pressed)
        return _page(request, PromiseForm(initial=data.dict(), client=client, **known), _open_questions(form))
    return _save(request, form, Once(request.user, data.get("once", "")))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, pk: int) -> HttpResponse:
    promise = promise_or_404(request, pk)
    form = WordsForm(request.POST if request.method == "POST" else None, promise=promise)
    if promise.is_open and form.is_valid():
        try:
            changed = actions.change_words(promise, form.changes(), request.user, timezone.now())
        except actions.Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("promises:detail", promise.pk)
    return render(
        request, "promises/edit.html", {"form": form, "promise": promise, "client_for_line": promise.client_id}
    )


# From a line to a form


def _is_wrong(line: Understood) -> bool:
    """What no choice can mend: the form says what to do about it."""
    too_long_or_empty = not 0 < len(line.line.what) <= WHAT_LENGTH
    return too_long_or_empty or line.line.when.problem in NO_DATE or bool(line.line.no_such_time)


def _filled(line: Understood, request: SignedInRequest) -> QueryDict:
    """The form as the person would have filled it in; what is open keeps the words that were typed."""
    when = line.line.when
    data = QueryDict(mutable=True)
    data["what"] = line.line.what
    data["client"] = str(line.client.pk) if line.client else ""
    data["owner"] = str(line.owner.pk) if line.owner else str(request.user.pk)
    hours = line.line.estimate_hours
    data["estimate_hours"] = f"{hours.normalize():f}" if hours else ""
    if when.chosen:
        data["due_on"] = speak_date(when.chosen.day, today=timezone.now().astimezone(line.zone).date())
        data["due_time"] = when.chosen.time.isoformat("minutes") if when.chosen.time else line.line.no_such_time
    else:
        data["due_on"] = when.choices[0].words if when.choices else line.line.refused_date
    return data


# From a form to a promise


def _answered(request: SignedInRequest, firm: Firm) -> QueryDict:
    """What was sent, with the answer on the button that was pressed in its place."""
    data = request.POST.copy()
    if day := data.get("choose_due", ""):
        data["due_on"], _found, at = day.partition("T")
        data["due_time"] = at or data.get("due_time", "")
    if day := data.get("take", ""):
        data["due_on"] = day
    if owner := data.get("choose_owner", ""):
        data["owner"] = owner
    if client := data.get("choose_client", ""):
        data["client"] = _added(request, client.removeprefix(NEW_CLIENT), firm) if NEW_CLIENT in client else client
    return data


def _is_answered_in_part(form: PromiseForm) -> bool:
    """One question after the other: what has not been answered yet is no error."""
    pressed = {field for name, field in ANSWERS.items() if name in form.data}
    return bool(pressed and form.errors and form.errors.keys() <= ASKED - pressed)


def _added(request: SignedInRequest, name: str, firm: Firm) -> str:
    """The new client's number; nothing when no client can be called so."""
    name = " ".join(name.split())
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        return ""
    client = Client(name=name, zone=firm.zone, language=request.user.language, lead=request.user)
    try:
        with transaction.atomic():
            made = make_client(client, request.user, timezone.now())
    except IntegrityError:
        return ""
    messages.success(request, _("%(name)s has been added to the clients.") % {"name": name})
    return str(made.pk)


def _save(request: SignedInRequest, form: PromiseForm, once: Once) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form, _open_questions(form))
    assert form.for_client
    assert form.due
    if once.made:
        return _to_saved(request, form.for_client, once.made)
    weighed = None if _is_call_back(form) else _fitted(form)
    found = cautions(form.for_client, form.firm, form.cleaned_data["what"], form.due, form.now)
    found += weighed.over if weighed else []
    if unseen(found, confirmed(request.POST)) or wants_reason(form, weighed):
        return _page(request, form, [], found, weighed)
    if not once.begin():
        return _to_saved(request, form.for_client, once.made)
    try:
        override = weighed.override(form) if weighed else None
        promise = actions.make(**form.promise(), by=request.user, now=form.now, override=override, firm=form.firm)
    except actions.Refused as refused:
        once.give_up()
        form.add_error(None, str(refused))
        return _page(request, form, [])
    except Exception:
        once.give_up()
        raise
    once.done(promise.pk)
    return _to_saved(request, form.for_client, promise.pk)


def _fitted(form: PromiseForm) -> Fitted | None:
    if not form.can_be_weighed:
        return None
    assert form.for_client
    assert form.due
    owner, hours = form.cleaned_data["owner"], form.cleaned_data["estimate_hours"]
    return fitted(Weighing(form.firm), owner, form.for_client, form.due, form.user, form.now, estimate=hours)


def _is_call_back(form: PromiseForm) -> bool:
    """The quickest promise of all: its diary is not even read."""
    assert form.for_client
    assert form.due
    return is_call_back(form.for_client, form.due, form.cleaned_data["estimate_hours"], form.now)


def _open_questions(form: PromiseForm) -> list[Question]:
    """Whom it is for; and a date that is missing, or can be read in two ways, is chosen with one press."""
    whom = [about_nobody(form.user)] if "client" in form.errors else []
    if "due_on" not in form.errors or form.has_no_date:
        return whom
    typed = " ".join(form.data.get("due_on", "").split())
    zone = (form.for_client or form.user).zoneinfo
    reading = Reading(None, (), "none")
    if typed:
        today = form.now.astimezone(zone).date()
        reading = read_day(typed, today=today, language=get_language() or "en")
    return [*whom, about_date(reading, zone, form.now)] if reading.choices or not typed else whom


def _page(
    request: SignedInRequest,
    form: PromiseForm,
    questions: list[Question],
    found: list[Caution] | None = None,
    weighed: Fitted | None = None,
) -> HttpResponse:
    client = form.for_client
    weighed = weighed or _fitted(form)
    shown: dict[str, Any] = {"form": form, "questions": questions, "client": client, "now": form.now}
    shown["firm"] = form.firm
    shown["once"] = request.POST.get("once") or new_token()
    if found and form.due:
        shown["cautions"] = found
        shown["seen"] = " ".join(caution.key for caution in found)
        shown["moved"] = [moment_value(c.working_day, form.due.time) for c in found if c.working_day]
    if weighed:
        shown["words"] = weighed.words
        shown["over"] = next((caution.key for caution in found or () if caution.over), "")
    if not client and not form.is_bound and not questions:
        shown["is_without_clients"] = not Client.objects.visible_to(request.user).current().exists()
    if client:
        slips = Promise.objects.slips(form.now).filter(client=client)
        shown["slips"], shown["slip_count"] = slips.order_by("-ended_at")[:SLIPS_SHOWN], slips.count()
        shown["client_for_line"] = client.pk
    return render(request, "promises/new.html", shown)


def _client(request: SignedInRequest, typed: str, *, by_number: bool = False) -> Client | None:
    """Where there are too many for a list, by name; `by_number` first where no person typed it."""
    field = ClientField("", empty_label="", in_full=True, required=False)
    field.offer(Client.objects.visible_to(request.user).current())
    if by_number:
        field.know(typed)
    try:
        found: Client | None = field.clean(typed)
    except ValidationError:
        return None
    return found


# And back


def _to_saved(request: SignedInRequest, client: Client, pk: int | None) -> HttpResponse:
    """To where the person was, else to the client. The bar there says that the client does not know yet."""
    came_from = urlsplit(_came_from(request) or client.get_absolute_url())
    query = QueryDict(came_from.query, mutable=True)
    query.pop("saved", None)
    if pk:
        query["saved"] = str(pk)
    return redirect(f"{came_from.path}?{query.urlencode()}" if query else came_from.path)


def _came_from(request: SignedInRequest) -> str:
    page = request.headers.get("Referer", "")
    if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
        return ""
    try:
        name = resolve(urlsplit(page).path).view_name
    except Resolver404:
        return ""
    return page if name in PLACES else ""
