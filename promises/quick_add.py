"""One line of text makes a promise: "Send draft brief to @Acme by Fri 5pm".

Nothing is decided in silence. A client who is not named after an @ is only proposed, and a day that can be meant in two
ways comes back as choices. Words in double quotes are left alone.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import lru_cache
from itertools import islice

from engagement.staff.date_text import blank, fold, quoted_spans
from engagement.staff.read_date import Reading, read_when
from engagement.staff.read_hours import EFFORT, effort

Span = tuple[int, int]
Named = tuple[int, str]

MOST_CHOICES = 8
MOST_WORDS_IN_A_NAME = 6
_WORD = re.compile(r"[^\W_]+")
_CLIENT = re.compile(r"(?<![^\s(,;])@(?:\"([^\"]{1,200})\"|“([^”]{1,200})”|(?=\w))")
_OWNER = re.compile(r"(?<![^\s(,;])\+(?:\"([^\"]{1,200})\"|“([^”]{1,200})”|([^\W\d_][\w.'’-]{0,80}))")
# What looks like a time beside the date: the reader of dates takes only those that a clock shows.
_AFTER_DATE = re.compile(r"[\s,]{1,3}(?:(?:at|by|om|@)\s{1,3})?(\d{1,2}:\d{2}(?:\s?[ap]m)?)(?![\w:])", re.IGNORECASE)
_BEFORE_DATE = re.compile(
    r"(?<!\w)(?:(?:at|by|om)\s{1,3}(\d{1,2}:\d{2}(?:\s?[ap]m)?)|(\d{1,2}:\d{2}\s?[ap]m))[\s,]{1,3}$", re.IGNORECASE
)
_LONGEST_BEFORE = 30
_DATED_END = 1000
_ESTIMATE = re.compile(r"(?<![^\s(,;])~\s?")
_LEADS_TO_CLIENT = frozenset(["to", "for", "with", "aan", "vir", "voor", "met"])
_LEADS_TO_OWNER = frozenset(["for", "by", "vir", "deur", "voor", "door"])
_KINDS_OF_FIRM = frozenset(
    ["ltd", "limited", "pty", "inc", "llc", "llp", "plc", "bv", "nv", "cc", "gmbh", "bpk", "edms", "beperk"]
)
_LOOSE = " \t\r\n,;:-–—"


@dataclass(frozen=True)
class ClientMatch:
    """Whom the line names. `problem`: "" when chosen, "none" (no @; `choices` were merely mentioned), "unknown",
    "ambiguous". `several`: each of the choices was named by an @ of its own."""

    words: str | None
    chosen: Named | None
    choices: tuple[Named, ...]
    problem: str
    several: bool = False


@dataclass(frozen=True)
class Line:
    """What was understood. `spans` are the parts of `text` that `what` leaves out; `no_such_time` is the "25:00"
    that stands beside the date."""

    what: str
    client: ClientMatch
    when: Reading
    owner_words: str | None
    estimate_hours: Decimal | None
    text: str
    spans: tuple[Span, ...]
    no_such_time: str = ""

    @property
    def refused_date(self) -> str:
        """What was typed for a day that has passed, or that there is not."""
        return " ".join(self.text[start:end] for start, end in self.when.refused)

    @property
    def client_words(self) -> str | None:
        return self.client.words

    @property
    def client_choices(self) -> tuple[Named, ...]:
        return self.client.choices


@dataclass(frozen=True)
class _Mention:
    words: str
    span: Span
    found: tuple[Named, ...]


def read_line(text: str, *, today: date, now_time: time, clients: Sequence[Named], language: str = "en") -> Line:
    quotes = quoted_spans(text)
    mentions = _mentions(text, clients)
    owner_words, owner_span = _owner(text, quotes)
    estimate, estimate_span = _estimate(text, quotes)
    marked = _apart([*(m.span for m in mentions), *(span for span in (owner_span, estimate_span) if span)])
    when = read_when(blank(text, _merged([*marked, *_middle(text)])), today=today, now_time=now_time, language=language)
    no_such_time, time_span = _no_such_time(text, when, quotes)
    spans = _merged([*marked, *_date_spans(when), *([time_span] if time_span else [])])
    return Line(
        what=_what_is_left(text, spans),
        client=_client(mentions, text, clients, spans + quotes),
        when=when,
        owner_words=owner_words,
        estimate_hours=estimate,
        text=text,
        spans=tuple(spans),
        no_such_time=no_such_time,
    )


# Clients


@lru_cache(maxsize=16_384)
def _words_of(name: str) -> tuple[str, ...]:
    return tuple(fold(match.group()) for match in _WORD.finditer(name))


def matching(words: str, clients: Iterable[Named]) -> tuple[Named, ...]:
    """The clients meant by these words: a name in full stands before all that only begin like it."""
    asked = _words_of(words)
    if not asked:
        return ()
    full = tuple(client for client in clients if "".join(_words_of(client[1])) == "".join(asked))
    return full or tuple(client for client in clients if _begins(_words_of(client[1]), asked))


def _begins(name: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    """Some words of the name in a row, the last perhaps unfinished; or written as one ("@karoolinen")."""
    size = len(asked)
    for place in range(len(name)):
        here = name[place : place + size]
        if len(here) == size and here[:-1] == asked[:-1] and here[-1].startswith(asked[-1]):
            return True
    return "".join(name).startswith("".join(asked))


def first_words(text: str) -> tuple[str, ...]:
    """The first word of every client that is named after an @."""
    starts = (match.start(1 if match.group(1) else 2 if match.group(2) else 0) for match in _at_signs(text))
    words = (_WORD.search(text, start) for start in starts)
    return tuple(dict.fromkeys(fold(word.group()) for word in words if word))


def words_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(fold(match.group()) for match in _WORD.finditer(text)))


def _at_signs(text: str) -> list[re.Match[str]]:
    quotes = quoted_spans(text)
    return list(islice((m for m in _CLIENT.finditer(text) if not _inside(m.start(), quotes)), MOST_CHOICES))


def _mentions(text: str, clients: Sequence[Named]) -> list[_Mention]:
    found: list[_Mention] = []
    for match in _at_signs(text):
        named = match.group(1) or match.group(2)
        words, end = (named, match.end()) if named else _longest_name(text, match.end(), clients)
        start = _with_lead(text, match.start(), _LEADS_TO_CLIENT)
        found.append(_Mention(words.strip(), (start, end), matching(words, clients)))
    return found


def _longest_name(text: str, start: int, clients: Sequence[Named]) -> tuple[str, int]:
    """ "@Karoo Linen by Friday": as many words as still are a client's, the first in any case."""
    ends = _ends_of_words(text, start)
    for end in reversed(ends[1:]):
        asked = _words_of(text[start:end])
        if any(_has_words(_words_of(name), asked) for _, name in clients):
            return text[start:end], end
    return text[start : ends[0]], ends[0]


