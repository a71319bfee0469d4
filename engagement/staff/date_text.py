"""The words of a text with their places, and ways of looking around in them."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, time
from functools import cache
from itertools import islice
from typing import NamedTuple

from engagement.staff.date_words import Phrases, Words, words_for

# A longer text is read up to here, and what is found in it is shown, not taken: more may follow.
MOST_TOKENS = 2000
LONGEST_WORD = 40
A_YEAR_FROM_SOMEWHERE = range(1900, 2200)
# Stands for words that are left alone.
GONE = "\ue000"


class Token(NamedTuple):
    word: str
    number: int | None
    start: int
    end: int
    raw: str


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


def tokens_of(text: str) -> list[Token]:
    found = []
    for match in islice(_TOKEN.finditer(text), MOST_TOKENS):
        raw = match.group()
        # Longer runs of digits are telephone numbers and worse.
        number = int(raw) if raw.isdecimal() and raw.isascii() and len(raw) <= 4 else None
        word = fold(raw).replace(" ", "") if raw[0] not in "0123456789" else raw
        found.append(Token(word, number, match.start(), match.end(), raw))
    return found


class Tables:
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
def tables_for(language: str) -> Tables:
    return Tables(words_for(language))


class Text:
    """Walks the words once. Every rule looks a handful of words ahead, so the cost grows with the length only."""

    def __init__(self, text: str, today: date, now_time: time | None, language: str, past_ok: bool = False) -> None:
        self.text = text
        self.today = today
        self.now_time = now_time
        self.past_ok = past_ok
        self.own = language.lower()[:2]
        self.words = words_for(self.own)
        self.tables = tables_for(self.own)
        self.tokens = tokens_of(blank(text, quoted_spans(text)))

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

    def skip_connectors(self, at: int) -> int:
        for _ in range(3):
            if self.word(at) in (",", "@", "-", "–", "t"):
                at += 1
            elif size := self.phrase(at, self.tables.leads):
                at += size
        return at

    def lead_before(self, at: int) -> int:
        return self.phrase_before(at, self.tables.leads)
