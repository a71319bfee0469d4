"""The one formatter: dates, times, durations, shares and money as people read them.

Pages, mails, text messages, documents and feeds all speak through here, so a date never looks
different on the way. A language or zone that is not known is spoken in English, in UTC.
"""

from __future__ import annotations

import math
import re
from contextlib import AbstractContextManager
from datetime import date, datetime, time, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_location, match_skeleton
from babel.numbers import format_currency, format_decimal, format_percent
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext

from engagement.staff.zones import zone_or_utc

# A zone, its name, or None for the zone of whoever reads.
Zone = tzinfo | str | None

ENGLISH = "en"
NOON = time(12)
# 23:59 is how a time field says midnight.
LAST_MINUTE = time(23, 59)


def speak_date(day: date, *, today: date | None, language: str | None = None) -> str:
    """Friday 27 November; with the year when it is not this one. Without a today always: on paper that lasts."""
    is_this_year = today is not None and day.year == today.year
    return _day(day, "MMMMEEEEd" if is_this_year else "yMMMMEEEEd", _tag(language))


def speak_due(
    due_on: date,
    due_time: time | None,
    zone: Zone,
    *,
    now: datetime | None,
    language: str | None = None,
    with_zone: bool = True,
    also: Zone = None,
) -> str:
    """Friday 27 November, by 5pm (London time).

    Without a time it ends with the working day, which only the long form (with the zone) says.
    `also` adds the same moment where the reader is, when clocks differ there.
    """
    there = _zone(zone)
    today = now.astimezone(there).date() if now else None
    with _speaking(language) as tag:
        words = _due_words(due_on, due_time, today, tag, with_zone)
        if not with_zone:
            return words
        places = gettext("%(city)s time") % {"city": city} if (city := _city(there, tag)) else _offset(there)
        if due_time is not None and also is not None and (elsewhere := _elsewhere(due_on, due_time, there, also, tag)):
            places = f"{places}, {elsewhere}"
        return f"{words} ({places})"


def speak_moment(
    instant: datetime,
    zone: Zone = None,
    *,
    now: datetime | None,
    language: str | None = None,
    with_zone: bool = True,
) -> str:
    """Friday 27 November, 16:05 (London time)."""
    there = _zone(zone)
    local = instant.astimezone(there)
    with _speaking(language) as tag:
        today = now.astimezone(there).date() if now else None
        day = speak_date(local.date(), today=today, language=tag)
        words = gettext("%(date)s, %(time)s") % {"date": day, "time": _clock(local.time(), tag)}
        return f"{words} ({speak_zone(there, language=tag)})" if with_zone else words


def speak_short(when: datetime | date, zone: Zone = None, *, now: datetime, language: str | None = None) -> str:
    """Mon 30 Nov, 12:00; a date without the time. For tables whose heading names the zone."""
    there = _zone(zone)
    local = when.astimezone(there) if isinstance(when, datetime) else None
    day = local.date() if local else when
    this_year = day.year == now.astimezone(there).year
    with _speaking(language) as tag:
        words = _day(day, "MMMEd" if this_year else "yMMMEd", tag)
        return gettext("%(date)s, %(time)s") % {"date": words, "time": _clock(local.time(), tag)} if local else words


def speak_time(at: time, *, language: str | None = None) -> str:
    """5pm, 4:30pm, 12 noon; 17:00 where people do not count to twelve."""
    with _speaking(language) as tag:
        return _spoken_clock(at, tag)


def speak_zone(zone: Zone = None, *, language: str | None = None) -> str:
    """London time."""
    there = _zone(zone)
    with _speaking(language) as tag:
        city = _city(there, tag)
        return gettext("%(city)s time") % {"city": city} if city else _offset(there)


def speak_ago(when: datetime | date, now: datetime, language: str | None = None, *, zone: Zone = None) -> str:
    """today, yesterday, 6 days ago, in 4 days: besides a date, never instead of one."""
    there = _zone(zone)
    day = when.astimezone(there).date() if isinstance(when, datetime) else when
    days = (day - now.astimezone(there).date()).days
    with _speaking(language) as tag:
        match days:
            case 0:
                return gettext("today")
            case -1:
                return gettext("yesterday")
            case 1:
                return gettext("tomorrow")
        number = {"number": speak_number(abs(days), tag)}
        if days < 0:
            return ngettext("%(number)s day ago", "%(number)s days ago", -days) % number
        return ngettext("in %(number)s day", "in %(number)s days", days) % number


