"""Text made fit to be printed: every character is seen, as itself or as its code; none can turn the others round."""

from __future__ import annotations

import re
import unicodedata

from clients.document.fonts import families

# Invisible by nature and needed by honest text: soft hyphen, joiners, direction marks, emoji and text variants.
_QUIET = frozenset("\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f")
_NEW_LINE = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# More marks than this on one letter would be painted over the lines above and below it.
_MOST_MARKS = 4
# In a word too long for its place a line may end after so many letters.
_STEP = 6
_WORD = re.compile(r"[^\s\u200b]+")


def printable(text: str, widest: int = 28) -> str:
    """The same text, with `[U+674E]` for what no font has, and with room to break in words of over `widest` letters."""
    text = _NEW_LINE.sub("\n", text).replace("\t", "    ")
    if not text.isascii() or not text.replace("\n", "").isprintable():
        text = "".join(_shown(cluster) for cluster in _clusters(text))
    return _WORD.sub(lambda word: _breakable(word[0], widest), text)


def is_seen(letter: str) -> bool:
    """Whether it leaves ink: itself, or its code."""
    return not letter.isspace() and letter not in _QUIET


def _clusters(text: str) -> list[str]:
    """Letters with the marks that stand on them; these must come from one font."""
    clusters: list[str] = []
    for letter in text:
        stands_on = clusters and not clusters[-1].isspace()
        if stands_on and (unicodedata.category(letter)[0] == "M" or letter in _QUIET):
            clusters[-1] += letter
        else:
            clusters.append(letter)
    return clusters


def _shown(cluster: str) -> str:
    letter, marks = cluster[0], cluster[1:]
    if not _is_printable(letter):
        return "".join(_code(part) for part in cluster)
    shown, printed = letter, [ord(letter)]
    for mark in marks:
        if mark in _QUIET:
            shown += mark
        elif len(printed) <= _MOST_MARKS and any(family.issuperset([*printed, ord(mark)]) for family in families()):
            shown += mark
            printed.append(ord(mark))
        else:
            shown += _code(mark)
    return shown


def _is_printable(letter: str) -> bool:
    if letter in "\n" or letter in _QUIET:
        return True
    # Controls, lone surrogates, overrides of direction, private and unassigned characters; and marks with no letter.
    if unicodedata.category(letter)[0] in "CM":
        return False
    return any(ord(letter) in family for family in families())


def _code(letter: str) -> str:
    """A line may end behind a code, and should not within one."""
    return f"[U+{ord(letter):04X}]\u200b"


def _breakable(word: str, widest: int) -> str:
    if len(word) <= widest:
        return word
    clusters = _clusters(word)
    return "\u200b".join("".join(clusters[at : at + _STEP]) for at in range(0, len(clusters), _STEP))