def _ends_of_words(text: str, start: int) -> list[int]:
    """Where each of the next few words ends; punctuation other than "." "&" and "-" ends a name."""
    ends: list[int] = []
    for match in re.compile(r"[\s.&'’(-]{0,3}([\w'’-]{1,80})").finditer(text, start):
        if match.start() != (ends[-1] if ends else start) or len(ends) == MOST_WORDS_IN_A_NAME:
            break
        ends.append(match.end())
    return ends or [min(start + 1, len(text))]


def _has_words(name: tuple[str, ...], asked: tuple[str, ...]) -> bool:
    return any(name[place : place + len(asked)] == asked for place in range(len(name) - len(asked) + 1))


def _client(mentions: Sequence[_Mention], text: str, clients: Sequence[Named], taken: Sequence[Span]) -> ClientMatch:
    if not mentions:
        return ClientMatch(None, None, _named_in(blank(text, _merged(taken)), clients), "none")
    words = mentions[0].words
    found = tuple(dict.fromkeys(client for mention in mentions for client in mention.found))
    if not found:
        return ClientMatch(words, None, (), "unknown")
    if len(found) == 1 and all(mention.found for mention in mentions):
        return ClientMatch(words, found[0], found, "")
    several = len(mentions) > 1 and all(len(mention.found) == 1 for mention in mentions)
    return ClientMatch(words, None, found[:MOST_CHOICES], "ambiguous", several)


