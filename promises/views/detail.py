"""One promise: what, by when, whether they know, and everything that happened to it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from engagement.outbox.models import State
from engagement.staff.http import SignedInRequest
from engagement.staff.models import User
from engagement.staff.when import speak_short
from promises import timeline, words
from promises.actions.ending import MAY_BE_READ
from promises.forms.act import NoteForm
from promises.models import DateMove, Extension, Outcome, Promise, Standing, Telling
from promises.rights import may_decide
from promises.told import message_words, told
from promises.views.common import promise_or_404

NOTES = 20
# The way back from “done” stands at the top for so long; after that it is among the acts.
JUST_NOW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Undo:
    text: str
    url: str
    until: datetime | None = None
    act: str = ""
    owner: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """An extension that waits for its answer, and how the client was told of it."""

    extension: Extension
    told: str


@dataclass(frozen=True, slots=True)
class Moved:
    """A date that was moved, and by which paper."""

    old: date
    new: date
    why: str
    url: str = ""


@require_safe
def detail(request: SignedInRequest, pk: int) -> HttpResponse:
    now, promise = timezone.now(), promise_or_404(request, pk)
    tellings = list(promise.tellings.select_related("message", "by"))
    extensions = list(promise.extensions.select_related("answer", "telling__message"))
    asked = _asked(promise, extensions, now)
    lines, has_more = timeline.of(promise, now, tellings, everything=request.GET.get("all") == "yes")
    context = {
        "promise": promise,
        "now": now,
        "state": words.state(promise, now),
        "tone": _tone(promise, now),
        "has_chance": promise.is_open and promise.chance is not None and promise.due_at > now,
        "clocks_differ": _clocks_differ(promise),
        "late": words.lateness(promise, now),
        "told": told(promise, now, tellings),
        "untold_end": _done_untold(promise, tellings),
        "moved": dates_moved(promise, extensions),
        "asked": asked,
        "main_act": main_act(promise, asked, now, is_underway=_is_underway(promise, tellings)),
        "steps": promise.steps.all(),
        "notes": promise.notes.select_related("by")[:NOTES],
        "note_form": NoteForm(),
        "lines": lines,
        "has_more": has_more,
        "undos": _undos(request, promise, tellings, now),
        "may_decide": may_decide(request.user, promise),
        # A moved date was told, on whichever paper.
        "may_void": promise.is_open and not promise.moves and not any(_may_know(telling) for telling in tellings),
        "here": "promises",
    }
    return render(request, "promises/detail.html", context)


def main_act(
    promise: Promise, asked: list[Asked], now: datetime, *, is_underway: bool = False
) -> tuple[str, str, str] | None:
    """The one thing to do next, by name: its words, its address, its key."""
    if not promise.is_open:
        return None
    if promise.is_not_told(now) and not is_underway:
        name = {"client": promise.client.name}
        return _("Tell %(client)s") % name, reverse("promises:tell", args=[promise.pk]), "c"
    if asked:
        return _("Record the answer"), reverse("promises:answer", args=[asked[0].extension.pk]), ""
    if promise.is_expected_soon(now):
        return _("Another date"), reverse("promises:extend", args=[promise.pk]), "e"
    if promise.standing == Standing.DONE or promise.per_cent == 100:
        return _("Done"), reverse("promises:done", args=[promise.pk]), "d"
    return None


def dates_moved(promise: Promise, extensions: list[Extension]) -> list[Moved]:
    """By which papers, the latest first. Addenda are asked for where extensions do not account for every move."""
    agreed = [one for one in extensions if hasattr(one, "answer") and one.answer.agreed]
    moved = [
        (one.answer.at, Moved(one.old_due_on, one.new_due_on, one.reason_text or one.reason_for_us)) for one in agreed
    ]
    if promise.moves > len(agreed):
        by_addendum = promise.date_moves.filter(addendum__isnull=False).select_related("addendum__scope")
        moved += [(one.moved_at, _by_addendum(one)) for one in by_addendum]
    return [one for _at, one in sorted(moved, key=lambda pair: pair[0], reverse=True)]


def _by_addendum(move: DateMove) -> Moved:
    assert move.addendum  # asked for by it
    words = _("Addendum %(number)s, %(title)s") % {"number": move.addendum.number, "title": move.addendum.title}
    return Moved(move.old_due_on, move.new_due_on, words, move.addendum.get_absolute_url())


def _may_know(telling: Telling) -> bool:
    return telling.heard_at is not None or bool(telling.message and telling.message.state in MAY_BE_READ)


def _clocks_differ(promise: Promise) -> bool:
    """A date without a time ends at an hour that is another one where the viewer is."""
    here = promise.due_at.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
    there = promise.due_at.astimezone(promise.zoneinfo).replace(tzinfo=None)
    return promise.due_time is None and here != there


def _is_underway(promise: Promise, tellings: list[Telling]) -> bool:
    """An e-mail that says so is about to leave: nobody should write a second one meanwhile."""
    return any(
        one.message and one.message.state in (State.WAITING, State.SENDING)
        for one in tellings
        if one.kind in Telling.OF_A_SLIP and one.about_due_at == promise.due_at
    )


def _tone(promise: Promise, now: datetime) -> str:
    if not promise.is_open:
        return {Outcome.LATE_SILENT: "late", Outcome.KEPT: "good", Outcome.KEPT_LATER: "good"}.get(
            Outcome(promise.outcome) if promise.outcome else Outcome.LATE_UNKNOWN, "quiet"
        )
    return {"overdue": "late", "at_risk": "risk", "watch": "risk"}.get(promise.band_at(now), "")


def _asked(promise: Promise, extensions: list[Extension], now: datetime) -> list[Asked]:
    found = []
    for extension in extensions:
        extension.promise = promise
        if extension.is_open:
            found.append(Asked(extension, _how_told(extension, now)))
    return found


def _how_told(extension: Extension, now: datetime) -> str:
    telling = extension.telling
    if telling is None:
        return _("The client has not been told of it.")
    how = words.channel_words(telling.channel)
    if telling.message is None:
        return _("Told %(how)s.") % {"how": how}
    return _("Told %(how)s: %(state)s.") % {"how": how, "state": message_words(telling.message, now)}


def _done_untold(promise: Promise, tellings: list[Telling]) -> bool:
    """Delivered, and nobody has told the client so, nor is about to."""
    if promise.delivered_at is None:
        return False
    after = [one for one in tellings if one.kind == Telling.Kind.DONE and one.at >= promise.delivered_at]
    return not any(
        one.heard_at or (one.message and one.message.state in (State.WAITING, State.SENDING)) for one in after
    )


def _undos(request: SignedInRequest, promise: Promise, tellings: list[Telling], now: datetime) -> list[Undo]:
    """Ways back that still work. Messages offer theirs for as long as they are held, whoever looks."""
    held = {one.message_id: one.message for one in tellings if one.message and one.message.can_be_undone(now)}
    undos = [
        Undo(
            _("%(subject)s: it leaves %(at)s, unless you undo it.")
            % {"subject": message.subject, "at": speak_short(message.not_before, now=now)},
            reverse("clients:message_undo", args=[message.pk]),
            until=message.not_before,
        )
        for message in held.values()
        if message.written_by_id == request.user.pk or request.user.is_manager
    ]
    just_now = promise.last_update_at is not None and promise.last_update_at > now - JUST_NOW
    if promise.delivered_at and just_now and request.GET.get("ended") == "now":
        url = reverse("promises:reopen", args=[promise.pk])
        undos.append(Undo(_("Done."), url, act=_("Open it again"), reason=_("Marked as done by mistake")))
    was = request.GET.get("was", "")
    if was.isascii() and was.isdigit() and len(was) < 10 and may_decide(request.user, promise) and promise.is_open:
        before = User.objects.active().filter(pk=int(was)).exclude(pk=promise.owner_id).first()
        if before:
            text = _("Handed over to %(name)s.") % {"name": promise.owner.name}
            undos.append(Undo(text, reverse("promises:reassign", args=[promise.pk]), owner=before.pk))
    return undos
