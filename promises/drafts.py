"""Messages to a client, drafted from facts: what was achieved, the date, what happens next. No excuses.

Whatever stands here may be read by the client, so nothing internal is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from django.db.models import OuterRef, Subquery
from django.utils import translation
from django.utils.translation import gettext as _

from clients.models import Client, Contact
from engagement.staff.models import Firm, User
from engagement.staff.when import speak_date, speak_due
from promises.models import Announcement, Band, ProgressUpdate, Promise, Standing, Telling

# Where the private address comes to stand. Whoever sends may take it out.
LINK_MARK = "[progress page]"
LONGEST_SUBJECT = 80
WORST_FIRST = [kind.value for kind in (Telling.Kind.LATE, Telling.Kind.MAY_BE_LATE, Telling.Kind.MOVED)]


@dataclass(frozen=True, slots=True)
class NewDate:
    on: date
    time: time | None
    reason: str
    asked_by_client: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """One promise, what is said of it, and the date it moves to."""

    promise: Promise
    kind: str
    new: NewDate | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    subject: str
    body: str


def draft(
    abouts: Sequence[About],
    *,
    client: Client,
    contact: Contact | None,
    by: User,
    firm: Firm,
    now: datetime,
) -> Draft:
    """In the language of the contact. The promise in the worst state leads."""
    abouts = sorted(abouts, key=lambda about: _weight(about.kind))
    last = last_updates([about.promise for about in abouts])
    with translation.override(contact.speaks if contact else client.language):
        parts = [_("Dear %(name)s,") % {"name": contact.name if contact else client.name}]
        parts += [_part(about, last.get(about.promise.pk), now) for about in abouts]
        if any(about.kind == Telling.Kind.LATE for about in abouts):
            parts.append(_("We are sorry that you have to wait."))
        if client.archived_at is None:
            parts.append(_("You can follow the work here: %(link)s") % {"link": LINK_MARK})
        parts.append(signature(by, firm))
        return Draft(_subject(abouts, now), "\n\n".join(parts))


def last_updates(promises: Sequence[Promise]) -> dict[int, ProgressUpdate]:
    latest = ProgressUpdate.objects.filter(promise=OuterRef("pk")).order_by("-at", "-pk").values("pk")[:1]
    of_each = Promise.objects.filter(pk__in=[promise.pk for promise in promises]).values(latest=Subquery(latest))
    return {update.promise_id: update for update in ProgressUpdate.objects.filter(pk__in=of_each)}


def said_of_delay(language: str, announced: Announcement, today: date) -> str:
    """The sentence that a client reads when something may be late: a new date, or by when they will have one."""
    with translation.override(language):
        return _of_delay(announced, today)


def _of_delay(announced: Announcement, today: date) -> str:
    assert announced.day
    spoken = {"day": speak_date(announced.day, today=today)}
    if announced.is_ready:
        return _("We expect to have it ready on %(day)s.") % spoken
    return _("You will have a new date from us by %(day)s.") % spoken


def default_kind(promise: Promise, now: datetime, *, told_before: bool = True) -> str:
    """What there is to say of a promise as it stands."""
    if promise.delivered_at:
        return Telling.Kind.DONE
    if promise.withdrawn_at:
        return Telling.Kind.PROGRESS
    if promise.is_overdue(now):
        return Telling.Kind.LATE
    if promise.standing == Standing.MAY_BE_LATE or promise.band == Band.AT_RISK:
        return Telling.Kind.MAY_BE_LATE
    return Telling.Kind.PROGRESS if told_before else Telling.Kind.MADE


def is_doubted(promise: Promise, now: datetime) -> bool:
    """Nobody says that it is on track: we said otherwise ourselves, the client heard so, or it is late or at risk."""
    if promise.is_overdue(now) or promise.band == Band.AT_RISK or promise.standing == Standing.MAY_BE_LATE:
        return True
    return promise.told_at is not None and promise.standing != Standing.ON_TRACK


def _weight(kind: str) -> int:
    return WORST_FIRST.index(kind) if kind in WORST_FIRST else len(WORST_FIRST)


def _part(about: About, update: ProgressUpdate | None, now: datetime) -> str:
    promise = about.promise
    done = [step.text for step in promise.steps.all() if step.done_at]
    lines = [promise.what]
    # What was achieved comes before what is left.
    if done and about.kind != Telling.Kind.DONE:
        lines += [_("Done so far:"), *(f"- {text}" for text in done)]
    lines.append(_state(about, now))
    if promise.withdrawn_at:
        return "\n".join(lines)
    lines += _written_for_them(about, update, now)
    if about.kind != Telling.Kind.DONE:
        lines += _what_next(promise, now)
    return "\n".join(lines)


def _state(about: About, now: datetime) -> str:
    promise = about.promise
    due = {"due": speak_due(promise.due_on, promise.due_time, promise.zone, now=now)}
    match about.kind:
        case Telling.Kind.MADE:
            return _made(promise, now)
        case Telling.Kind.MAY_BE_LATE:
            return _("It may not be ready on the date we promised: %(due)s.") % due
        case Telling.Kind.LATE:
            return _("We promised it for %(due)s. It is late.") % due
        case Telling.Kind.MOVED if about.new:
            return _moved(promise, about.new, now)
        case Telling.Kind.DONE:
            ended = promise.delivered_at or now
            day = speak_date(ended.astimezone(promise.zoneinfo).date(), today=_today(promise, now))
            return _("It is done, on %(day)s.") % {"day": day}
        case Telling.Kind.PROGRESS if promise.withdrawn_at:
            day = speak_date(promise.withdrawn_at.astimezone(promise.zoneinfo).date(), today=_today(promise, now))
            return _("It was taken back, as agreed, on %(day)s.") % {"day": day}
        case Telling.Kind.PROGRESS if promise.is_overdue(now):
            return _("We promised it for %(due)s. It is late.") % due
        case Telling.Kind.PROGRESS if is_doubted(promise, now):
            return _doubted(promise) % due
        case _:
            return _("It is on track for %(due)s.") % due


def _doubted(promise: Promise) -> str:
    if promise.told_at:
        return _("As we told you, it may not be ready on the date we promised: %(due)s.")
    if promise.standing == Standing.MAY_BE_LATE:
        return _("It may not be ready on the date we promised: %(due)s.")
    # A risk that only the watch sees is put into words by a person, with another kind of word.
    return _("We have promised it for %(due)s.")


def _moved(promise: Promise, new: NewDate, now: datetime) -> str:
    dates = {
        "old": speak_due(promise.due_on, promise.due_time, promise.zone, now=now, with_zone=False),
        "new": speak_due(new.on, new.time, promise.zone, now=now),
    }
    asked = _("We promised it for %(old)s and ask you for another date: %(new)s.")
    if new.asked_by_client:
        asked = _("We promised it for %(old)s and you asked for another date: %(new)s.")
    lines = [
        asked % dates,
        new.reason,
        _("Tell us whether this suits you. Until then the promised date stays."),
    ]
    return "\n".join(line for line in lines if line)


def _made(promise: Promise, now: datetime) -> str:
    due = {"due": speak_due(promise.due_on, promise.due_time, promise.zone, now=now)}
    if not promise.moves:
        return _("We have promised it for %(due)s.") % due
    first = speak_due(promise.first_due_on, promise.first_due_time, promise.zone, now=now, with_zone=False)
    return _("As agreed, the date is now %(due)s. It was %(first)s at first.") % {**due, "first": first}


def _written_for_them(about: About, update: ProgressUpdate | None, now: datetime) -> list[str]:
    """The client's part of the last update, where it still speaks of the same thing."""
    fitting = {
        Telling.Kind.PROGRESS: Standing.MAY_BE_LATE if is_doubted(about.promise, now) else Standing.ON_TRACK,
        Telling.Kind.MAY_BE_LATE: Standing.MAY_BE_LATE,
        Telling.Kind.LATE: Standing.MAY_BE_LATE,
        Telling.Kind.DONE: Standing.DONE,
    }.get(Telling.Kind(about.kind))
    if update is None or not update.text or update.standing != fitting:
        return []
    if about.kind != Telling.Kind.LATE or update.at >= about.promise.due_at:
        return [update.text]
    # The words were overtaken by the date; the day that they named may still be ahead.
    announced, today = about.promise.announcement, _today(about.promise, now)
    return [_of_delay(announced, today)] if announced.day and announced.day >= today else []


