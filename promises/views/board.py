from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from clients.models import Client
from engagement.staff.access import manager_required
from engagement.staff.addresses import changed, query_of
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from engagement.staff.when import speak_short
from promises import charts, words
from promises.actions.asking import ask_for_update, by_person
from promises.board import Board, slips_by_client
from promises.board_counts import MOST_COUNTED, MOST_SCOPES, weeks_known
from promises.coming_weeks import Promised, Week, flow
from promises.csv_out import csv_response
from promises.forms.board import BoardFilter
from promises.house import everybody, free_together
from promises.models import Band, Promise
from promises.renewals import last_near

# Rows of an export that are worded together.
AT_ONCE = 500
# More digits than any key of ours has.
LONGEST_KEY = 19


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the ledger, every word of it made."""

    promise: Promise
    key: str
    what: str
    client: str
    client_url: str
    url: str
    is_open: bool
    slips: int
    slipped: str
    why: str
    due: str
    late: str
    note: str
    owner: str
    last_update: str
    told: words.Told
    act: words.NextAct
    tone: str
    state: str
    is_at_risk: bool

    def __getitem__(self, name: str) -> Any:
        """For templates, which ask for this first: to be told no takes them longer than the answer."""
        return getattr(self, name)


@dataclass(frozen=True)
class Card:
    name: str
    label: str
    figure: str
    note: str
    url: str
    is_loud: bool = False


@require_GET
@manager_required
def board(request: SignedInRequest) -> HttpResponse:
    firm, now = Firm.get(), timezone.now()
    shown, form = _asked_for(request, now, firm)
    after = request.GET.get("after", "")
    promises, following = shown.page(after)
    counted = shown.counted(ends_by=last_near(firm, now))
    counts = {name: figure.count for name, figure in counted.items()}
    context = {
        "firm": firm,
        "now": now,
        "filter": form,
        "chosen": _chosen(request, form),
        "card": shown.card,
        "cards": _cards(shown, counts, request, leading=None if after else next(iter(promises), None)),
        "rows": rows_of(promises, shown.now, slips_in(promises)),
        "next": changed(request, after=following) if following else "",
        "csv": f"{reverse('promises:board_csv')}?{query_of(request)}",
        "here": request.get_full_path(),
        # Asked by the template, and only of a board without rows.
        "has_clients": Client.objects.visible_to(request.user).exists,
        "near_end": counts["near_end"],
        "most_scopes": MOST_SCOPES,
        **_charts(shown, counts, request),
        **_coming(shown, counted, firm, form, request),
    }
    return render(request, "promises/board.html", context)


@require_GET
@manager_required
def board_csv(request: SignedInRequest) -> HttpResponseBase:
    """The board as it is on the screen: same filter, same order, same columns, every page of it."""
    shown, _form = _asked_for(request, timezone.now(), Firm.get())
    name = f"board-{shown.today.isoformat()}"
    return csv_response(_csv_rows(shown), name)


@require_GET
@manager_required
def record(request: SignedInRequest) -> HttpResponse:
    """What became of all promises: the figures of the terminal, and by client."""
    shown, form = _asked_for(request, timezone.now(), Firm.get())
    after = request.GET.get("after", "")
    is_number = after.isascii() and after.isdigit() and len(after) < LONGEST_KEY
    clients, following = shown.record_by_client(int(after) if is_number else None)
    context = {
        "now": shown.now,
        "filter": form,
        "figures": shown.record(),
        "clients": clients,
        "next": changed(request, after=str(following)) if following else "",
        "board": reverse("promises:board"),
    }
    return render(request, "promises/record.html", context)


@require_POST
@manager_required
def ask(request: SignedInRequest) -> HttpResponse:
    """Ask for an update on the ticked rows: first shown, then sent."""
    now = timezone.now()
    ticked = [int(pk) for pk in request.POST.getlist("promise")[:200] if pk.isdecimal() and len(pk) < LONGEST_KEY]
    promises = list(
        Promise.objects.visible_to(request.user).open().filter(pk__in=ticked).select_related("client", "owner")
    )
    back = request.POST.get("back", "")
    back = back if back.startswith(reverse("promises:board")) else reverse("promises:board")
    if not promises:
        messages.warning(request, _("First tick the promises you want to ask about."))
        return redirect(back)
    if "send" not in request.POST:
        context = {
            "owners": by_person(promises, now).items(),
            "promises": promises,
            "back": back,
            "now": now,
            "occasion": now.isoformat(),
        }
        return render(request, "promises/ask.html", context)
    occasion = f"{request.user.pk}:{request.POST.get('occasion', '')[:40]}"
    asked = ask_for_update(promises, request.user, now, occasion=occasion)
    text = ngettext("%(count)s person was asked.", "%(count)s people were asked.", asked) % {"count": asked}
    messages.success(request, text)
    return redirect(back)


def slips_in(promises: list[Promise]) -> dict[int, int]:
    """By client, of promises as `with_slips` gives them."""
    return {promise.client_id: promise.slips for promise in promises}  # type: ignore[attr-defined]


def rows_of(promises: list[Promise], now: datetime, slips: Mapping[int, int] | None = None) -> list[Row]:
    """`slips` by client, where they have been read already."""
    if slips is None:
        slips = slips_by_client({promise.client_id for promise in promises}, now)
    clients = {promise.client_id: promise.client for promise in promises}
    addresses = {pk: client.get_absolute_url() for pk, client in clients.items()}
    slipped = {pk: words.slipped(slips.get(pk, 0)) for pk in clients}
    return [
        Row(
            promise=promise,
            key=str(promise.pk),
            what=promise.what,
            client=promise.client.name,
            client_url=addresses[promise.client_id],
            url=promise.get_absolute_url(),
            is_open=promise.is_open,
            slips=slips.get(promise.client_id, 0),
            slipped=slipped[promise.client_id],
            why=words.why(promise),
            due=words.due_short(promise, now),
            late=words.lateness(promise, now),
            note=words.due_note(promise, now),
            owner=promise.owner.get_short_name(),
            last_update=words.last_update(promise, now),
            told=words.told(promise, now),
            act=words.next_act(promise, now),
            tone=words.row_tone(promise, now),
            state=words.state(promise, now),
            is_at_risk=promise.band == Band.AT_RISK,
        )
        for promise in promises
    ]


def _asked_for(request: SignedInRequest, now: datetime, firm: Firm) -> tuple[Board, BoardFilter]:
    form = BoardFilter(request.GET, user=request.user, people=everybody())
    return Board(user=request.user, zone=firm.zoneinfo, now=now, **form.understood()), form


def _csv_rows(shown: Board) -> Iterator[list[object]]:
    """The columns of the screen; what stands in one cell there as small print has one of its own here."""
    yield [
        _("Client"),
        _("Slips in 90 days"),
        _("What we promised"),
        _("Why"),
        _("Due"),
        _("Late"),
        _("First date and chance"),
        _("Owner"),
        _("Last update"),
        _("Client told?"),
        _("Next step"),
    ]
    promises = shown.every_row()
    while batch := list(islice(promises, AT_ONCE)):
        for row in rows_of(batch, shown.now):
            promise = row.promise
            yield [
                promise.client.name,
                row.slips,
                promise.what,
                promise.waiting_for or promise.sentence if promise.is_open else row.state,
                # The day as it is on the screen, in the form that a spreadsheet can sort.
                f"{promise.due_on.isoformat()} {promise.due_time or ''}".strip(),
                row.late,
                row.note,
                promise.owner.name,
                row.last_update,
                row.told.words,
                row.act.words,
            ]


def _cards(shown: Board, counts: dict[str, int], request: SignedInRequest, leading: Promise | None) -> list[Card]:
    kept, ended = shown.kept_this_month()
    kept_before, ended_before = shown.kept_last_month()
    month = _("%(kept)s of %(ended)s")
    figures = [
        (
            "not_told",
            _("Client not told"),
            _figure(counts["not_told"]),
            _oldest(shown, leading) if counts["not_told"] else _("Everyone has heard from us."),
        ),
        (
            "overdue",
            _("Overdue"),
            _figure(counts["overdue"]),
            _("%(count)s for more than 7 days") % {"count": _figure(counts["overdue_week"])},
        ),
        ("at_risk", _("At risk"), _figure(counts["at_risk"]), _("likelier to slip than not")),
        ("not_moving", _("Not moving"), _figure(counts["not_moving"]), _("due in 14 days, silent for 7")),
        ("due_7_days", _("Due in 7 days"), _figure(counts["due_7_days"]), ""),
        (
            "kept",
            _("Kept on time"),
            month % {"kept": kept, "ended": ended} if ended else _("none yet"),
            _("this month; last month %(figure)s")
            % {"figure": month % {"kept": kept_before, "ended": ended_before} if ended_before else _("none")},
        ),
    ]
    return [
        Card(name, label, figure, note, changed(request, card="" if name == shown.card else name), name == "not_told")
        for name, label, figure, note in figures
    ]


def _oldest(shown: Board, leading: Promise | None) -> str:
    # What leads the board is the oldest of them, if there is any: it need not be read again.
    if leading is None or shown.card not in ("", "not_told") or not leading.is_not_told(shown.now):
        leading = shown.rows_of("not_told").select_related("client").order_by("due_at", "pk").first()
    if leading is None:
        return _("Everyone has heard from us.")
    when = {"client": leading.client.name, "when": speak_short(leading.tell_by_at, shown.zone, now=shown.now)}
    return _("oldest: %(client)s, tell-by %(when)s") % when


def _figure(count: int) -> str:
    return _("1,000+") if count > MOST_COUNTED else str(count)


def _charts(shown: Board, counts: dict[str, int], request: SignedInRequest) -> dict[str, Any]:
    labels = {"2": _("up to 2"), "7": _("3–7"), "30": _("8–30"), "more": _("over 30")}
    ages = []
    for name, (first, last) in shown.ages().items():
        url = changed(request, card="overdue", due_from=first.isoformat() if first else "", due_to=last.isoformat())
        ages.append((labels[name], counts[f"age_{name}"], url))
    weeks = charts.weeks(shown.by_week())
    return {
        "ages": charts.bars(ages),
        "weeks": weeks,
        "line": charts.line(weeks),
        "dots": charts.dots(weeks),
        "latest": next((week for week in reversed(weeks) if week.y is not None), None),
    }


def _coming(
    shown: Board, counted: dict[str, Promised], firm: Firm, form: BoardFilter, request: SignedInRequest
) -> dict[str, Any]:
    """Hours promised in the coming weeks, and the hours free for them: only where all is shown that takes them."""
    every_week, promised = shown.coming_weeks(), weeks_known(counted)
    weeks, unknown = every_week[: len(promised)], every_week[len(promised) :]
    if shown.is_whole_load and weeks:
        people = [person for person in form.people.values() if shown.owner is None or shown.owner.pk == person.pk]
        coming = flow(weeks, promised, free_together(people, firm, weeks, shown.now))
    else:
        coming = [Week(*week, due, 0.0) for week, due in zip(weeks, promised, strict=True)]
    # Of every week, for the first that is not drawn has its address too.
    labels, addresses = [], []
    for number, (first, last) in enumerate(every_week):
        labels.append(speak_short(first, now=shown.now).split(" ", 1)[1] if number else _("this week"))
        # What is overdue is to be done this week too.
        since = first.isoformat() if number else ""
        addresses.append(changed(request, card="", due_from=since, due_to=last.isoformat()))
    return {
        "coming": charts.loads([*zip(labels, coming, addresses, strict=False)]),
        "with_free": shown.is_whole_load,
        "unknown": (unknown[0][0], addresses[len(weeks)]) if unknown else None,
    }


def _chosen(request: SignedInRequest, form: BoardFilter) -> list[dict[str, str]]:
    """The filters in force, each with the address that lets go of it."""
    labels = {
        "owner": _("Owner"),
        "client": _("Client"),
        "scope": _("Scope"),
        "words": _("Words"),
        "due_from": _("Due from"),
        "due_to": _("Due until"),
    }
    now = timezone.now()
    chosen = []
    for name, label in labels.items():
        if value := form.understood().get(name):
            text = speak_short(value, now=now) if name.startswith("due") else str(value)
            chosen.append({"label": label, "value": text, "url": changed(request, **{name: ""})})
    return chosen
