"""Reads numbers as people write them: 1200.50, 1 200,50 and 1,200.50. What can be read in two ways is said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

SPACES = re.compile(r"(?<=\d)[\s'\u2019](?=\d{3}(?!\d))")
SIGN = re.compile(r"[-\u2212\u2013]\s*")
PLAIN = re.compile(r"[0-9]*(?:[.,][0-9]*)*", re.ASCII)
GROUPED = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Read:
    """The ways in which it can be read: none, one, or the larger and the smaller of two."""

    ways: tuple[Decimal, ...] = ()


def read_number(text: str) -> Read:
    written = text.strip()
    sign = SIGN.match(written)
    figures = written[sign.end() :] if sign else written
    grouped = bool(SPACES.search(figures))
    ways = _ways(SPACES.sub("", figures), grouped=grouped)
    return Read(tuple(-way for way in ways) if sign else ways)


def _ways(figures: str, *, grouped: bool) -> tuple[Decimal, ...]:
    if not PLAIN.fullmatch(figures) or not any(letter.isdigit() for letter in figures):
        return ()
    marks = [letter for letter in figures if letter in ".,"]
    if not marks:
        return (Decimal(figures),)
    last, kinds = marks[-1], set(marks)
    if len(kinds) == 2:
        whole, _mark, part = figures.rpartition(last)
        if last in whole or grouped or not GROUPED.fullmatch(whole):
            return ()
        return (_decimal(re.sub("[.,]", "", whole), part),)
    if len(marks) > 1:
        return (Decimal(figures.replace(last, "")),) if GROUPED.fullmatch(figures) and not grouped else ()
    whole, _mark, part = figures.partition(last)
    smaller = _decimal(whole, part)
    # 1,200 is twelve hundred to some and one and a fifth to others; 0,200 and 12000,500 can only be the latter.
    if grouped or not GROUPED.fullmatch(figures) or whole.startswith("0"):
        return (smaller,)
    return Decimal(whole + part), smaller


def _decimal(whole: str, part: str) -> Decimal:
    return Decimal(f"{whole or 0}.{part or 0}")
