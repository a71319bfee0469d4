"""Does the client know, and what became of what we wrote to them, in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from engagement.outbox.models import Audience, Message, State
from engagement.staff.when import speak_moment, speak_short
from promises import words
from promises.models import Promise, Telling
from promises.words import Told


def told(promise: Promise, now: datetime, tellings: Sequence[Telling]) -> Told:
    """What a row says of it, and of a message that nobody has heard yet. `tellings` newest first."""
    short = words.told(promise, now)
    if promise.told_at or not promise.is_open:
        return short
    unheard = _unheard(promise, tellings, now)
    return Told(unheard, "late" if promise.is_not_told(now) else "quiet") if unheard else short


def message_words(message: Message, now: datetime) -> str:
    """What became of a message, for a person. A bounce is said before anything else."""
    why = {"why": message.error}
    if message.bounced_at:
        return _("Bounced: %(why)s") % why
    match message.state:
        case State.WAITING if message.audience == Audience.CLIENT and message.can_be_undone(now):
            at = {"at": speak_short(message.not_before, now=now)}
            return _("Held until %(at)s: it can be taken back until then") % at
        case State.WAITING if message.attempts:
            return _("Not accepted yet, and tried again: %(why)s") % why
        case State.SENT if message.sent_at:
            at = {"at": speak_moment(message.sent_at, now=now, with_zone=False)}
            return _("Accepted by the mail server, %(at)s") % at
        case State.FAILED:
            return _("Not delivered: %(why)s") % why
        case _:
            return str(State(message.state).label)


def _unheard(promise: Promise, tellings: Sequence[Telling], now: datetime) -> str:
    """The newest written word about the date in force that has not been heard."""
    about = [t for t in tellings if t.message and t.kind in Telling.OF_A_SLIP and t.about_due_at == promise.due_at]
    message = about[0].message if about else None
    if message is None:
        return ""
    if message.bounced_at:
        return _("No. The e-mail came back")
    match message.state:
        case State.WAITING if message.can_be_undone(now):
            return _("Not yet. The e-mail leaves %(at)s") % {"at": speak_short(message.not_before, now=now)}
        case State.WAITING | State.SENDING:
            return _("Not yet. The e-mail is on its way")
        case State.IN_DOUBT:
            return _("Perhaps not. We may not have sent the e-mail")
        case State.FAILED:
            return _("No. The e-mail was not delivered")
        case _:
            return ""
