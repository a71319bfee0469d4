"""Reads the day and the time that a person wrote, in English, Afrikaans or Dutch.

A due date is the promise itself, so nothing is guessed in silence: what can be meant in two ways comes back as dated
choices, and what has passed as a problem. The ready-made libraries are wrong without saying so.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from engagement.staff.date_rules import Days
from engagement.staff.date_text import MOST_TOKENS
from engagement.staff.day_rules import DayRules
from engagement.staff.time_rules import END_OF_DAY, Clock

MOST_HITS = 8
MOST_CHOICES = 6
PART_ENDS = {"am": time(12), "pm": time(17), "evening": time(20), "lunch": time(12), "night": END_OF_DAY}


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
    31st of November. "time_only": a day was asked for. "no_clock": "within 2 hours" of an unknown hour. `refused` is
    where a day without an hour stands that was to be the date and cannot be: "by" one that has passed, or that there is
    not.
    """

    chosen: ReadDay | None
    choices: tuple[ReadDay, ...]
    problem: str
    refused: tuple[tuple[int, int], ...] = ()


class Opening(NamedTuple):
    """Where the words begin with their prepositions, and what these say of the day."""

    start: int
    due: bool
    before: bool
    dropped: bool
    asked: bool


@dataclass(frozen=True)
class Hit:
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


class Reader(DayRules):
    """From the rules to one reading."""

    def hit(self, at: int) -> Hit | None:
        if not self.may_start(at):
            return None
        found = self.day(at)
        if found:
            return self.day_first(at, found)
        clock = self.clock(at)
        return self.time_first(at, clock) if clock else None

    def day_first(self, at: int, found: Days) -> Hit:
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

    def time_first(self, at: int, clock: Clock) -> Hit:
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
        bare = Days(clock.stop, ())
        return self.completed(at, clock.stop, bare, clock.time, sure=clock.sure, times=(clock.time,), timed=True)

    def completed(
        self,
        at: int,
        stop: int,
        found: Days,
        moment: time | None,
        *,
        sure: bool,
        times: tuple[time | None, ...],
        timed: bool,
    ) -> Hit:
        opening = self.opening(at)
        days = found.days
        sure = sure and not opening.asked
        is_end = self.phrase(at, self.tables.end) or self.word(at) in self.words.end_of
        if opening.before and days and not timed and not is_end:
            # "before Friday" may leave Friday out.
            days = tuple(sorted({other for day in days for other in (day - timedelta(days=1), day)}))
            sure = False
        stop += self.phrase(stop, self.tables.tails)
        return Hit(
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

    def opening(self, at: int) -> Opening:
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
        return Opening(at, due, before and not end, dropped, asked)

    def hits(self) -> list[Hit]:
        found: list[Hit] = []
        at = 0
        while at < len(self.tokens) and len(found) < MOST_HITS:
            hit = self.hit(at)
            if hit:
                found.append(hit)
            at = max(hit.stop, at + 1) if hit else at + 1
        return found

    def span_of(self, hit: Hit) -> tuple[int, int]:
        return self.tokens[hit.start].start, self.tokens[hit.stop - 1].end

    def read_days(self, hit: Hit, times: tuple[time | None, ...] = ()) -> list[ReadDay]:
        start, end = self.span_of(hit)
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

    def without_a_day(self, timed: list[Hit], broken: Hit | None) -> Reading:
        if broken:
            refused = (self.span_of(broken),) if broken.sure or broken.due else ()
            return Reading(None, (), "no_clock" if broken.no_clock else "no_such_day", refused)
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

    def settled(self, days: list[Hit], timed: list[Hit], broken: bool) -> Reading:
        marked = [hit for hit in days if hit.due]
        if len(marked) == 1 and len(days) > 1:
            days = marked
        reads = [read for hit in days for read in self.with_time(hit, timed)]
        sure = not broken and all(hit.sure for hit in days) and all(hit.sure for hit in timed if len(days) == 1)
        kept = [read for read in reads if not self.passed(read)]
        if not kept:
            # Otherwise it may be what is promised: "the minutes of last Friday".
            is_the_date = all(hit.due for hit in days) and not any(read.time for read in reads)
            places = {read.spans if is_the_date else () for read in reads}
            return Reading(None, (), "past", places.pop() if len(places) == 1 else ())
        # One of several days named in the text has passed: the others are shown, none is taken.
        sure = sure and (len(days) == 1 or len(kept) == len(reads))
        return self.concluded(kept, sure)

    def with_time(self, hit: Hit, timed: list[Hit]) -> list[ReadDay]:
        """A time that stands apart from its day still belongs to it."""
        reads = self.read_days(hit)
        if not timed or hit.moment is not None:
            return reads + [r for other in timed if hit.moment for r in self.read_days(hit, other.times)]
        apart = []
        for other in timed:
            span = self.span_of(other)
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
    return Reader(text, today, now_time, language).reading()


def read_day(text: str, *, today: date, language: str = "en", past_ok: bool = False) -> Reading:
    """Read a text that is nothing but a date. With `past_ok` a day gone by is as good as one to come."""
    reader = Reader(text, today, None, language, past_ok)
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
        reader = Reader(f"at {written}", date(2000, 1, 3), None, language)
        opening = next((at for at in range(1, min(4, len(reader.tokens))) if reader.clock(at)), 0)
        found = reader.clock(opening) if opening else None
        led = all(reader.word(at) in reader.words.hour_leads for at in range(opening))
        if found and led and reader.end_of_text(found.stop):
            return found.time
    return None