def names_a_day(promise: Promise, now: datetime) -> bool:
    """A message of today that it is or may be late says by when they have it, or by when they hear."""
    if any(extension.is_open for extension in promise.extensions.all()):
        return True
    return promise.announced_for is not None and promise.announced_for >= _today(promise, now)


def _what_next(promise: Promise, now: datetime) -> list[str]:
    lines = []
    ahead = [step.text for step in promise.steps.all() if not step.done_at]
    if promise.next_step or ahead:
        lines.append(_("What happens next: %(next)s") % {"next": promise.next_step or ahead[0]})
    if promise.waiting_for and promise.waiting_by:
        words = {"what": promise.waiting_for, "day": speak_date(promise.waiting_by, today=_today(promise, now))}
        lines.append(_("What we need from you, by %(day)s: %(what)s") % words)
    elif promise.waiting_for:
        lines.append(_("What we need from you: %(what)s") % {"what": promise.waiting_for})
    return lines


def _today(promise: Promise, now: datetime) -> date:
    return now.astimezone(promise.zoneinfo).date()


def signature(by: User, firm: Firm) -> str:
    return "\n".join(line for line in (by.name, by.title, firm.name, by.phone or firm.phone) if line)


def _subject(abouts: Sequence[About], now: datetime) -> str:
    if not abouts:
        return ""
    what = abouts[0].promise.what
    what = what if len(what) <= LONGEST_SUBJECT else what[: LONGEST_SUBJECT - 1].rstrip() + "…"
    if len(abouts) > 1:
        return _("%(what)s and %(more)s more: how it stands") % {"what": what, "more": len(abouts) - 1}
    if abouts[0].promise.withdrawn_at:
        return _("%(what)s: taken back") % {"what": what}
    if abouts[0].kind == Telling.Kind.PROGRESS and is_doubted(abouts[0].promise, now):
        return _("%(what)s: how it stands") % {"what": what}
    return {
        Telling.Kind.MADE: _("%(what)s: what we promised"),
        Telling.Kind.PROGRESS: _("%(what)s: on track"),
        Telling.Kind.MAY_BE_LATE: _("%(what)s: may be late"),
        Telling.Kind.LATE: _("%(what)s: late"),
        Telling.Kind.MOVED: _("%(what)s: a new date"),
        Telling.Kind.DONE: _("%(what)s: done"),
    }[Telling.Kind(abouts[0].kind)] % {"what": what}