def days_late(due_on: date, today: date, language: str | None = None) -> str:
    """3 days late; nothing when it is not late."""
    days = (today - due_on).days
    if days <= 0:
        return ""
    with _speaking(language) as tag:
        return ngettext("%(number)s day late", "%(number)s days late", days) % {"number": speak_number(days, tag)}


def speak_hours(hours: float | Decimal, language: str | None = None) -> str:
    """about 9 hours: an estimate is not spoken to the minute."""
    hours = float(hours)
    # Below three hours a half is worth saying.
    number = math.floor(hours * 2 + 0.5) / 2 if hours < 2.75 else math.floor(hours + 0.5)
    with _speaking(language) as tag:
        return _hours_words(max(number, 0.0), tag, translation.get_language())


@lru_cache(maxsize=4096)
def _hours_words(number: float, tag: str, catalogue: str | None) -> str:
    """`catalogue` is the language in force, which the words are read from."""
    if number == 0:
        return gettext("a few minutes")
    if number == 0.5:
        return gettext("about half an hour")
    return ngettext("about %(number)s hour", "about %(number)s hours", math.ceil(number)) % {
        "number": speak_number(number, tag)
    }


def speak_per_cent(share: float | Decimal, language: str | None = None) -> str:
    """87%. Nothing is spoken as certain, or as nothing at all, by rounding."""
    whole = Decimal(str(share)) * 100
    rounded = whole.quantize(Decimal(1), ROUND_HALF_UP)
    if 0 < whole < 100:
        rounded = min(max(rounded, Decimal(1)), Decimal(99))
    return _per_cent(rounded, _tag(language))


@lru_cache(maxsize=256)
def _per_cent(rounded: Decimal, tag: str) -> str:
    return format_percent(rounded / 100, locale=_locale(tag))


def speak_money(amount: Decimal, currency: str, language: str | None = None, *, exact: bool = False) -> str:
    """Rounded to the currency's coins unless exact."""
    if not currency:
        return format_decimal(amount, format="#,##0.00", locale=_locale(_tag(language)))
    words = format_currency(amount, currency, locale=_locale(_tag(language)), decimal_quantization=not exact)
    # Babel leaves out the space between a code of letters and the figures.
    return re.sub(r"(?<=[A-Z]{3})(?=[-\d])", "\N{NO-BREAK SPACE}", words)


def speak_number(number: float | Decimal, language: str | None = None) -> str:
    return _number(number, _tag(language))


@lru_cache(maxsize=4096)
def _number(number: float | Decimal, tag: str) -> str:
    return format_decimal(number, locale=_locale(tag))


def iso(when: datetime | date) -> str:
    """For the machine's half of <time datetime="…">."""
    return when.isoformat(timespec="seconds") if isinstance(when, datetime) else when.isoformat()


def iso_due(due_on: date, due_time: time | None, zone: Zone) -> str:
    return iso(datetime.combine(due_on, due_time, _zone(zone)) if due_time is not None else due_on)


def _due_words(due_on: date, due_time: time | None, today: date | None, tag: str, long: bool) -> str:
    if due_time is not None and due_time < time(0, 1):
        # Midnight belongs to the evening before, for everybody but the machine.
        return gettext("end of %(date)s") % {
            "date": speak_date(due_on - timedelta(days=1), today=today, language=tag),
        }
    day = {"date": speak_date(due_on, today=today, language=tag)}
    if due_time is None:
        return gettext("%(date)s, by the end of the working day") % day if long else day["date"]
    if due_time >= LAST_MINUTE:
        return gettext("end of %(date)s") % day
    return gettext("%(date)s, by %(time)s") % {**day, "time": _spoken_clock(due_time, tag)}


