"""What we know of a client and owe them: the one page that shows a client together with their promises."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from clients.forms import may_open_to
from clients.models import Client, Contact, PrivateLink, Scope
from engagement.outbox.models import State
from engagement.staff.http import SignedInRequest
from engagement.staff.when import speak_time
from promises import listed
from promises.from_scope import MOST_SHOWN, scopes_waiting
from promises.models import Promise, Telling
from promises.told import message_words, told
from promises.views.board import Row, rows_of
from promises.words import channel_words

MOST_OPEN = 50
MOST_ENDED = 20
MOST_TELLINGS = 60
FIRST_WORDS = 6
MOST_WORDS = 20
MOST_SCOPES = 5


@dataclass(frozen=True)
class Word:
    """One message or conversation, with every promise of theirs that it spoke of."""

    tellings: Sequence[Telling]
    how: str
    state: str
    tone: str

    @property
    def first(self) -> Telling:
        return self.tellings[0]


@require_safe
def client(request: SignedInRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    found: Client = get_object_or_404(Client.objects.visible_to(request.user).select_related("lead"), pk=pk)
    promises = Promise.objects.filter(client=found)
    still_open = listed.read(promises.open().order_by("due_at", "pk")[: MOST_OPEN + 1])
    ended = list(promises.ended().select_related("client", "owner").order_by("-ended_at", "-pk")[:MOST_ENDED])
    contacts = list(found.contacts.filter(left_at=None))
    for contact in contacts:
        contact.client = found
    slips = Promise.objects.slips(now).filter(client=found).count()
    tellings = _tellings([*still_open, *ended])
    words = list(_together(tellings, now))
    context = {
        "client": found,
        "client_for_line": found.pk,
        "now": now,
        "rows": _rows(still_open[:MOST_OPEN], tellings, {found.pk: slips}, now),
        "has_more": len(still_open) > MOST_OPEN,
        "ended": ended,
        "slips": slips,
        "words": words[:FIRST_WORDS],
        "earlier_words": words[FIRST_WORDS:MOST_WORDS],
        "contacts": [(contact, _good_hours(contact)) for contact in contacts],
        "open_links": PrivateLink.objects.open(now).filter(client=found).count(),
        "scopes": list(Scope.objects.filter(client=found)[:MOST_SCOPES]),
        "to_promise": [] if found.archived_at else scopes_waiting(Client.objects.filter(pk=found.pk))[:MOST_SHOWN],
        "new_promise": "" if found.archived_at else f"{reverse('promises:new')}?client={found.pk}",
        "may_archive": may_open_to(found, request.user),
        "here": "clients",
    }
    return render(request, "promises/client.html", context)


def _tellings(promises: Sequence[Promise]) -> list[Telling]:
    """About what stands on the page: of all that they ever heard, the latest would have to be looked for."""
    tellings = Telling.objects.filter(promise__in=promises).select_related("promise", "message", "by")
    return list(tellings.order_by("-at", "-pk")[:MOST_TELLINGS])


def _rows(promises: list[Promise], tellings: Sequence[Telling], slips: Mapping[int, int], now: datetime) -> list[Row]:
    """Here the tellings are at hand, so a row can say that a message is on its way, or was not delivered."""
    about: dict[int, list[Telling]] = defaultdict(list)
    for telling in tellings:
        about[telling.promise_id].append(telling)
    return [replace(row, told=told(row.promise, now, about[row.promise.pk])) for row in rows_of(promises, now, slips)]


def _together(tellings: Sequence[Telling], now: datetime) -> Iterator[Word]:
    for _what, said in groupby(tellings, lambda telling: (telling.at, telling.by_id, telling.message_id)):
        group = list(said)
        message = group[0].message
        if message is None:
            yield Word(group, channel_words(group[0].channel), "", "told")
        else:
            failed = message.state in (State.FAILED, State.IN_DOUBT)
            tone = "missed" if failed else "told" if message.state == State.SENT else ""
            yield Word(group, channel_words(group[0].channel), message_words(message, now), tone)


def _good_hours(contact: Contact) -> str:
    if contact.good_from is None or contact.good_until is None:
        return ""
    return f"{speak_time(contact.good_from)} – {speak_time(contact.good_until)}"
