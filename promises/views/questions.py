"""What a line or a form left open, put as a question with the answers as buttons. Nothing is chosen for anybody."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from engagement.staff.models import User
from engagement.staff.read_date import ReadDay, Reading, read_day
from engagement.staff.when import speak_date, speak_due
from promises.one_line import Understood, last_used
from promises.quick_add import Named

# Before the name of a client to be added; before a number it would be a client that is there.
NEW_CLIENT = "new:"
FRIDAY, WEDNESDAY = 4, 2
HALF_A_YEAR = timedelta(days=183)


@dataclass(frozen=True)
class Answer:
    """`key` presses the button from the keyboard."""

    value: str
    words: str
    key: str = ""


@dataclass(frozen=True)
class Question:
    """`name` is what the buttons send; `field` is where another answer is typed."""

    text: str
    name: str
    field: str
    answers: tuple[Answer, ...]
    other: str = ""
    other_key: str = ""


def about_line(line: Understood, now: datetime) -> list[Question]:
    asked = []
    if not line.client:
        asked.append(about_client(line))
    if not line.owner:
        asked.append(about_owner(line))
    if not line.line.when.chosen:
        asked.append(about_date(line.line.when, line.zone, now))
    return asked


def about_client(line: Understood) -> Question:
    words = line.line.client_words
    answers = _named(line.client_choices)
    if line.line.client.problem == "unknown" and words:
        text = _("No client is called “%(words)s”. For whom is it?") % {"words": words}
        answers = (*answers, Answer(f"{NEW_CLIENT}{words}", _("Add “%(name)s” as a new client") % {"name": words}))
    elif line.line.client.problem == "ambiguous":
        text = _("“%(words)s” may be one of several clients. Which one?") % {"words": words}
        if line.line.client.several:
            text = _several(len(answers))
    else:
        text = _("For whom is it?")
    other = _("Another client") if answers else _("Choose a client")
    return Question(text, "choose_client", "client", answers, other)


def _several(count: int) -> str:
    if count == 2:
        return _("Two clients are named. Which one?")
    return _("Several clients are named. Which one?")


def about_nobody(user: User) -> Question:
    """No client was named, or none who is there."""
    answers = _named(last_used(user))
    other = _("Another client") if answers else _("Choose a client")
    return Question(_("For whom is it?"), "choose_client", "client", answers, other)


def about_owner(line: Understood) -> Question:
    text = _("“%(words)s” is nobody's name here. Who sees to it?")
    if line.owner_choices:
        text = _("“%(words)s” may be one of several people. Who sees to it?")
    return Question(
        text % {"words": line.line.owner_words},
        "choose_owner",
        "owner",
        _named(line.owner_choices),
        other=_("Somebody else") if line.owner_choices else _("Choose an owner"),
    )


def about_date(reading: Reading, zone: ZoneInfo, now: datetime) -> Question:
    if reading.choices:
        words = reading.choices[0].words
        if has_just_passed(reading, zone, now):
            text = _("Due date must be today or in the future. Or is this the day?")
        elif len(reading.choices) == 1:
            text = _("“%(words)s” may be another day. Is this the one?") % {"words": words}
        elif len({choice.day for choice in reading.choices}) == 1:
            text = _("“%(words)s” can be read in more than one way. Which is meant?") % {"words": words}
        else:
            text = _("“%(words)s” can be read in more than one way. Which day is meant?") % {"words": words}
        answers = tuple(_dated(choice, zone, now, str(n)) for n, choice in enumerate(reading.choices, 1))
    else:
        text, answers = _("By when?"), _usual_days(now.astimezone(zone).date())
    return Question(text, "choose_due", "due_on", answers, other=_("Another day"), other_key="d")


def has_just_passed(reading: Reading, zone: ZoneInfo, now: datetime) -> bool:
    """ "12 Nov" in the same November: the day that passed is meant sooner than the one in a year."""
    if len(reading.choices) != 1:
        return False
    today = now.astimezone(zone).date()
    gone = read_day(reading.choices[0].words, today=today, language=get_language() or "en", past_ok=True).chosen
    return gone is not None and timedelta(0) < today - gone.day < HALF_A_YEAR


def _dated(read: ReadDay, zone: ZoneInfo, now: datetime, key: str) -> Answer:
    words = speak_due(read.day, read.time, zone, now=now, with_zone=False)
    return Answer(moment_value(read.day, read.time), words[:1].upper() + words[1:], key)


def _usual_days(today: date) -> tuple[Answer, ...]:
    """Tomorrow, Friday and Wednesday next week, each with its date written out."""
    tomorrow = today + timedelta(days=1)
    friday = tomorrow + timedelta(days=(FRIDAY - tomorrow.weekday()) % 7)
    wednesday = today + timedelta(days=7 + WEDNESDAY - today.weekday())
    spoken = {day: {"date": speak_date(day, today=today)} for day in (tomorrow, friday, wednesday)}
    days = {tomorrow: Answer(tomorrow.isoformat(), _("Tomorrow, %(date)s") % spoken[tomorrow], "t")}
    days.setdefault(friday, Answer(friday.isoformat(), spoken[friday]["date"], "f"))
    days.setdefault(wednesday, Answer(wednesday.isoformat(), spoken[wednesday]["date"], "w"))
    return tuple(days[day] for day in sorted(days))


def moment_value(day: date, at: time | None) -> str:
    return f"{day.isoformat()}T{at.isoformat('minutes')}" if at else day.isoformat()


def _named(named: Iterable[Named]) -> tuple[Answer, ...]:
    return tuple(Answer(str(pk), name) for pk, name in named)
