"""The chance in one plain sentence with its numbers, three reasons at the most.

The sentence is kept, and everybody here reads it, its owner among them: it says names and never "you", dates and never
"tomorrow", and never whose record it rests on. A sweep makes one for each promise that it looks at, so whatever repeats
is spoken once.
"""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from django.utils import translation
from django.utils.translation import get_language

from engagement.staff.when import speak_hours, speak_number, speak_per_cent, speak_short
from promises.forecast import Forecast
from promises.models import Promise

# Its code; None where nothing is translated.
Language = str | None
# Rarer than that it is not spoken of: "about 0 in 10" would be no reason.
ONE_IN_TWENTY = 0.05
# An estimate that is kept to within so much is simply kept.
KEPT_TO = 0.05


def sentence(promise: Promise, forecast: Forecast, now: datetime) -> str:
    """The weightiest reasons first. In the language in force."""
    # Asked once: for each piece anew, it was half of what a sentence took.
    language = get_language()
    spoken = _spoken(promise, forecast, now)
    said = [_reason(ground, promise, forecast, now, language, alone=len(spoken) == 1) for ground in spoken]
    # Whether it is done is asked beside the chance. Where the work seems finished, that is the reason already.
    if forecast.is_nearly_done and forecast.grows:
        said.append(_("Is it done?", language))
    return " ".join(said)[:400]


def _spoken(promise: Promise, forecast: Forecast, now: datetime) -> tuple[str, ...]:
    """Two at the most. That nobody has estimated it is said beside the days, and gives way to anything weightier."""
    grounds = forecast.grounds
    if "days" in grounds and (len(grounds) > 2 or promise.due_at <= now or forecast.usual_days is None):
        grounds = tuple(ground for ground in grounds if ground != "no_estimate")
    return grounds[:2]


def _reason(
    ground: str, promise: Promise, forecast: Forecast, now: datetime, language: Language, *, alone: bool
) -> str:
    match ground:
        case "said":
            owner, day = promise.owner.get_short_name(), _day(promise, promise.last_update_at, now, language)
            return _("%(owner)s said on %(day)s that it may be late.", language) % {"owner": owner, "day": day}
        case "silent":
            if promise.due_at <= now:
                return _("Nobody has said lately how this stands.", language)
            if promise.tell_by_at <= now:
                return _(
                    "Nobody has said lately how this stands, and by now the client would have to hear of a slip.",
                    language,
                )
            return _(
                "Nobody has said lately how this stands, and the client would soon have to hear of a slip.", language
            )
        case "waiting":
            since = _day(promise, promise.waiting_since, now, language)
            return _("Waiting for the client since %(since)s: %(what)s.", language) % {
                "since": since,
                "what": promise.waiting_for,
            }
        case "seems_done" | "not_delivered":
            return _("The work seems finished. Is it done?", language)
        case "no_estimate" if "days" in forecast.grounds:
            return _("Nobody has estimated it.", language)
        case _work:
            return _capital(_record(ground, promise, forecast, now, language, alone=alone))


def _record(
    ground: str, promise: Promise, forecast: Forecast, now: datetime, language: Language, *, alone: bool
) -> str:
    """What is left against what is free, or against what such jobs took."""
    left = hours_words(forecast.left, language) if forecast.left is not None else ""
    if promise.due_at <= now:
        if not left:
            return _("The date has passed.", language)
        return _("The date has passed with %(left)s left.", language) % {"left": left}
    if ground == "days" and forecast.usual_days is not None:
        said = _days(forecast, language)
        return f"{said} {done}" if alone and (done := _so_far(promise, language)) else said
    figures = {"left": left, "free": free_words(forecast.free, language), "due": _before(promise, now, language)}
    if not left:
        return _no_estimate(forecast, language) % figures
    if not forecast.enough:
        # As yet there is no record to speak of.
        return _("A first guess: %(left)s left, %(free)s before %(due)s.", language) % figures
    if not alone or forecast.usual_ratio is None:
        return _("%(left)s left, %(free)s before %(due)s.", language) % figures
    return _hours(forecast.usual_ratio, figures, language)


def _no_estimate(forecast: Forecast, language: Language) -> str:
    if forecast.enough:
        return _("Nobody has estimated it; %(free)s before %(due)s.", language)
    return _("A first guess, without an estimate: %(free)s before %(due)s.", language)


def _hours(usual: float, figures: dict[str, str], language: Language) -> str:
    """What is left is told as it was estimated, beside what that has meant."""
    if is_kept_to(usual):
        text = _("%(left)s left; jobs like this usually took what was estimated; %(free)s before %(due)s.", language)
        return text % figures
    figures |= {"ratio": ratio_words(usual, language)}
    text = _(
        "%(left)s left; jobs like this usually took %(ratio)s × their estimate; %(free)s before %(due)s.", language
    )
    return text % figures


