"""How a promise stands, in the words of the staff pages and of the CSV."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.outbox.models import Channel
from engagement.staff.addresses import numbered
from engagement.staff.when import days_late, speak_ago, speak_per_cent, speak_short
from promises.models import Band, Outcome, Promise
from promises.models.promise import MOST_SLIPS


@dataclass(frozen=True, slots=True)
class Told:
    """`tone` is one of late, risk, good, quiet: how loud the words are."""

    words: str
    tone: str


@dataclass(frozen=True, slots=True)
class NextAct:
    words: str
    url: str


def told(promise: Promise, now: datetime) -> Told:
    """Does the client know? Told, not told, or nothing to tell; and what they expect by when."""
    if promise.told_at:
        how = channel_words(promise.told_how)
        yes = _("Yes, %(when)s %(how)s") % {"when": speak_ago(promise.told_at, now), "how": how}
        return _announced(promise, now, yes) or Told(yes, "good")
    if not promise.is_open:
        return Told("", "quiet")
    if not promise.is_not_told(now):
        return _announced(promise, now) or Told(_("Nothing owed"), "quiet")
    if promise.due_at <= now:
        return Told(_("No. Silent slip"), "late")
    tell_by = speak_short(promise.tell_by_at, timezone.get_current_timezone(), now=now)
    if promise.tell_by_at <= now:
        return Told(_("No. Tell-by was %(when)s") % {"when": tell_by}, "late")
    return Told(_("Not yet. Tell by %(when)s") % {"when": tell_by}, "late")


def _announced(promise: Promise, now: datetime, told: str = "") -> Told | None:
    """What they expect by now, behind whether they know."""
    if promise.announced_for is None or not promise.is_open:
        return None
    day, has_passed = {"day": speak_short(promise.announced_for, now=now)}, promise.is_past_announced(now)
    if promise.announced_ready:
        words = _("They expected it on %(day)s") if has_passed else _("They expect it on %(day)s")
    else:
        words = _("They expected a new date by %(day)s") if has_passed else _("They expect a new date by %(day)s")
    words = words % day
    return Told(f"{told}. {words}" if told else words, "late" if has_passed else "risk")


def channel_words(channel: str) -> str:
    match channel:
        case Channel.EMAIL:
            return _("by e-mail")
        case Channel.CALL:
            return _("by phone")
        case Channel.SMS:
            return _("by text message")
        case Channel.WHATSAPP:
            return _("by WhatsApp")
        case Channel.LETTER:
            return _("by letter")
        case _other:
            return _("in person")


def slipped(times: int) -> str:
    """How often we were late to a client lately."""
    if not times:
        return ""
    if times > MOST_SLIPS:
        return _("%(slips)s+ slips in 90 days") % {"slips": MOST_SLIPS}
    return ngettext("%(slips)s slip in 90 days", "%(slips)s slips in 90 days", times) % {"slips": times}


def why(promise: Promise) -> str:
    """What stands under its title: whom it waits for, or what the watch says."""
    if promise.waiting_for:
        return _("Waiting for the client: %(what)s") % {"what": promise.waiting_for}
    return promise.sentence if promise.is_open and promise.band != Band.ON_TRACK else ""


def state(promise: Promise, now: datetime) -> str:
    """One word or two: the band while it is open, the outcome or how it ended after."""
    if promise.is_open:
        return str(promise.band_at(now).label)
    if promise.outcome:
        return str(Outcome(promise.outcome).label)
    return _("Withdrawn") if promise.withdrawn_at else _("Logged by mistake")


def lateness(promise: Promise, now: datetime) -> str:
    """3 days late, or late today; nothing while the date lies ahead or after the end."""
    if not promise.is_overdue(now):
        return ""
    if not promise.days_past_due(now):
        return _("Late today")
    return days_late(promise.due_on, now.astimezone(promise.zoneinfo).date())


def due_short(promise: Promise, now: datetime) -> str:
    """Mon 30 Nov, or with its time if it was given one, on the client's clock."""
    if promise.due_time is None:
        return speak_short(promise.due_on, promise.zoneinfo, now=now)
    return speak_short(promise.due_at, promise.zoneinfo, now=now)


def due_note(promise: Promise, now: datetime) -> str:
    """Small print under the date: where it came from, and the chance that it does not hold."""
    notes = []
    if promise.moves:
        first = speak_short(promise.first_due_on, now=now)
        notes.append(
            ngettext("moved once, from %(first)s", "moved %(count)s times, from %(first)s", promise.moves)
            % {"count": promise.moves, "first": first}
        )
    if promise.chance is not None and promise.is_open and promise.due_at > now:
        notes.append(_("%(chance)s to slip") % {"chance": speak_per_cent(promise.chance)})
    return ", ".join(notes)


def last_update(promise: Promise, now: datetime) -> str:
    if promise.last_update_at is None or (not promise.standing and promise.last_update_at == promise.made_at):
        return _("none yet")
    return speak_ago(promise.last_update_at, now)


def next_act(promise: Promise, now: datetime) -> NextAct:
    """The one thing to do about it next, by name."""
    if promise.is_not_told(now):
        words = _("Tell %(client)s") % {"client": promise.client.name.split(" ")[0]}
        return NextAct(words, numbered("promises:tell", promise.pk))
    if promise.is_expected_soon(now):
        return NextAct(_("Another date"), numbered("promises:extend", promise.pk))
    if promise.is_open and (promise.due_at <= now or promise.band in (Band.AT_RISK, Band.WATCH)):
        return NextAct(_("Update"), numbered("promises:update", promise.pk))
    return NextAct(_("Open"), promise.get_absolute_url())


def row_tone(promise: Promise, now: datetime) -> str:
    if promise.is_not_told(now) or promise.is_past_announced(now):
        return "late-row"
    return "risk-row" if promise.is_open and (promise.due_at <= now or promise.band == Band.AT_RISK) else ""