def _elsewhere(due_on: date, due_time: time, there: tzinfo, here: Zone, tag: str) -> str:
    instant = datetime.combine(due_on, due_time, there)
    local = instant.astimezone(_zone(here))
    if local.replace(tzinfo=None) == instant.replace(tzinfo=None):
        return ""
    words = _spoken_clock(local.time(), tag)
    if local.date() != due_on:
        day = _day(local.date(), "MMMMEEEEd", tag)
        words = gettext("%(date)s, %(time)s") % {"date": day, "time": words}
    place = _city(_zone(here), tag) or _offset(_zone(here))
    return gettext("%(time)s in %(city)s") % {"time": words, "city": place}


def _spoken_clock(at: time, tag: str) -> str:
    if _locale(tag).language != ENGLISH:
        return _clock(at, tag)
    if at.replace(second=0, microsecond=0) == NOON:
        return gettext("12 noon")
    minutes = f":{at.minute:02}" if at.minute else ""
    return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"


def _clock(at: time, tag: str) -> str:
    return _hour_and_minute(at.replace(second=0, microsecond=0, tzinfo=None), tag)


@lru_cache(maxsize=4096)
def _hour_and_minute(at: time, tag: str) -> str:
    return format_time(at, _pattern("Hm", tag), locale=_locale(tag))


@lru_cache(maxsize=4096)
def _day(day: date, skeleton: str, tag: str) -> str:
    return format_date(day, _pattern(skeleton, tag), locale=_locale(tag))


@lru_cache(maxsize=256)
def _pattern(skeleton: str, tag: str) -> str:
    """The language's own order of the parts, with names as long as the skeleton asks for.

    A language rarely lists the long forms, and Babel alone would answer with short ones.
    """
    skeletons = _locale(tag).datetime_skeletons
    pattern = str(skeletons[match_skeleton(skeleton, skeletons) or skeleton].pattern)
    if skeleton == "Hm":
        return pattern
    weekday, month = ("EEEE", "MMMM") if "EEEE" in skeleton else ("EEE", "MMM")
    pattern = re.sub(r"E+", weekday, re.sub(r"MMM+", month, pattern))
    return pattern.replace("E, d", "E d") if _locale(tag).language == ENGLISH else pattern


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale:
    # A firm that speaks English without saying whose writes the day before the month.
    return Locale.parse("en-GB" if tag == ENGLISH else tag, sep="-")


@lru_cache(maxsize=64)
def _known(language: str) -> str:
    """The language as Babel knows it: itself, without its region, or English."""
    tag = language.replace("_", "-")
    for candidate in (tag, tag.split("-")[0]):
        try:
            Locale.parse(candidate, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
        return candidate
    return ENGLISH


def _tag(language: str | None) -> str:
    return _known(language or translation.get_language() or ENGLISH)


class _speaking(AbstractContextManager[str]):
    """Speaks a language for a sentence; the page's own when none is given."""

    def __init__(self, language: str | None) -> None:
        self.tag = _tag(language)
        self.override = translation.override(self.tag) if language else None

    def __enter__(self) -> str:
        if self.override:
            self.override.__enter__()
        return self.tag

    def __exit__(self, *error: object) -> None:
        if self.override:
            self.override.__exit__(None, None, None)


def _zone(zone: Zone) -> tzinfo:
    if zone is None:
        return timezone.get_current_timezone()
    return zone_or_utc(zone) if isinstance(zone, str) else zone


def _city(zone: tzinfo, tag: str) -> str:
    return _city_of(getattr(zone, "key", ""), tag)


@lru_cache(maxsize=1024)
def _city_of(name: str, tag: str) -> str:
    """Nothing for zones that are an offset and no place."""
    if not name:
        return ""
    try:
        city = get_timezone_location(name, return_city=True, locale=_locale(tag))
    except LookupError:
        return ""
    return "" if city.startswith(("GMT", "UTC", "Unknown")) else city.split("/")[-1]


def _offset(zone: tzinfo) -> str:
    # Such zones have no summer time, so any moment will do.
    offset = zone.utcoffset(datetime(2000, 1, 1)) or timedelta(0)  # noqa: DTZ001, a zone takes a bare wall time
    minutes = round(offset.total_seconds() / 60)
    if not minutes:
        return "UTC"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'+' if minutes > 0 else '−'}{hours}{f':{rest:02}' if rest else ''}"