def _named_in(text: str, clients: Sequence[Named]) -> tuple[Named, ...]:
    """Clients whose name stands in the text without an @: proposed, never chosen."""
    names: dict[tuple[str, ...], list[Named]] = {}
    for client in clients:
        names.setdefault(_without_kind(_words_of(client[1])), []).append(client)
    sizes = sorted({len(name) for name in names if name})
    words = tuple(fold(match.group()) for match in _WORD.finditer(text))
    found = (c for at in range(len(words)) for size in sizes for c in names.get(words[at : at + size], ()))
    return tuple(islice(dict.fromkeys(found), MOST_CHOICES))


@lru_cache(maxsize=16_384)
def _without_kind(name: tuple[str, ...]) -> tuple[str, ...]:
    """ "Acme (Pty) Ltd" is mostly called "Acme"."""
    kept = list(name)
    while len(kept) > 1 and kept[-1] in _KINDS_OF_FIRM:
        kept.pop()
    return tuple(kept)


# Owner and estimate


def _owner(text: str, quotes: Sequence[Span]) -> tuple[str | None, Span | None]:
    for match in _OWNER.finditer(text):
        if not _inside(match.start(), quotes):
            words = next(group for group in match.groups() if group).rstrip(".'’-")
            end = match.end() if match.group(3) is None else match.start(3) + len(words)
            return words.strip(), (_with_lead(text, match.start(), _LEADS_TO_OWNER), end)
    return None, None


def _estimate(text: str, quotes: Sequence[Span]) -> tuple[Decimal | None, Span | None]:
    for match in _ESTIMATE.finditer(text):
        worth = EFFORT.match(text, match.end())
        if worth and not _inside(match.start(), quotes):
            return effort(worth), (match.start(), worth.end())
    return None, None


# Time


def _no_such_time(text: str, when: Reading, quotes: Sequence[Span]) -> tuple[str, Span | None]:
    """ "4 Dec 25:00": a slip of the hand, and no part of what is promised."""
    if when.chosen is None or when.chosen.time:
        return "", None
    start, end = when.chosen.start, when.chosen.end
    from_here = max(0, start - _LONGEST_BEFORE)
    after, before = _AFTER_DATE.match(text, end), _BEFORE_DATE.search(text[from_here:start])
    span = (after.start(), after.end()) if after else (from_here + before.start(), start) if before else None
    if span is None or _inside(span[0] + 1, quotes):
        return "", None
    found = after or before
    assert found
    return next(group for group in found.groups() if group), span


# Text


def _with_lead(text: str, start: int, leads: frozenset[str]) -> int:
    """Where "to @Acme" begins, its "to" included."""
    before = text[max(0, start - 12) : start]
    lead = re.search(r"(?<!\w)([^\W\d_]{2,5})\s{1,3}$", before)
    return start - len(before) + lead.start() if lead and fold(lead.group(1)) in leads else start


def _middle(text: str) -> list[Span]:
    """A pasted mail is longer than dates are looked for: the one that is meant stands at its beginning or its end."""
    return [(_DATED_END, len(text) - _DATED_END)] if len(text) > 2 * _DATED_END else []


def _inside(place: int, spans: Iterable[Span]) -> bool:
    return any(start < place < end for start, end in spans)


def _date_spans(when: Reading) -> list[Span]:
    """The words of the date go out of the text, unless several places in it may be the date."""
    if when.chosen or when.refused:
        return list(when.chosen.spans if when.chosen else when.refused)
    places = {choice.spans for choice in when.choices}
    return list(places.pop()) if len(places) == 1 else []


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Where two overlap, the first keeps its place."""
    kept: list[Span] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _merged(spans: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _what_is_left(text: str, spans: Iterable[Span]) -> str:
    parts, place = [], 0
    for start, end in spans:
        parts.append(text[place:start])
        place = end
    left = re.sub(r"\(\s{0,9}\)", "", " ".join((*parts, text[place:])))
    left = re.sub(r" ([,;:.!?)])", r"\1", " ".join(left.split()))
    return left.strip(_LOOSE)
