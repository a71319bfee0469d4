"""Rules that read a time of day: "5pm", "17:00", "by four o'clock", "half vijf"."""

from datetime import time
from typing import NamedTuple

from engagement.staff.date_text import A_YEAR_FROM_SOMEWHERE, GONE, Text, Token

END_OF_DAY = time(23, 59)
BETWEEN = ("between", "tussen")


class Clock(NamedTuple):
    stop: int
    time: time
    sure: bool


class TimeRules(Text):
    """Each rule answers for the tokens from `at` on."""

    def a_day_follows(self, at: int) -> bool:
        """The rules for days, which build on these, say so."""
        raise NotImplementedError

    def clock(self, at: int, hint: str = "", after_day: bool = False) -> Clock | None:
        led = after_day or self.word(at - 1) in self.words.hour_leads
        if self.word(at) in self.words.noon:
            return Clock(at + 1, time(12), True)
        if self.word(at) in self.words.midnight:
            return Clock(at + 1, END_OF_DAY, True)
        if found := self.past_four(at, hint, led):
            return found
        return self.hour(at, hint, led, after_day)

    def past_four(self, at: int, hint: str, led: bool) -> Clock | None:
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
        return Clock(place, time(minutes // 60, minutes % 60), True)

    def minutes_by_the_half(self, at: int, hint: str) -> Clock | None:
        """ "vyf oor half vyf", "tien voor half 5"."""
        half, minutes = self.past_four(at + 2, hint, led=True), self.count(at)
        if half is None or minutes is None or not 1 <= minutes < 15:
            return None
        total = half.time.hour * 60 + half.time.minute + (-minutes if self.word(at + 1) == "voor" else minutes)
        return half._replace(time=time(total // 60 % 24, total % 60))

    def hour(self, at: int, hint: str, led: bool, after_day: bool) -> Clock | None:
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
            return Clock(place, END_OF_DAY, True) if minute == 0 else None
        whole = self.of_day(hour, suffix, written=token.raw)
        certain = (sure or marked or self.nothing_counted(place)) and not ranged and self.word(at - 1) not in BETWEEN
        # Midnight belongs to the day before for some.
        return Clock(place, time(whole.hour, minute), certain and time(whole.hour, minute) != time(0))

    def four_digits(self, at: int, token: Token, led: bool) -> Clock | None:
        """ "by 1700"; what may be a year is asked about."""
        hour, minute = divmod(token.number or 0, 100)
        hours = self.word(at + 1) in ("hours", "hrs", "h") or self.word(at + 1) in self.words.oclock
        if hour > 23 or minute > 59 or not (led or token.raw[0] == "0") or self.glued_before(at):
            return None
        if not (hours or self.nothing_counted(at + 1)):
            return None
        return Clock(at + 1 + hours, time(hour, minute), hours or token.number not in A_YEAR_FROM_SOMEWHERE)

    def glued_before(self, at: int) -> bool:
        """Part of a number, an amount or a reference. The T of "2026-11-27T17:00" parts day and time."""
        start = self.tokens[at].start
        before = self.text[start - 1 : start]
        if before in ("-", ",") or self.word(at - 1) == "t":
            before = self.text[start - 2 : start - 1] if start > 1 else ""
            return before.isalnum() and self.word(at - 1) != "t"
        return before.isalnum() or (bool(before) and before in ".:/_#$€£")

    def minutes(self, at: int, hour: Token, led: bool) -> tuple[int, int | None, bool]:
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

    def suffix(self, at: int, hint: str, led: bool, after_day: bool, hour: Token) -> tuple[int, str, bool]:
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
        return self.a_day_follows(self.skip_connectors(at)) or bool(self.phrase(at, self.tables.by))

    def is_time_after_day(self, at: int, clock: Clock) -> bool:
        """ "Friday 5 copies" has no time: a bare number after a day wants its preposition."""
        plain = clock.stop == at + 1 and (self.number(at) is not None or self.word(at) in self.words.numbers)
        written = plain and len(self.tokens[at].raw) == 4 and self.number(at) is not None
        return not plain or written or self.word(at - 1) in self.words.hour_leads
