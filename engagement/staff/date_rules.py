"""Rules that read a date as it is written: "2026-11-27", "27/11", "27 November", "Nov 27th", "by the 27th"."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import date, time, timedelta
from typing import NamedTuple

from engagement.staff.date_text import A_YEAR_FROM_SOMEWHERE, Token
from engagement.staff.time_rules import TimeRules

A_QUARTER = timedelta(days=92)


class Days(NamedTuple):
    """What a rule found: the token after it and the days it may mean."""

    stop: int
    days: tuple[date, ...]
    sure: bool = True
    part: str = ""
    no_such_day: bool = False
    clock: time | None = None
    no_clock: bool = False


def add_months(day: date, months: int) -> date:
    total = day.year * 12 + day.month - 1 + months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def date_or_none(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def full_year(number: int, raw: str) -> int | None:
    if len(raw) == 2:
        return 2000 + number
    return number if len(raw) == 4 and number in A_YEAR_FROM_SOMEWHERE else None


class DateRules(TimeRules):
    """Each rule answers for the tokens from `at` on."""

    def stands_alone(self, start: int, stop: int) -> bool:
        """Not part of a version, an address, a reference or a longer number."""
        before, after = self.tokens[start], self.tokens[stop - 1]
        if before.start and (self.text[before.start - 1].isalnum() or self.text[before.start - 1] in "-/.:_#\\+"):
            return False
        tail = self.text[after.end : after.end + 2]
        return not (tail[:1].isalnum() and tail[:1] not in "Tt") and not (tail[:1] in "-/.:" and tail[1:].isalnum())

    def joined_numbers(self, at: int) -> tuple[str, list[Token]]:
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

    def iso(self, at: int) -> Days | None:
        sign, numbers = self.joined_numbers(at)
        if len(numbers) != 3 or len(numbers[0].raw) != 4 or not self.stands_alone(at, at + 5):
            return None
        year, month, day = (token.number or 0 for token in numbers)
        if sign and year in A_YEAR_FROM_SOMEWHERE:
            return self.dated(at + 5, [date_or_none(year, month, day)])
        return None

    def numeric(self, at: int) -> Days | None:
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

    def numeric_with_year(self, stop: int, first: int, second: int, last: Token) -> Days | None:
        year = full_year(last.number or 0, last.raw)
        if year is None:
            return None
        readings = [date_or_none(year, second, first), date_or_none(year, first, second)]
        # "26/11/27" was perhaps written year first.
        if len(last.raw) == 2 and year > self.today.year and 2000 + first == self.today.year:
            readings.append(date_or_none(2000 + first, second, last.number or 0))
        return self.dated(stop, readings)

    def numeric_without_year(self, at: int, stop: int, sign: str, first: int, second: int) -> Days | None:
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
            return None if not (led or alone) else Days(stop, (), no_such_day=True)
        days = tuple(dict.fromkeys(day for day, _ in readings))
        sure = (led or alone or sign == "/") and all(this_year for _, this_year in readings)
        return Days(stop, days, sure=sure and (led or alone or first > 12 or second > 12))

    def without_year(self, month: int, day: int) -> list[tuple[date, bool]]:
        """This year's, or when that has passed next year's: further off than a quarter, as a choice to confirm."""
        own = date_or_none(self.today.year, month, day) if 1 <= month <= 12 else None
        if own and (own >= self.today or self.past_ok):
            return [(own, True)]
        following = date_or_none(self.today.year + 1, month, day) if 1 <= month <= 12 else None
        return [(following, following - self.today <= A_QUARTER)] if following else []

    def dated(self, stop: int, readings: Iterable[date | None], sure: bool = True) -> Days:
        days = tuple(dict.fromkeys(day for day in readings if day))
        if len(days) > 1 and not self.past_ok:
            days = tuple(day for day in days if day >= self.today) or days[:1]
        return Days(stop, days, sure=sure, no_such_day=not days)

    def day_and_month(self, at: int) -> Days | None:
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

    def month_and_day(self, at: int) -> Days | None:
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

    def month_found(self, stop: int, day: int, month: int, shy: bool) -> Days:
        if self.word(stop) == "." and self.touches(stop):
            stop += 1
        year, after = self.year(stop)
        if year:
            found = self.dated(after, [date_or_none(year, month, day)], sure=not shy)
        else:
            readings = self.without_year(month, day)
            sure = not shy and all(this_year for _, this_year in readings) and not self.number_too_many(stop)
            found = Days(stop, tuple(d for d, _ in readings), sure=sure, no_such_day=not readings)
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

    def with_trailing_weekday(self, found: Days) -> Days:
        place = self.skip_comma(found.stop)
        weekday = self.words.weekdays.get(self.word(place))
        if weekday is None or not found.days or place == found.stop:
            return found
        if all(day.weekday() != weekday for day in found.days):
            return found
        after = place + 1
        return found._replace(stop=after + 1 if self.word(after) == ")" else after)

    def nth(self, at: int) -> Days | None:
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
        return Days(stop, days, sure=bool(days) and days[0].month == self.today.month)

    def coming_days_of_month(self, day: int) -> tuple[date, ...]:
        months = [add_months(self.today.replace(day=1), ahead) for ahead in range(3)]
        found = [d for first in months if (d := date_or_none(first.year, first.month, day)) and d >= self.today]
        return tuple(found[:1])