def _days(forecast: Forecast, language: Language) -> str:
    """Days gone stand beside the days that such jobs took in all; before any has gone, the days that are left."""
    gone, left = forecast.days_elapsed, forecast.days_left
    if forecast.usual_late is not None and forecast.usual_late >= ONE_IN_TWENTY:
        text = ngettext(
            "Of jobs like this about %(late)s in 10 ran past such a date; %(gone)s of %(all)s working day is gone.",
            "Of jobs like this about %(late)s in 10 ran past such a date; %(gone)s of %(all)s working days are gone.",
            gone + left,
            language,
        )
        return text % {"late": round(forecast.usual_late * 10), "gone": gone, "all": gone + left}
    assert forecast.usual_days is not None
    if gone:
        text = ngettext(
            "Jobs like this usually took %(usual)s; %(gone)s of %(all)s is gone.",
            "Jobs like this usually took %(usual)s; %(gone)s of %(all)s are gone.",
            gone,
            language,
        )
    else:
        text = ngettext(
            "Jobs like this usually took %(usual)s; %(left)s is left.",
            "Jobs like this usually took %(usual)s; %(left)s are left.",
            left,
            language,
        )
    return text % {"usual": days_words(forecast.usual_days, language), "gone": gone, "left": left, "all": gone + left}


def _so_far(promise: Promise, language: Language) -> str:
    """What somebody said of the work itself; nothing where nobody has."""
    if promise.hours_left is not None:
        left = hours_words(float(promise.hours_left), language)
        return _capital(_("%(left)s of work left.", language) % {"left": left})
    if promise.per_cent is None:
        return ""
    return _("%(done)s of the work is done.", language) % {"done": _spoken_share(promise.per_cent, language)}


def _capital(text: str) -> str:
    """Django's `capfirst` is also for words that are not spoken yet, and takes five times as long."""
    return text[:1].upper() + text[1:]


def is_kept_to(ratio: float) -> bool:
    return abs(ratio - 1) < KEPT_TO


# Who knows which language is in force gives it: no other is spoken.


def hours_words(hours: float, language: Language = None) -> str:
    """About 9 hours. Nothing that is said of hours changes within a quarter of one."""
    return _spoken_hours(math.floor(hours * 4) / 4, language or get_language())


def free_words(hours: float, language: Language = None) -> str:
    """About 5 hours free: what is promised earlier is taken off, so that there may be none in a whole week."""
    language = language or get_language()
    if hours > 0:
        return _("%(hours)s free", language) % {"hours": hours_words(hours, language)}
    return _("no hours still free", language)


def days_words(days: float, language: Language = None) -> str:
    """About 6 working days: the middle of many, to the whole day."""
    return _spoken_days(math.floor(days + 0.5), language or get_language())


def ratio_words(ratio: float, language: Language = None) -> str:
    return _spoken_number(math.floor(ratio * 10 + 0.5) / 10, language or get_language())


def _before(promise: Promise, now: datetime, language: Language) -> str:
    """The day on which it is due: what ends at midnight is due on the day before."""
    zone = promise.zoneinfo
    day = (promise.due_at - timedelta.resolution).astimezone(zone).date()
    return _spoken_day(day, now.astimezone(zone).year, language)


def _day(promise: Promise, moment: datetime | None, now: datetime, language: Language) -> str:
    """A date: the sentence is kept, and "yesterday" would be wrong tomorrow."""
    zone = promise.zoneinfo
    if moment is None:
        return ""
    return _spoken_day(moment.astimezone(zone).date(), now.astimezone(zone).year, language)


# Remembered for each language, which must be the one in force: that is what they are spoken in.


@lru_cache(maxsize=1024)
def _(text: str, language: Language) -> str:
    return translation.gettext(text)


@lru_cache(maxsize=4096)
def ngettext(one: str, many: str, number: int, language: Language) -> str:
    return translation.ngettext(one, many, number)


@lru_cache(maxsize=4096)
def _spoken_hours(hours: float, language: Language) -> str:
    return speak_hours(hours)


@lru_cache(maxsize=1024)
def _spoken_days(days: int, language: Language) -> str:
    if days < 1:
        return _("less than a working day", language)
    text = ngettext("about %(number)s working day", "about %(number)s working days", days, language)
    return text % {"number": speak_number(days)}


@lru_cache(maxsize=1024)
def _spoken_number(number: float, language: Language) -> str:
    return speak_number(number)


@lru_cache(maxsize=1024)
def _spoken_share(per_cent: int, language: Language) -> str:
    return speak_per_cent(per_cent / 100)


@lru_cache(maxsize=8192)
def _spoken_day(day: date, this_year: int, language: Language) -> str:
    return speak_short(day, now=datetime(this_year, 7, 1, tzinfo=UTC))
