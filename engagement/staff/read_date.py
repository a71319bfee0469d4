"""Reads the day and the time that a person wrote, in English, Afrikaans or Dutch.

A due date is the promise itself, so nothing is guessed in silence: what can be meant in two ways comes back as dated
choices, and what has passed as a problem. The ready-made libraries are wrong without saying so.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache, cached_property
from itertools import islice, pairwise
from typing import NamedTuple

from engagement.staff.date_words import Phrases, Span, Words, words_for

# A longer text is read up to here, and what is found in it is shown, not taken: more may follow.
MOST_TOKENS = 2000
MOST_HITS = 8
MOST_CHOICES = 6
LONGEST_WORD = 40
END_OF_DAY = time(23, 59)
PART_ENDS = {"am": time(12), "pm": time(17), "evening": time(20), "lunch": time(12), "night": END_OF_DAY}
BETWEEN = ("between", "tussen")
# Stands for words that are left alone.
GONE = "\ue000"
A_YEAR_FROM_SOMEWHERE = range(1900, 2200)


@dataclass(frozen=True)
class ReadDay:
    """One reading. `words` is the text from `start` to `end`; a time written elsewhere lies in `also`."""

    day: date
    time: time | None
    start: int
    end: int
    words: str
    also: tuple[tuple[int, int], ...] = ()

    @property
    def spans(self) -> tuple[tuple[int, int], ...]:
        return ((self.start, self.end), *self.also)


@dataclass(frozen=True)
class Reading:
    """`chosen` when there is one sure reading. Else `problem` says why, and `choices` are what may have been meant.

    "none": no day found. "ambiguous": one or more choices, to be confirmed by a person. "past". "no_such_day": the
    31st of November. "time_only": a day was asked for. "no_clock": "within 2 hours" of an unknown hour.
    """

    chosen: ReadDay | None
    choices: tuple[ReadDay, ...]
    problem: str


class _Token(NamedTuple):
    word: str
    number: int | None
    start: int
    end: int
    raw: str


class _Clock(NamedTuple):
    stop: int
    time: time
    sure: bool


class _Days(NamedTuple):
    """What a rule found: the token after it and the days it may mean."""

    stop: int
    days: tuple[date, ...]
    sure: bool = True
    part: str = ""
    no_such_day: bool = False
    clock: time | None = None
    no_clock: bool = False


class _Opening(NamedTuple):
    """Where the words begin with their prepositions, and what these say of the day."""

    start: int
    due: bool
    before: bool
    dropped: bool
    asked: bool


@dataclass(frozen=True)
class _Hit:
    start: int
    stop: int
    days: tuple[date, ...]
    moment: time | None
    sure: bool
    due: bool = False
    dropped: bool = False
    no_such_day: bool = False
    no_clock: bool = False
    times: tuple[time | None, ...] = ()


_TOKEN = re.compile(
    r"[0-9]+"
    r"|[apvnAPVN]\.\s?[mM]\.?(?![^\W\d_])"
    r"|['’‘][nNsS](?![^\W_])"
    r"|[^\W\d_]+(?:['’][^\W\d_]+)*"
    r"|[^\s\w]|_|\d"
)
_QUOTES = (('"', '"'), ("“", "”"), ("„", "“"), ("„", "”"), ("«", "»"))


def fold(word: str) -> str:
    """Capitals and accents away; the length may change, so positions are taken before."""
    plain = word.casefold()
    if plain.isascii() or len(plain) > LONGEST_WORD:
        return plain
    parts = unicodedata.normalize("NFKD", plain.replace("’", "'").replace("‘", "'"))
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def blank(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The same length, with the spans made unreadable, so that positions still fit the text."""
    parts, place = [], 0
    for start, end in sorted(spans):
        parts += [text[place:start], GONE, " " * (end - start - 1)]
        place = end
    return "".join((*parts, text[place:]))


def quoted_spans(text: str) -> list[tuple[int, int]]:
    """What stands in double quotes is left alone. A quote that is never closed is only a sign."""
    spans: list[tuple[int, int]] = []
    place = 0
    openers = {opening: {close for other, close in _QUOTES if other == opening} for opening, _ in _QUOTES}
    while place < len(text):
        closers = openers.get(text[place])
        ends = [end for close in closers or () if (end := text.find(close, place + 1)) > 0]
        if ends:
            spans.append((place, min(ends) + 1))
            place = min(ends) + 1
        elif closers:
            # Nothing closes this sign from here on, so nothing will later either: no second search.
            openers.pop(text[place])
            place += 1
        else:
            place += 1
    return spans


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in islice(_TOKEN.finditer(text), MOST_TOKENS):
        raw = match.group()
        # Longer runs of digits are telephone numbers and worse.
        number = int(raw) if raw.isdecimal() and raw.isascii() and len(raw) <= 4 else None
        word = fold(raw).replace(" ", "") if raw[0] not in "0123456789" else raw
        found.append(_Token(word, number, match.start(), match.end(), raw))
    return found


