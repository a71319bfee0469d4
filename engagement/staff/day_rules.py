"""Rules that read a day: those for a written date, and "next Friday", "over drie weken", "einde van die maand"."""

from calendar import monthrange
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cached_property

from engagement.staff.date_rules import A_QUARTER, DateRules, Days, add_months
from engagement.staff.date_text import A_YEAR_FROM_SOMEWHERE
from engagement.staff.date_words import Phrases, Span

HALF_AN = Phrases([("half", "an"), ("half", "a"), ("een", "half"), ("'n", "half"), ("half",)])
AND_A_HALF = Phrases([("and", "a", "half"), ("en", "een", "half"), ("en", "'n", "half")])


class DayRules(DateRules):
    """Each rule answers for the tokens from `at` on."""

    def day(self, at: int) -> Days | None:
        rules = self.number_rules if self.count(at) is not None else self.word_rules
        for rule in rules:
            found = rule(at)
            if found:
                return found
        return None

    @cached_property
    def number_rules(self) -> tuple[Callable[[int], Days | None], ...]:
        return (self.iso, self.numeric, self.day_and_month, self.span_from_now, self.nth)

    @cached_property
    def word_rules(self) -> tuple[Callable[[int], Days | None], ...]:
        return (self.month_and_day, self.end_of, self.span, self.relative_day, self.next_something, self.weekday)

    def end_of(self, at: int) -> Days | None:
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

    def end_of_named_month(self, at: int, month: int) -> Days:
        year, stop = self.year(at + 1)
        if year is None:
            passed = (self.today.month > month) and not self.past_ok
            year, stop = self.today.year + passed, at + 1
        else:
            passed = False
        end = date(year, month, monthrange(year, month)[1])
        return self.dated(stop, [end], sure=not passed or end - self.today <= A_QUARTER)

    def end_of_unit(self, stop: int, unit: str, ahead: int) -> Days | None:
        if unit == "day":
            # "end of day Friday" is Friday's.
            named = self.day_here(self.skip_connectors(stop))
            return named or Days(stop, (self.today,)) if not ahead else None
        if unit == "month":
            there = add_months(self.today.replace(day=1), ahead)
            return Days(stop, (there.replace(day=monthrange(there.year, there.month)[1]),))
        if unit == "year":
            return Days(stop, (date(self.today.year + ahead, 12, 31),))
        friday = self.today + timedelta(days=4 - self.today.weekday(), weeks=ahead)
        # At the weekend nobody agrees which week "the week" is.
        if self.today.weekday() > 4:
            return Days(stop, (friday + timedelta(weeks=1), *((friday + timedelta(weeks=2),) if ahead else ())), False)
        return Days(stop, (friday,))

    def span(self, at: int) -> Days | None:
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

    def half_hour(self, at: int) -> Days | None:
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

    def counted(self, at: int, span: Span) -> Days | None:
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

    def minutes_ahead(self, stop: int, minutes: int) -> Days:
        if self.now_time is None:
            return Days(stop, (), no_clock=True)
        # The wall clock of the day, without a zone: the caller knows the zone.
        then = datetime.combine(self.today, self.now_time.replace(tzinfo=None)) + timedelta(minutes=minutes)
        return Days(stop, (then.date(),), clock=then.time().replace(second=0, microsecond=0))

    def days_ahead(self, stop: int, number: int, unit: str, start: date | None = None) -> Days | None:
        start = start or self.today
        try:
            if unit == "workday":
                # Public holidays are not known here, so a person confirms.
                return Days(stop, (self.workdays_ahead(start, number),), sure=False)
            if unit in ("month", "year"):
                return Days(stop, (add_months(start, number * (12 if unit == "year" else 1)),))
            days = {"day": 1, "week": 7, "fortnight": 14}[unit] * number
            return Days(stop, (start + timedelta(days=days),))
        except (OverflowError, ValueError):
            return Days(stop, (), no_such_day=True)

    @staticmethod
    def workdays_ahead(start: date, number: int) -> date:
        weeks, rest = divmod(number, 5)
        day = start + timedelta(weeks=weeks)
        while rest or day.weekday() > 4:
            day += timedelta(days=1)
            rest -= day.weekday() < 5 and rest > 0
        return day

    def span_from_now(self, at: int) -> Days | None:
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
                return gone or Days(at + 2 + size, (self.today - timedelta(days=1),), sure=True)
            weekday = self.words.weekdays.get(self.word(at + 3))
            if self.word(at + 2) in ("from", "after", "vanaf") and weekday is not None and unit in ("day", "week"):
                coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
                found = self.days_ahead(at + 4, number, unit, start=coming)
                return found and found._replace(sure=found.sure and coming != self.today)
        return None

    @staticmethod
    def grown(found: Days | None, size: int) -> Days | None:
        return found and found._replace(stop=found.stop + size)

    def relative_day(self, at: int) -> Days | None:
        if size := self.phrase(at, self.tables.today_parts):
            part = self.words.today_parts[tuple(self.word(at + i) for i in range(size))]
            return Days(at + size, (self.today,), part=part)
        if compound := self.words.compounds.get(self.word(at)):
            day, part = compound
            if (day,) in self.words.days:
                return Days(at + 1, (self.today + timedelta(days=self.words.days[(day,)]),), part=part)
            return self.bare_weekday(at + 1, self.words.weekdays[day])._replace(part=part)
        size = self.phrase(at, self.tables.days)
        if not size:
            return None
        away = self.words.days[tuple(self.word(at + i) for i in range(size))]
        sure = not (self.word(at) in self.words.shy and self.tokens[at].raw.isascii())
        return Days(at + size, (self.today + timedelta(days=away),), sure=sure)

    def next_something(self, at: int) -> Days | None:
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
            return Days(at + 2, (self.today - timedelta(days=7),)) if gone else None
        if what in words.weekend:
            saturday = self.today + timedelta(days=(5 - self.today.weekday()) % 7 + (7 if is_next else 0))
            return Days(at + 2, (saturday, saturday + timedelta(days=1)), sure=False)
        if what in words.week:
            return self.some_week(at + 2, 1 if is_next else 0)
        if what in words.month and is_next:
            there = add_months(self.today, 1)
            return Days(at + 2, (there, there.replace(day=monthrange(there.year, there.month)[1])), sure=False)
        return None

    def adjective_weekday(self, at: int, weekday: int, is_next: bool, is_last: bool) -> Days | None:
        ahead = (weekday - self.today.weekday()) % 7
        if is_last:
            return Days(at + 2, (self.today - timedelta(days=(-ahead) % 7 or 7),))
        # The article is no adjective: "die Vrydag" is read as "Vrydag".
        found = self.bare_weekday(at + 2, weekday)
        if not is_next:
            return found
        coming = self.today + timedelta(days=ahead or 7)
        return Days(at + 2, (coming, coming + timedelta(days=7)), sure=False)

    def some_week(self, stop: int, ahead: int) -> Days:
        monday = self.today + timedelta(days=-self.today.weekday(), weeks=ahead)
        # On a Sunday the week to come is "this" to some and "next" to others.
        mondays = (monday, monday + timedelta(weeks=1)) if self.today.weekday() == 6 else (monday,)
        weekday = self.words.weekdays.get(self.word(stop))
        if weekday is not None:
            days = tuple(m + timedelta(days=weekday) for m in mondays)
            return Days(stop + 1, days, sure=len(days) == 1)
        days = tuple(d for m in mondays for d in (m, m + timedelta(days=4)) if d >= self.today)
        return Days(stop, days, sure=False)

    def weekday(self, at: int) -> Days | None:
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

    def dated_after(self, at: int) -> Days | None:
        place = self.skip_comma(at)
        if self.word(place) in self.words.the:
            place += 1
        if self.number(place) is not None:
            return self.iso(place) or self.numeric(place) or self.day_and_month(place) or self.day_of_month(place)
        return self.month_and_day(place)

    def day_of_month(self, at: int) -> Days | None:
        """ "Friday 27th"; "Friday 27" as a question, "Friday 5 copies" not at all."""
        ordinal = self.word(at + 1) in self.words.ordinals and self.touches(at + 1)
        day, stop = self.number(at) or 0, at + 1 + ordinal
        ends = not self.word(stop)[:1].isalnum() and self.stands_alone(at, stop)
        if not 1 <= day <= 31 or not (ordinal or ends):
            return None
        if self.word(stop) in (":", ".", "-") and self.touches(stop) and self.number(stop + 1) is not None:
            return None
        days = self.coming_days_of_month(day)
        return Days(stop, days, sure=ordinal) if days else None

    def agreeing(self, found: Days, weekday: int) -> Days:
        """The weekday settles which of several dates is meant, or shows that one of the two is a slip."""
        fitting = tuple(day for day in found.days if day.weekday() == weekday)
        coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        if fitting and not found.sure and len(found.days) == 1 and found.days[0] != coming:
            return found._replace(days=(*fitting, coming))
        if fitting:
            return found._replace(days=fitting, sure=found.sure or len(fitting) < len(found.days))
        return found._replace(days=(*found.days, coming), sure=False, no_such_day=False)

    def weekday_of_week(self, stop: int, weekday: int) -> Days | None:
        """ "Friday next week", "vrijdag over een week", "Friday week"."""
        place = stop + (self.word(stop) in self.words.of) + (self.word(stop) in (",",))
        is_next, is_this = self.word(place) in self.words.next, self.word(place) in self.words.this
        if (is_next or is_this) and self.word(place + 1) in self.words.week:
            found = self.some_week(place + 2, 1 if is_next else 0)
            days = tuple(dict.fromkeys(day + timedelta(days=weekday - day.weekday()) for day in found.days))
            if is_this and self.today.weekday() < 6:
                days = (self.today + timedelta(days=weekday - self.today.weekday()),)
            return Days(place + 2, days, sure=len(days) == 1)
        coming = self.today + timedelta(days=(weekday - self.today.weekday()) % 7)
        if self.word(stop) in self.words.week:
            return Days(stop + 1, (coming + timedelta(days=7),), sure=False)
        for span in self.words.spans:
            weeks = self.count(stop + 1)
            if self.word(stop) in span.leads and weeks and span.units.get(self.word(stop + 2)) == "week":
                return self.days_ahead(stop + 3, weeks, "week", start=coming)
        return None

    def bare_weekday(self, stop: int, weekday: int) -> Days:
        ahead = (weekday - self.today.weekday()) % 7
        coming = self.today + timedelta(days=ahead)
        if self.past_ok:
            return Days(stop, (coming - timedelta(days=7), coming), sure=False)
        if not ahead:
            return Days(stop, (coming, coming + timedelta(days=7)), sure=False)
        return Days(stop, (coming,))

    def may_start(self, at: int) -> bool:
        word = self.word(at)
        if self.count(at) is None:
            return word in self.tables.starters
        follows = self.word(at + 1) in self.words.after_numbers or self.word(at - 1) in self.words.hour_leads
        return follows or word in self.tables.starters

    def a_day_follows(self, at: int) -> bool:
        return self.day_here(at) is not None

    def day_here(self, at: int) -> Days | None:
        return self.day(at) if not self.end_of_text(at) and self.may_start(at) else None
