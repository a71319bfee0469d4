from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from clients.models import Client
from clients.views.sent import readable_by
from engagement.outbox.models import Message
from engagement.staff.http import SignedInRequest
from engagement.staff.models import Firm
from promises.from_scope import MOST_SHOWN
from promises.greetings import greetings
from promises.models import Promise
from promises.my_day import MyDay, first_of
from promises.team import Team
from promises.views.board import Row, rows_of
from promises.views.from_scope import to_promise
from promises.views.renewals import endings
from promises.views.team import own_weeks

MOST_ROWS = 20
MOST_ANSWERS = 5
OWN_WEEKS = 2


@dataclass(frozen=True)
class Section:
    name: str
    title: str
    rows: list[Row]
    more: int
    empty: str


@require_GET
def home(request: SignedInRequest) -> HttpResponse:
    return redirect("promises:board" if request.user.is_manager else "promises:my_day")


@require_GET
def my_day(request: SignedInRequest) -> HttpResponse:
    now, firm = timezone.now(), Firm.get()
    user = request.user
    day = MyDay.of(user, now)
    lists = [
        ("to_tell", _("Tell the client"), day.to_tell, _("Everyone has heard from you.")),
        ("announced", _("What you told them to expect"), day.announced, _("Nobody expects anything by tomorrow.")),
        ("due_today", _("Due today"), day.due_today, _("Nothing is due today.")),
        ("overdue", _("Overdue, and the client knows"), day.overdue, _("Nothing is late.")),
        ("next_days", _("In the next 7 days"), day.next_days, _("Nothing else is due in the next 7 days.")),
        ("waiting", _("Waiting for the client"), day.waiting, _("You wait for nobody.")),
    ]
    found = {name: first_of(promises, MOST_ROWS + 1) for name, _title, promises, _empty in lists}
    shown = {promise.pk: promise for promises in found.values() for promise in promises}
    rows = {row.promise.pk: row for row in rows_of(list(shown.values()), now)}
    sections = [
        Section(name, title, [rows[p.pk] for p in found[name][:MOST_ROWS]], max(0, len(found[name]) - MOST_ROWS), empty)
        for name, title, _promises, empty in lists
    ]
    owed, to_greet, near_end = list(day.words_owed[: MOST_ROWS + 1]), day.to_greet, day.near_end(firm)
    waiting, taken_out = day.scopes_to_promise, day.taken_out
    context = {
        "firm": firm,
        "now": now,
        "own_weeks": own_weeks(Team(firm, now, how_many=OWN_WEEKS), user),
        "sections": sections,
        "words_owed": owed[:MOST_ROWS],
        "more_owed": len(owed) > MOST_ROWS,
        "greetings": greetings(to_greet[:MOST_SHOWN]),
        "more_to_greet": len(to_greet) > MOST_SHOWN,
        "to_promise": to_promise(waiting[:MOST_SHOWN], firm, now),
        "more_to_promise": len(waiting) > MOST_SHOWN,
        "taken_out": taken_out[:MOST_SHOWN],
        "more_taken_out": len(taken_out) > MOST_SHOWN,
        "near_end": endings(near_end[:MOST_SHOWN], firm, now),
        "more_near_end": len(near_end) > MOST_SHOWN,
        "answers": list(day.answers_to_review[: MOST_ANSWERS + 1]),
        "most_answers": MOST_ANSWERS,
        "doubtful": _needing_a_person(request),
        "is_new": not shown and not Promise.objects.filter(owner=user).exists(),
        "clients": Client.objects.visible_to(user).exists(),
        "all_mine": f"{reverse('promises:list')}?owner={user.pk}",
    }
    return render(request, "promises/my_day.html", context)


def _needing_a_person(request: SignedInRequest) -> list[Message]:
    """Messages this person wrote that came back, or may not have left."""
    mine = readable_by(request.user).needing_a_person().filter(written_by=request.user)
    return list(mine.order_by("-written_at")[:10])