def _add_months(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _full_year(number: int, raw: str) -> int | None:
    if len(raw) == 2:
        return 2000 + number
    return number if len(raw) == 4 and number in A_YEAR_FROM_SOMEWHERE else None


HALF_AN = Phrases([("half", "an"), ("half", "a"), ("een", "half"), ("'n", "half"), ("half",)])
AND_A_HALF = Phrases([("and", "a", "half"), ("en", "een", "half"), ("en", "'n", "half")])


class _Tables:
    """The phrases of the languages, indexed once for all texts."""

    def __init__(self, words: Words) -> None:
        self.past_four, self.today_parts = Phrases(words.past_four), Phrases(words.today_parts)
        self.days, self.part_leads, self.end = Phrases(words.days), Phrases(words.part_leads), Phrases(words.end)
        self.by, self.on, self.before = Phrases(words.by), Phrases(words.on), Phrases(words.before)
        self.leads, self.tails = Phrases(words.by, words.on, words.before), Phrases(words.tails)
        self.ahead = Phrases(*(span.ahead for span in words.spans))
        self.ago = Phrases(*(span.ago for span in words.spans))
        self.this_month = Phrases((first, month) for first in words.this | words.the for month in words.month)
        self.starters = self._starters(words)

    @staticmethod
    def _starters(words: Words) -> frozenset[str]:
        """Only these words can open a date, so long texts are passed over quickly."""
        tables = (words.days, words.today_parts, words.end, words.past_four)
        firsts = {phrase[0] for table in tables for phrase in table}
        firsts.update(words.compounds, words.weekdays, words.short_weekdays, words.months, words.hour_words)
        firsts.update(words.this, words.next, words.last, words.end_of, words.noon, words.midnight)
        firsts.update(lead for span in words.spans for lead in span.leads)
        return frozenset(firsts)


@cache
def _tables(language: str) -> _Tables:
    return _Tables(words_for(language))


class _Reader:
    """Walks the words once. Every rule looks a handful of words ahead, so the cost grows with the length only."""

    def __init__(self, text: str, today: date, now_time: time | None, language: str, past_ok: bool = False) -> None:
        self.text = text
        self.today = today
        self.now_time = now_time
        self.past_ok = past_ok
        self.own = language.lower()[:2]
        self.words = words_for(self.own)
        self.tables = _tables(self.own)
        self.tokens = _tokens(blank(text, quoted_spans(text)))

    # Looking around

    def word(self, at: int) -> str:
        return self.tokens[at].word if 0 <= at < len(self.tokens) else ""

    def number(self, at: int) -> int | None:
        return self.tokens[at].number if 0 <= at < len(self.tokens) else None

    def count(self, at: int) -> int | None:
        number = self.number(at)
        return self.words.numbers.get(self.word(at)) if number is None else number

    def touches(self, at: int) -> bool:
        """No space between this token and the one before it."""
        return 0 < at < len(self.tokens) and self.tokens[at].start == self.tokens[at - 1].end

    def phrase(self, at: int, phrases: Phrases) -> int:
        """How many tokens of the longest phrase stand here."""
        for phrase in phrases.first.get(self.word(at), ()):
            if all(self.word(at + i) == part for i, part in enumerate(phrase)):
                return len(phrase)
        return 0

    def phrase_before(self, at: int, phrases: Phrases) -> int:
        for phrase in phrases.last.get(self.word(at - 1), ()):
            if all(self.word(at - len(phrase) + i) == part for i, part in enumerate(phrase)):
                return len(phrase)
        return 0

    def is_small(self, at: int) -> bool:
        return 0 <= at < len(self.tokens) and self.tokens[at].raw[:1].islower()

    def skip_comma(self, at: int) -> int:
        return at + 1 if self.word(at) in (",", "(", ")") else at

    def end_of_text(self, at: int) -> bool:
        return at >= len(self.tokens)

    # Rules for a day. Each answers for the tokens from `at` on.

    def day(self, at: int) -> _Days | None:
        rules = self.number_rules if self.count(at) is not None else self.word_rules
        for rule in rules:
            found = rule(at)
            if found:
                return found
        return None

    @cached_property
    def number_rules(self) -> tuple[Callable[[int], _Days | None], ...]:
        return (self.iso, self.numeric, self.day_and_month, self.span_from_now, self.nth)

    @cached_property
    def word_rules(self) -> tuple[Callable[[int], _Days | None], ...]:
        return (self.month_and_day, self.end_of, self.span, self.relative_day, self.next_something, self.weekday)

    def stands_alone(self, start: int, stop: int) -> bool:
        """Not part of a version, an address, a reference or a longer number."""
        before, after = self.tokens[start], self.tokens[stop - 1]
        if before.start and (self.text[before.start - 1].isalnum() or self.text[before.start - 1] in "-/.:_#\\+"):
            return False
        tail = self.text[after.end : after.end + 2]
        return not (tail[:1].isalnum() and tail[:1] not in "Tt") and not (tail[:1] in "-/.:" and tail[1:].isalnum())

    def joined_numbers(self, at: int) -> tuple[str, list[_Token]]:
        """ "27/11/2026" as its sign and its numbers."""
        sign = self.word(at + 1)
        if sign not in ("-", "/", "."):
            return "", []
        numbers, place = [self.tokens[at]], at + 1
        while len(numbers) < 3 and self.word(place) == sign and self.touches(place) and self.touches(place + 1):
            if self.number(place + 1) is None:
                break
            numbers.append(self.tokens[place + 1])
            place += 2
        return sign, numbers

    def iso(self, at: int) -> _Days | None:
        sign, numbers = self.joined_numbers(at)
        if len(numbers) != 3 or len(numbers[0].raw) != 4 or not self.stands_alone(at, at + 5):
            return None
        year, month, day = (token.number or 0 for token in numbers)
        if sign and year in A_YEAR_FROM_SOMEWHERE:
            return self.dated(at + 5, [_date(year, month, day)])
        return None

    def numeric(self, at: int) -> _Days | None:
        sign, numbers = self.joined_numbers(at)
        if len(numbers) < 2 or any(len(token.raw) > 2 for token in numbers[:2]):
            return None
        stop = at + 2 * len(numbers) - 1
        if not self.stands_alone(at, stop):
            return None
        first, second = numbers[0].number or 0, numbers[1].number or 0
        if len(numbers) == 3:
            return self.numeric_with_year(stop, first, second, numbers[2])
        return self.numeric_without_year(at, stop, sign, first, second)

    def numeric_with_year(self, stop: int, first: int, second: int, last: _Token) -> _Days | None:
        year = _full_year(last.number or 0, last.raw)
        if year is None:
            return None
        readings = [_date(year, second, first), _date(year, first, second)]
        # "26/11/27" was perhaps written year first.
        if len(last.raw) == 2 and year > self.today.year and 2000 + first == self.today.year:
            readings.append(_date(2000 + first, second, last.number or 0))
        return self.dated(stop, readings)

    def numeric_without_year(self, at: int, stop: int, sign: str, first: int, second: int) -> _Days | None:
        alone = at == 0 and self.end_of_text(stop)
        led = bool(self.lead_before(at))
        # A fraction, a range of pages or "24/7" unless the words around say that it is a day.
        if sign == "." or (sign == "-" and not led and not alone) or (first, second) == (24, 7):
            return None
        if sign == "-" and self.word(stop) in self.words.months:
            return None
        if not (1 <= first <= 31 and 1 <= second <= 31):
            return None
        readings = [*self.without_year(second, first), *self.without_year(first, second)]
        if not readings:
            return None if not (led or alone) else _Days(stop, (), no_such_day=True)
        days = tuple(dict.fromkeys(day for day, _ in readings))
        sure = (led or alone or sign == "/") and all(this_year for _, this_year in readings)
        return _Days(stop, days, sure=sure and (led or alone or first > 12 or second > 12))

    def without_year(self, month: int, day: int) -> list[tuple[date, bool]]:
        """This year's, or when that has passed next year's as a choice to confirm."""
        own = _date(self.today.year, month, day) if 1 <= month <= 12 else None
        if own and (own >= self.today or self.past_ok):
            return [(own, True)]
        following = _date(self.today.year + 1, month, day) if 1 <= month <= 12 else None
        return [(following, False)] if following else []

    def dated(self, stop: int, readings: Iterable[date | None], sure: bool = True) -> _Days:
        days = tuple(dict.fromkeys(day for day in readings if day))
        if len(days) > 1 and not self.past_ok:
            days = tuple(day for day in days if day >= self.today) or days[:1]
        return _Days(stop, days, sure=sure, no_such_day=not days)

    def day_and_month(self, at: int) -> _Days | None:
        day = self.number(at)
        if day is None or not 1 <= len(self.tokens[at].raw) <= 2:
            return None
        place = at + 1
        if (self.word(place) in self.words.ordinals and self.touches(place)) or (
            self.word(place) == "." and self.touches(place)
        ):
            place += 1
        if self.word(place) in self.words.of or self.word(place) in ("-", "/"):
            place += 1
        month = self.words.months.get(self.word(place))
        if month is None or (at and self.touches(at) and self.word(at - 1) in (".", ":", "/")):
            return None
        return self.month_found(place + 1, day, month, shy=self.is_shy(place, place + 1))

    def month_and_day(self, at: int) -> _Days | None:
        month, place = self.words.months.get(self.word(at)), at + 1
        if month is None:
            return None
        if self.word(place) == "." and self.touches(place):
            place += 1
        if self.word(place) in self.words.the:
            place += 1
        day = self.number(place)
        if day is None or len(self.tokens[place].raw) > 2 or not self.stands_alone_after(place):
            return None
        stop = place + 1
        if self.word(stop) in self.words.ordinals and self.touches(stop):
            stop += 1
        found = self.month_found(stop, day, month, shy=self.is_shy(at, stop))
        # In Afrikaans and Dutch the day goes first: "vir Jan 5 stukke" is no date.
        return found._replace(sure=found.sure and self.own not in ("af", "nl"))

    def stands_alone_after(self, at: int) -> bool:
        return self.text[self.tokens[at].end : self.tokens[at].end + 1] not in (":", "%", "/")

    def is_shy(self, at: int, stop: int) -> bool:
        """ "Option 1 may change" and "the day sat empty" are no dates for sure."""
        return (
            self.word(at) in self.words.shy
            and self.is_small(at)
            and self.word(stop)[:1].isalpha()
            and self.word(stop) not in self.words.follow
        )

    def month_found(self, stop: int, day: int, month: int, shy: bool) -> _Days:
        if self.word(stop) == "." and self.touches(stop):
            stop += 1
        year, after = self.year(stop)
        if year:
            found = self.dated(after, [_date(year, month, day)], sure=not shy)
        else:
            readings = self.without_year(month, day)
            sure = not shy and all(this_year for _, this_year in readings) and not self.number_too_many(stop)
            found = _Days(stop, tuple(d for d, _ in readings), sure=sure, no_such_day=not readings)
        return self.with_trailing_weekday(found)

    def year(self, at: int) -> tuple[int | None, int]:
        place = at + (self.word(at) in (",", "-", "/", "'", "’"))
        number, raw = self.number(place), self.tokens[place].raw if place < len(self.tokens) else ""
        if number is None or not self.stands_alone_after(place):
            return None, at
        if len(raw) == 4 and number in A_YEAR_FROM_SOMEWHERE and self.word(place + 1) not in self.words.oclock:
            return number, place + 1
        # "27 Nov 26", but not "27 Nov 20 pages".
        if len(raw) == 2 and self.word(at) != "," and not self.word(place + 1)[:1].isalnum():
            return 2000 + number, place + 1
        return None, at

    def number_too_many(self, at: int) -> bool:
        """ "27 November 20266" was to have a year."""
        raw = self.tokens[at].raw if at < len(self.tokens) else ""
        return len(raw) > 2 and raw.isdecimal() and self.stands_alone_after(at)

    def with_trailing_weekday(self, found: _Days) -> _Days:
        place = self.skip_comma(found.stop)
        weekday = self.words.weekdays.get(self.word(place))
        if weekday is None or not found.days or place == found.stop:
            return found
        if all(day.weekday() != weekday for day in found.days):
            return found
        after = place + 1
        return found._replace(stop=after + 1 if self.word(after) == ")" else after)

    def nth(self, at: int) -> _Days | None:
        """ "by the 27th": with a preposition and nothing counted by it, for "the 3rd draft" is no day."""
        day = self.number(at)
        if day is None or self.word(at + 1) not in self.words.ordinals or not self.touches(at + 1):
            return None
        if not self.lead_before(at) or not 1 <= day <= 31:
            return None
        stop = at + 2
        if self.word(stop) in self.words.of and (size := self.phrase(stop + 1, self.tables.this_month)):
            stop += 1 + size
        elif self.word(stop)[:1].isalnum() and self.word(stop) not in self.words.follow:
            return None
        days = self.coming_days_of_month(day)
        return _Days(stop, days, sure=bool(days) and days[0].month == self.today.month)

    def end_of(self, at: int) -> _Days | None:
        unit = self.words.end_of.get(self.word(at))
        if unit:
            return self.end_of_unit(at + 1, unit, 0)
        size = self.phrase(at, self.tables.end)
        if not size:
            return None
        place, ahead = at + size, 0
        if self.word(place) in self.words.next:
            place, ahead = place + 1, 1
        elif self.word(place) in self.words.this:
            place += 1
        word = self.word(place)
        if word in self.words.months:
            return self.end_of_named_month(place, self.words.months[word])
        if (number := self.number(place)) and not ahead and number in A_YEAR_FROM_SOMEWHERE:
            return self.dated(place + 1, [date(number, 12, 31)])
        for unit in ("week", "month", "year", "day"):
            if word in getattr(self.words, unit):
                # "end day" and "close month" are other things.
                return self.end_of_unit(place + 1, unit, ahead)
        return None

    def end_of_named_month(self, at: int, month: int) -> _Days:
        year, stop = self.year(at + 1)
        if year is None:
            passed = (self.today.month > month) and not self.past_ok
            year, stop, sure = self.today.year + passed, at + 1, not passed
        else:
            sure = True
        return self.dated(stop, [date(year, month, monthrange(year, month)[1])], sure=sure)

    def end_of_unit(self, stop: int, unit: str, ahead: int) -> _Days | None:
        if unit == "day":
            # "end of day Friday" is Friday's.
            named = self.day_here(self.skip_connectors(stop))
            return named or _Days(stop, (self.today,)) if not ahead else None
        if unit == "month":
            there = _add_months(self.today.replace(day=1), ahead)
            return _Days(stop, (there.replace(day=monthrange(there.year, there.month)[1]),))
        if unit == "year":
            return _Days(stop, (date(self.today.year + ahead, 12, 31),))
        friday = self.today + timedelta(days=4 - self.today.weekday(), weeks=ahead)
        # At the weekend nobody agrees which week "the week" is.
        if self.today.weekday() > 4:
            return _Days(stop, (friday + timedelta(weeks=1), *((friday + timedelta(weeks=2),) if ahead else ())), False)
        return _Days(stop, (friday,))

    def span(self, at: int) -> _Days | None:
        """ "in 3 days", "within two hours"."""
        for span in self.words.spans:
            if self.word(at) not in span.leads:
                continue
            place = at + 1 + (self.word(at + 1) in ("the", "die", "de") and self.word(at + 2) in self.words.next)
            if self.word(place) in self.words.next:
                place += 1
            if found := self.counted(place, span):
                return found
        return self.half_hour(at)

    def half_hour(self, at: int) -> _Days | None:
        if not any(self.word(at) in span.leads for span in self.words.spans):
            return None
        place = at + 1
        size = self.phrase(place, HALF_AN)
        whole = self.word(place + size) if size else ""
        if size and any(span.units.get(whole) == "hour" for span in self.words.spans):
            return self.minutes_ahead(place + size + 1, 30)
        if self.word(place) in ("halfuur",) or (
            self.word(place) in ("'n", "een") and self.word(place + 1) == "halfuur"
        ):
            return self.minutes_ahead(place + (1 if self.word(place) == "halfuur" else 2), 30)
        return None

    def counted(self, at: int, span: Span) -> _Days | None:
        number = self.count(at)
        place = at + 1
        working = self.word(place) in span.working
        unit = span.units.get(self.word(place + working))
        if number is None or unit is None:
            return None
        stop = place + working + 1
        if unit in ("minute", "hour"):
            extra = self.phrase(stop, AND_A_HALF)
            minutes = number * 60 + (30 if extra else 0) if unit == "hour" else number
            return self.minutes_ahead(stop + extra, minutes)
        return self.days_ahead(stop, number, "workday" if working and unit == "day" else unit)

    def minutes_ahead(self, stop: int, minutes: int) -> _Days:
        if self.now_time is None:
            return _Days(stop, (), no_clock=True)
        # The wall clock of the day, without a zone: the caller knows the zone.
        then = datetime.combine(self.today, self.now_time.replace(tzinfo=None)) + timedelta(minutes=minutes)
        return _Days(stop, (then.date(),), clock=then.time().replace(second=0, microsecond=0))

    def days_ahead(self, stop: int, number: int, unit: str, start: date | None = None) -> _Days | None:
        start = start or self.today
        try:
            if unit == "workday":
                # Public holidays are not known here, so a person confirms.
                return _Days(stop, (self.workdays_ahead(start, number),), sure=False)
            if unit in ("month", "year"):
                return _Days(stop, (_add_months(start, number * (12 if unit == "year" else 1)),))
            days = {"day": 1, "week": 7, "fortnight": 14}[unit] * number
            return _Days(stop, (start + timedelta(days=days),))
        except (OverflowError, ValueError):
            return _Days(stop, (), no_such_day=True)

    @staticmethod
    def workdays_ahead(start: date, number: int) -> date:
        weeks, rest = divmod(number, 5)
        day = start + timedelta(weeks=weeks)
        while rest or day.weekday() > 4:
            day += timedelta(days=1)
            rest -= day.weekday() < 5 and rest > 0
        return day

    def span_from_now(self, at: int) -> _Days | None:
        """ "3 days from now", "two weeks ago", "a week from Friday"."""
        number = self.count(at)
        for span in self.words.spans:
            unit = span.units.get(self.word(at + 1))
            if number is None or unit is None:
                continue
            if size := self.phrase(at + 2, self.tables.ahead):
                return self.counted(at, span) and self.grown(self.counted(at, span), size)
            if size := self.phrase(at + 2, self.tables.ago):
                # Any day gone by will do: it can only be told that it has passed.
                gone = self.days_ahead(at + 2 + size, -number, unit) if unit not in ("minute", "hour") else None
                return gone or _Days(at + 2 + size, (self.today - timedelta(days=1),), sure=True)
            weekday = self.words.weekdays.get(self.word(at + 3))
            if self.word(at + 2) in ("from", "after", "vanaf") and weekday is not None and unit in ("day", "week"):
                coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
                found = self.days_ahead(at + 4, number, unit, start=coming)
                return found and found._replace(sure=found.sure and coming != self.today)
        return None

    @staticmethod
    def grown(found: _Days | None, size: int) -> _Days | None:
        return found and found._replace(stop=found.stop + size)

    def relative_day(self, at: int) -> _Days | None:
        if size := self.phrase(at, self.tables.today_parts):
            part = self.words.today_parts[tuple(self.word(at + i) for i in range(size))]
            return _Days(at + size, (self.today,), part=part)
        if compound := self.words.compounds.get(self.word(at)):
            day, part = compound
            if (day,) in self.words.days:
                return _Days(at + 1, (self.today + timedelta(days=self.words.days[(day,)]),), part=part)
            return self.bare_weekday(at + 1, self.words.weekdays[day])._replace(part=part)
        size = self.phrase(at, self.tables.days)
        if not size:
            return None
        away = self.words.days[tuple(self.word(at + i) for i in range(size))]
        sure = not (self.word(at) in self.words.shy and self.tokens[at].raw.isascii())
        return _Days(at + size, (self.today + timedelta(days=away),), sure=sure)

    def next_something(self, at: int) -> _Days | None:
        """ "next Friday" is said of two days, and "next week" of five."""
        word, what = self.word(at), self.word(at + 1)
        words = self.words
        is_next, is_last = word in words.next, word in words.last
        if not (is_next or is_last or word in words.this):
            return None
        weekday = words.weekdays.get(what)
        if weekday is not None:
            return self.adjective_weekday(at, weekday, is_next, is_last)
        if is_last:
            gone = any(what in unit for unit in (words.week, words.month, words.year, words.weekend))
            return _Days(at + 2, (self.today - timedelta(days=7),)) if gone else None
        if what in words.weekend:
            saturday = self.today + timedelta(days=(5 - self.today.weekday()) % 7 + (7 if is_next else 0))
            return _Days(at + 2, (saturday, saturday + timedelta(days=1)), sure=False)
        if what in words.week:
            return self.some_week(at + 2, 1 if is_next else 0)
        if what in words.month and is_next:
            there = _add_months(self.today, 1)
            return _Days(at + 2, (there, there.replace(day=monthrange(there.year, there.month)[1])), sure=False)
        return None

    def adjective_weekday(self, at: int, weekday: int, is_next: bool, is_last: bool) -> _Days | None:
        ahead = (weekday - self.today.weekday()) % 7
        if is_last:
            return _Days(at + 2, (self.today - timedelta(days=(-ahead) % 7 or 7),))
        # The article is no adjective: "die Vrydag" is read as "Vrydag".
        found = self.bare_weekday(at + 2, weekday)
        if not is_next:
            return found
        coming = self.today + timedelta(days=ahead or 7)
        return _Days(at + 2, (coming, coming + timedelta(days=7)), sure=False)

    def some_week(self, stop: int, ahead: int) -> _Days:
        monday = self.today + timedelta(days=-self.today.weekday(), weeks=ahead)
        # On a Sunday the week to come is "this" to some and "next" to others.
        mondays = (monday, monday + timedelta(weeks=1)) if self.today.weekday() == 6 else (monday,)
        weekday = self.words.weekdays.get(self.word(stop))
        if weekday is not None:
            days = tuple(m + timedelta(days=weekday) for m in mondays)
            return _Days(stop + 1, days, sure=len(days) == 1)
        days = tuple(d for m in mondays for d in (m, m + timedelta(days=4)) if d >= self.today)
        return _Days(stop, days, sure=False)

    def weekday(self, at: int) -> _Days | None:
        weekday = self.words.weekdays.get(self.word(at))
        short = weekday is None
        if short:
            weekday = self.words.short_weekdays.get(self.word(at))
        if weekday is None:
            return None
        stop = at + 2 if self.word(at + 1) == "." and self.touches(at + 1) and self.dated_after(at + 2) else at + 1
        if found := self.dated_after(stop):
            return self.agreeing(found, weekday)
        if short and not self.short_is_meant(at):
            return None
        if found := self.weekday_of_week(stop, weekday):
            return found
        found = self.bare_weekday(stop, weekday)
        alone = bool(self.lead_before(at)) or self.end_of_text(stop) or self.clock(self.skip_comma(stop)) is not None
        shy = self.word(at) in self.words.shy and self.is_small(at) and not alone
        return found._replace(sure=found.sure and not shy)

    def short_is_meant(self, at: int) -> bool:
        alone = at == 0 and self.end_of_text(at + 1)
        clock = self.clock(at + 1, after_day=True)
        return alone or bool(self.lead_before(at)) or bool(clock and self.is_time_after_day(at + 1, clock))

    def dated_after(self, at: int) -> _Days | None:
        place = self.skip_comma(at)
        if self.word(place) in self.words.the:
            place += 1
        if self.number(place) is not None:
            return self.iso(place) or self.numeric(place) or self.day_and_month(place) or self.day_of_month(place)
        return self.month_and_day(place)

    def day_of_month(self, at: int) -> _Days | None:
        """ "Friday 27th"; "Friday 27" as a question, "Friday 5 copies" not at all."""
        ordinal = self.word(at + 1) in self.words.ordinals and self.touches(at + 1)
        day, stop = self.number(at) or 0, at + 1 + ordinal
        ends = not self.word(stop)[:1].isalnum() and self.stands_alone(at, stop)
        if not 1 <= day <= 31 or not (ordinal or ends):
            return None
        if self.word(stop) in (":", ".", "-") and self.touches(stop) and self.number(stop + 1) is not None:
            return None
        days = self.coming_days_of_month(day)
        return _Days(stop, days, sure=ordinal) if days else None

    def coming_days_of_month(self, day: int) -> tuple[date, ...]:
        months = [_add_months(self.today.replace(day=1), ahead) for ahead in range(3)]
        found = [d for first in months if (d := _date(first.year, first.month, day)) and d >= self.today]
        return tuple(found[:1])

    def agreeing(self, found: _Days, weekday: int) -> _Days:
        """The weekday settles which of several dates is meant, or shows that one of the two is a slip."""
        fitting = tuple(day for day in found.days if day.weekday() == weekday)
        coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        if fitting and not found.sure and len(found.days) == 1 and found.days[0] != coming:
            return found._replace(days=(*fitting, coming))
        if fitting:
            return found._replace(days=fitting, sure=found.sure or len(fitting) < len(found.days))
        return found._replace(days=(*found.days, coming), sure=False, no_such_day=False)

    def weekday_of_week(self, stop: int, weekday: int) -> _Days | None:
        """ "Friday next week", "vrijdag over een week", "Friday week"."""
        place = stop + (self.word(stop) in self.words.of) + (self.word(stop) in (",",))
        is_next, is_this = self.word(place) in self.words.next, self.word(place) in self.words.this
        if (is_next or is_this) and self.word(place + 1) in self.words.week:
            found = self.some_week(place + 2, 1 if is_next else 0)
            days = tuple(dict.fromkeys(day + timedelta(days=weekday - day.weekday()) for day in found.days))
            if is_this and self.today.weekday() < 6:
                days = (self.today + timedelta(days=weekday - self.today.weekday()),)
            return _Days(place + 2, days, sure=len(days) == 1)
        coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        if self.word(stop) in self.words.week:
            return _Days(stop + 1, (coming + timedelta(days=7),), sure=False)
        for span in self.words.spans:
            weeks = self.count(stop + 1)
            if self.word(stop) in span.leads and weeks and span.units.get(self.word(stop + 2)) == "week":
                return self.days_ahead(stop + 3, weeks, "week", start=coming)
        return None

    def bare_weekday(self, stop: int, weekday: int) -> _Days:
        ahead = (weekday - self.today.weekday()) % 7
        coming = self.today + timedelta(days=ahead)
        if self.past_ok:
            return _Days(stop, (coming - timedelta(days=7), coming), sure=False)
        if not ahead:
            return _Days(stop, (coming, coming + timedelta(days=7)), sure=False)
        return _Days(stop, (coming,))

    # Rules for a time

    def clock(self, at: int, hint: str = "", after_day: bool = False) -> _Clock | None:
        led = after_day or self.word(at - 1) in self.words.hour_leads
        if self.word(at) in self.words.noon:
            return _Clock(at + 1, time(12), True)
        if self.word(at) in self.words.midnight:
            return _Clock(at + 1, END_OF_DAY, True)
        if found := self.past_four(at, hint, led):
            return found
        return self.hour(at, hint, led, after_day)

    def past_four(self, at: int, hint: str, led: bool) -> _Clock | None:
        if self.word(at + 1) in ("oor", "over", "voor") and self.word(at + 2) == "half":
            return self.minutes_by_the_half(at, hint)
        size = self.phrase(at, self.tables.past_four)
        hour = self.count(at + size) if size else None
        if hour is None or not 1 <= hour <= 12 or self.word(at + size) in ("a", "an", "'n"):
            return None
        clear = self.word(at) in ("quarter", "kwart") or self.word(at + 1) == "past"
        if not (led or clear or self.nothing_counted(at + size + 1)):
            return None
        away = self.words.past_four[tuple(self.word(at + i) for i in range(size))]
        place, part = self.part(at + size + 1, hint)
        if self.word(place) in self.words.oclock:
            place += 1
        whole = self.of_day(hour, part, written="")
        minutes = (whole.hour * 60 + away) % (24 * 60)
        return _Clock(place, time(minutes // 60, minutes % 60), True)

    def minutes_by_the_half(self, at: int, hint: str) -> _Clock | None:
        """ "vyf oor half vyf", "tien voor half 5"."""
        half, minutes = self.past_four(at + 2, hint, led=True), self.count(at)
        if half is None or minutes is None or not 1 <= minutes < 15:
            return None
        total = half.time.hour * 60 + half.time.minute + (-minutes if self.word(at + 1) == "voor" else minutes)
        return half._replace(time=time(total // 60 % 24, total % 60))

    def hour(self, at: int, hint: str, led: bool, after_day: bool) -> _Clock | None:
        token = self.tokens[at] if 0 <= at < len(self.tokens) else None
        if token is None:
            return None
        compound = self.words.hour_words.get(token.word)
        hour = compound or self.count(at)
        if len(token.raw) == 4 and token.number is not None:
            return self.four_digits(at, token, led)
        if hour is None or hour > 24 or (len(token.raw) > 2 and token.number is not None):
            return None
        # "2-4pm": its end, as a question.
        ranged = self.word(at - 1) in ("-", "–") and self.touches(at) and self.number(at - 2) is not None
        if token.word in ("a", "an", "'n") or (token.number is not None and not ranged and self.glued_before(at)):
            return None
        place, minute, sure = self.minutes(at + 1, token, led)
        sure = sure or compound is not None
        if minute is None:
            return None
        place, suffix, marked = self.suffix(place, hint, led, after_day, token)
        if not (sure or marked or (not ranged and self.bare_hour(at, place, after_day))):
            return None
        if hour == 24:
            return _Clock(place, END_OF_DAY, True) if minute == 0 else None
        whole = self.of_day(hour, suffix, written=token.raw)
        certain = (sure or marked or self.nothing_counted(place)) and not ranged and self.word(at - 1) not in BETWEEN
        # Midnight belongs to the day before for some.
        return _Clock(place, time(whole.hour, minute), certain and time(whole.hour, minute) != time(0))

    def four_digits(self, at: int, token: _Token, led: bool) -> _Clock | None:
        """ "by 1700"; what may be a year is asked about."""
        hour, minute = divmod(token.number or 0, 100)
        hours = self.word(at + 1) in ("hours", "hrs", "h") or self.word(at + 1) in self.words.oclock
        if hour > 23 or minute > 59 or not (led or token.raw[0] == "0") or self.glued_before(at):
            return None
        if not (hours or self.nothing_counted(at + 1)):
            return None
        return _Clock(at + 1 + hours, time(hour, minute), hours or token.number not in A_YEAR_FROM_SOMEWHERE)

    def glued_before(self, at: int) -> bool:
        """Part of a number, an amount or a reference. The T of "2026-11-27T17:00" parts day and time."""
        start = self.tokens[at].start
        before = self.text[start - 1 : start]
        if before in ("-", ",") or self.word(at - 1) == "t":
            before = self.text[start - 2 : start - 1] if start > 1 else ""
            return before.isalnum() and self.word(at - 1) != "t"
        return before.isalnum() or (bool(before) and before in ".:/_#$€£")

    def minutes(self, at: int, hour: _Token, led: bool) -> tuple[int, int | None, bool]:
        """The token after the minutes, the minutes (None: no time at all), and whether they were written."""
        sign, number = self.word(at), self.number(at + 1)
        two = number is not None and len(self.tokens[at + 1].raw) == 2 and self.touches(at + 1)
        if hour.number is None or not self.touches(at):
            return at, 0, False
        if sign == ":" and number is not None and self.touches(at + 1):
            return self.seconds(at + 2), number if two and number < 60 else None, True
        if sign in ("h", "u"):
            if two and number is not None:
                return at + 2, number if number < 60 else None, True
            return at + 1, 0 if led or sign == "u" else None, led
        if sign == "." and two and number is not None and number < 60:
            clear = led or self.word(at + 2) in (self.words.am | self.words.pm | self.words.oclock)
            return at + 2, number if clear else None, clear
        return at, 0, False

    def seconds(self, at: int) -> int:
        return at + 2 if self.word(at) == ":" and self.touches(at) and self.number(at + 1) is not None else at

    def suffix(self, at: int, hint: str, led: bool, after_day: bool, hour: _Token) -> tuple[int, str, bool]:
        if self.word(at) in self.words.noon and hour.number == 12:
            return at + 1, "pm", True
        if self.word(at) in self.words.am:
            return at + 1, "am", True
        if self.word(at) in self.words.pm:
            return at + 1, "pm", True
        dashed = self.word(at) == "-" and self.touches(at) and self.word(at + 1) in self.words.oclock
        if dashed or self.word(at) in self.words.oclock:
            # "3 uur" alone is how long, not when.
            place, part = self.part(at + 1 + dashed, hint)
            surely = dashed or led or after_day or part != hint or self.word(at) in ("o'clock", "oclock")
            return (place, part, True) if surely else (at, hint, False)
        place, part = self.part(at, hint)
        return place, part, part != hint and part != ""

    def part(self, at: int, hint: str) -> tuple[int, str]:
        """ "in the afternoon", "'s ochtends"."""
        for place in (at, at + self.phrase(at, self.tables.part_leads)):
            if found := self.words.parts.get(self.word(place)):
                return place + 1, found
            if (self.word(place),) in self.words.today_parts and self.word(place) != "this":
                return at, self.words.today_parts[(self.word(place),)]
        return at, hint

    @staticmethod
    def of_day(hour: int, part: str, written: str) -> time:
        if part == "am":
            return time(hour % 12 if hour == 12 else hour % 24)
        if part == "night":
            return time(hour % 12 if hour == 12 or hour < 7 else min(hour + 12, 23) if hour < 12 else hour % 24)
        if part == "evening" and hour == 12:
            return time(0)
        if part in ("pm", "evening"):
            return time(hour + 12 if hour < 12 else hour % 24)
        # Nobody promises for five in the morning by writing "5"; "05:00" says that it is meant.
        early = 1 <= hour <= 6 and not written.startswith("0")
        return time(hour + 12 if early else hour % 24)

    def bare_hour(self, at: int, stop: int, after_day: bool) -> bool:
        """ "at 9", "by four", but never "by 4 people"."""
        lead = self.word(at - 1)
        if lead not in self.words.hour_leads:
            return False
        return lead in ("at", "om", "@") or self.nothing_counted(stop)

    def nothing_counted(self, at: int) -> bool:
        word = self.word(at)
        if not word or word in self.words.follow or word in f",;.!?)—–{GONE}":
            return True
        return bool(self.day_here(self.skip_connectors(at))) or bool(self.phrase(at, self.tables.by))

    def day_here(self, at: int) -> _Days | None:
        return self.day(at) if not self.end_of_text(at) and self.may_start(at) else None

    # Putting day and time together

    def may_start(self, at: int) -> bool:
        word = self.word(at)
        if self.count(at) is None:
            return word in self.tables.starters
        follows = self.word(at + 1) in self.words.after_numbers or self.word(at - 1) in self.words.hour_leads
        return follows or word in self.tables.starters

    def skip_connectors(self, at: int) -> int:
        for _ in range(3):
            if self.word(at) in (",", "@", "-", "–", "t"):
                at += 1
            elif size := self.phrase(at, self.tables.leads):
                at += size
        return at

    def lead_before(self, at: int) -> int:
        return self.phrase_before(at, self.tables.leads)

    def hit(self, at: int) -> _Hit | None:
        if not self.may_start(at):
            return None
        found = self.day(at)
        if found:
            return self.day_first(at, found)
        clock = self.clock(at)
        return self.time_first(at, clock) if clock else None

    def day_first(self, at: int, found: _Days) -> _Hit:
        stop, part = self.part(self.skip_end_of_day(found.stop), found.part)
        clock = None
        if found.clock is None and found.days:
            place = self.skip_connectors(stop)
            clock = self.clock(place, part, after_day=True) if not self.end_of_text(place) else None
            if clock and not self.is_time_after_day(place, clock):
                clock = None
        sure = found.sure and (clock.sure if clock else not part)
        moment = found.clock or (clock.time if clock else PART_ENDS.get(part))
        times: tuple[time | None, ...] = (moment,)
        if clock and not clock.sure:
            times = (moment, None)
        return self.completed(
            at, clock.stop if clock else stop, found, moment, sure=sure, times=times, timed=bool(moment)
        )

    def skip_end_of_day(self, at: int) -> int:
        """ "Friday, end of day" is Friday and not also today."""
        place = self.skip_connectors(at)
        if self.words.end_of.get(self.word(place)) == "day":
            return place + 1
        size = self.phrase(place, self.tables.end)
        return place + size + 1 if size and self.word(place + size) in self.words.day else at

    def is_time_after_day(self, at: int, clock: _Clock) -> bool:
        """ "Friday 5 copies" has no time: a bare number after a day wants its preposition."""
        plain = clock.stop == at + 1 and (self.number(at) is not None or self.word(at) in self.words.numbers)
        written = plain and len(self.tokens[at].raw) == 4 and self.number(at) is not None
        return not plain or written or self.word(at - 1) in self.words.hour_leads

    def time_first(self, at: int, clock: _Clock) -> _Hit:
        place = self.skip_connectors(clock.stop)
        found = self.day_here(place)
        if found and found.days and found.clock is None:
            stop, part = self.part(found.stop, found.part)
            # "8 o'clock tomorrow evening"
            clock = (self.clock(at, part) if part else None) or clock
            times = (clock.time,) if clock.sure else (clock.time, None)
            return self.completed(
                at, stop, found, clock.time, sure=found.sure and clock.sure, times=times, timed=clock.sure
            )
        bare = _Days(clock.stop, ())
        return self.completed(at, clock.stop, bare, clock.time, sure=clock.sure, times=(clock.time,), timed=True)

    def completed(
        self,
        at: int,
        stop: int,
        found: _Days,
        moment: time | None,
        *,
        sure: bool,
        times: tuple[time | None, ...],
        timed: bool,
    ) -> _Hit:
        opening = self.opening(at)
        days = found.days
        sure = sure and not opening.asked
        is_end = self.phrase(at, self.tables.end) or self.word(at) in self.words.end_of
        if opening.before and days and not timed and not is_end:
            # "before Friday" may leave Friday out.
            days = tuple(sorted({other for day in days for other in (day - timedelta(days=1), day)}))
            sure = False
        stop += self.phrase(stop, self.tables.tails)
        return _Hit(
            opening.start,
            stop,
            days,
            moment,
            sure,
            opening.due,
            opening.dropped,
            found.no_such_day,
            found.no_clock,
            times,
        )

    def opening(self, at: int) -> _Opening:
        due = before = end = False
        for _ in range(4):
            if size := self.phrase_before(at, self.tables.by):
                due, at = True, at - size
            elif size := self.phrase_before(at, self.tables.before):
                before, due, at = True, True, at - size
            elif size := self.phrase_before(at, self.tables.end) or self.phrase_before(at, self.tables.on):
                end = end or bool(self.phrase_before(at, self.tables.end))
                at -= size
            else:
                break
        # "3 weeks before Friday", "invoice of 3 December".
        counted = before and any(self.word(at - 1) in span.units for span in self.words.spans)
        # "om de vrijdag" is every other Friday.
        alternate = self.own == "nl" and (self.word(at), self.word(at + 1)) == ("om", "de")
        dropped = counted or alternate or self.word(at - 1) in self.words.undue
        asked = not due and self.word(at - 1) in (*self.words.of, "c")
        return _Opening(at, due, before and not end, dropped, asked)

    def hits(self) -> list[_Hit]:
        found: list[_Hit] = []
        at = 0
        while at < len(self.tokens) and len(found) < MOST_HITS:
            hit = self.hit(at)
            if hit:
                found.append(hit)
            at = max(hit.stop, at + 1) if hit else at + 1
        return found

    # From what was found to one reading

    def read_days(self, hit: _Hit, times: tuple[time | None, ...] = ()) -> list[ReadDay]:
        start, end = self.tokens[hit.start].start, self.tokens[hit.stop - 1].end
        return [
            ReadDay(day, moment, start, end, self.text[start:end]) for day in hit.days for moment in times or hit.times
        ]

    def passed(self, read: ReadDay) -> bool:
        if self.past_ok or read.day > self.today:
            return False
        if read.day < self.today:
            return True
        return read.time is not None and self.now_time is not None and read.time <= self.now_time.replace(tzinfo=None)

    def reading(self) -> Reading:
        hits = [hit for hit in self.hits() if not hit.dropped]
        timed = [hit for hit in hits if not hit.days and not hit.no_such_day and not hit.no_clock]
        days = [hit for hit in hits if hit.days]
        broken = next((hit for hit in hits if hit.no_such_day or hit.no_clock), None)
        if any(hit.sure for hit in days):
            days = [hit for hit in days if hit.sure or hit.due or len(hit.days) > 1 or hit.no_such_day]
        if not days:
            return self.without_a_day(timed, broken)
        return self.settled(days, timed, broken is not None)

    def without_a_day(self, timed: list[_Hit], broken: _Hit | None) -> Reading:
        if broken:
            return Reading(None, (), "no_clock" if broken.no_clock else "no_such_day")
        if not timed:
            return Reading(None, (), "none")
        choices: list[ReadDay] = []
        sure = len(timed) == 1 and timed[0].sure
        for hit in timed:
            today = self.read_days(replace(hit, days=(self.today,)))
            kept = [read for read in today if not self.passed(read)]
            choices += kept
            if not kept:
                sure = False
                choices += self.read_days(replace(hit, days=(self.today + timedelta(days=1),)))
        return self.concluded(choices, sure)

    def settled(self, days: list[_Hit], timed: list[_Hit], broken: bool) -> Reading:
        marked = [hit for hit in days if hit.due]
        if len(marked) == 1 and len(days) > 1:
            days = marked
        reads = [read for hit in days for read in self.with_time(hit, timed)]
        sure = not broken and all(hit.sure for hit in days) and all(hit.sure for hit in timed if len(days) == 1)
        kept = [read for read in reads if not self.passed(read)]
        if not kept:
            return Reading(None, (), "past")
        # One of several days named in the text has passed: the others are shown, none is taken.
        sure = sure and (len(days) == 1 or len(kept) == len(reads))
        return self.concluded(kept, sure)

    def with_time(self, hit: _Hit, timed: list[_Hit]) -> list[ReadDay]:
        """A time that stands apart from its day still belongs to it."""
        reads = self.read_days(hit)
        if not timed or hit.moment is not None:
            return reads + [r for other in timed if hit.moment for r in self.read_days(hit, other.times)]
        apart = []
        for other in timed:
            span = (self.tokens[other.start].start, self.tokens[other.stop - 1].end)
            moments: tuple[time | None, ...] = other.times if other.sure else (*other.times, None)
            apart += [replace(read, also=(span,)) for read in self.read_days(hit, moments)]
        return apart

    def concluded(self, reads: list[ReadDay], sure: bool) -> Reading:
        sure = sure and len(self.tokens) < MOST_TOKENS
        different: dict[tuple[date, time | None], ReadDay] = {}
        for read in reads:
            different.setdefault((read.day, read.time), read)
        # "Friday 27 November … on Friday at 5pm": the same day, once with its time.
        for day, moment in list(different):
            if moment is None and any(d == day and t is not None for d, t in different) and sure:
                del different[(day, moment)]
        choices = tuple(different.values())
        if len(choices) == 1 and sure:
            return Reading(choices[0], (), "")
        ordered = sorted(choices, key=lambda read: (read.day, read.time or time.max))
        return Reading(None, tuple(ordered[:MOST_CHOICES]), "ambiguous")

    def covers(self, read: ReadDay) -> bool:
        """Nothing but the date was written."""
        spans = sorted(read.spans)
        outside = [self.text[: spans[0][0]], self.text[spans[-1][1] :]]
        outside += [self.text[one[1] : other[0]] for one, other in pairwise(spans)]
        return not any(letter.isalnum() for part in outside for letter in part)


def read_when(text: str, *, today: date, now_time: time | None = None, language: str = "en") -> Reading:
    """Find the one day, and the time with it, that a line of text speaks of."""
    return _Reader(text, today, now_time, language).reading()


def read_day(text: str, *, today: date, language: str = "en", past_ok: bool = False) -> Reading:
    """Read a text that is nothing but a date. With `past_ok` a day gone by is as good as one to come."""
    reader = _Reader(text, today, None, language, past_ok)
    reading = reader.reading()
    found = (reading.chosen, *reading.choices) if reading.chosen else reading.choices
    if any(not reader.covers(read) for read in found):
        return Reading(None, (), "none")
    if found and not any(hit.days for hit in reader.hits()):
        return Reading(None, (), "time_only")
    return reading


def read_time(text: str) -> time | None:
    """Read a text that is nothing but a time of day: "5pm", "17:00", "9", "half vyf"."""
    written = text.strip()
    if len(written) > 60:
        return None
    if re.fullmatch(r"[0-9]{4}", written) and int(written[:2]) < 24 and int(written[2:]) < 60:
        return time(int(written[:2]), int(written[2:]))
    for language in ("en", "af", "nl"):
        reader = _Reader(f"at {written}", date(2000, 1, 3), None, language)
        opening = next((at for at in range(1, min(4, len(reader.tokens))) if reader.clock(at)), 0)
        found = reader.clock(opening) if opening else None
        led = all(reader.word(at) in reader.words.hour_leads for at in range(opening))
        if found and led and reader.end_of_text(found.stop):
            return found.time
    return None
