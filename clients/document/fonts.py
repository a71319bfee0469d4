"""The letters that the document is set in, and which characters they have."""

from __future__ import annotations

import struct
from functools import lru_cache
from pathlib import Path

import typst

FOLDER = Path(__file__).parent / "fonts"


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """Read once: opening them costs more than setting a page. Nothing of the machine's own fonts is used."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FOLDER])


@lru_cache(maxsize=1)
def families() -> tuple[frozenset[int], ...]:
    """What each family can print in all of its weights: a letter that only the regular has would be missing in bold."""
    found: dict[str, frozenset[int]] = {}
    for path in sorted(FOLDER.glob("*.ttf")):
        family = path.stem.partition("-")[0]
        letters = frozenset(_mapped(path.read_bytes()))
        found[family] = found.get(family, letters) & letters
    return tuple(found.values())


def _mapped(font: bytes) -> set[int]:
    """The code points of a font's character map, without those that it maps to the empty box."""
    count = struct.unpack_from(">H", font, 4)[0]
    tables = {font[at : at + 4]: struct.unpack_from(">I", font, at + 8)[0] for at in range(12, 12 + 16 * count, 16)}
    start = tables[b"cmap"]
    letters: set[int] = set()
    for at in range(start + 4, start + 4 + 8 * struct.unpack_from(">H", font, start + 2)[0], 8):
        table = start + struct.unpack_from(">I", font, at + 4)[0]
        form = struct.unpack_from(">H", font, table)[0]
        letters |= _segments(font, table) if form == 4 else _groups(font, table) if form == 12 else set()
    return letters


def _segments(font: bytes, table: int) -> set[int]:
    """Format 4: runs of the first 65,536 characters."""
    twice = struct.unpack_from(">H", font, table + 6)[0]
    ends, starts = table + 14, table + 16 + twice
    deltas, offsets = starts + twice, starts + 2 * twice
    letters: set[int] = set()
    for at in range(0, twice, 2):
        first, last = struct.unpack_from(">H", font, starts + at)[0], struct.unpack_from(">H", font, ends + at)[0]
        delta, offset = struct.unpack_from(">H", font, deltas + at)[0], struct.unpack_from(">H", font, offsets + at)[0]
        for letter in range(first, min(last, 0xFFFE) + 1):
            glyph = letter
            if offset:
                glyph = struct.unpack_from(">H", font, offsets + at + offset + 2 * (letter - first))[0]
            if glyph and (glyph + delta) & 0xFFFF:
                letters.add(letter)
    return letters


def _groups(font: bytes, table: int) -> set[int]:
    """Format 12: runs of all characters."""
    letters: set[int] = set()
    for at in range(table + 16, table + 16 + 12 * struct.unpack_from(">I", font, table + 12)[0], 12):
        first, last, glyph = struct.unpack_from(">III", font, at)
        letters.update(range(first + (not glyph), last + 1))
    return letters
