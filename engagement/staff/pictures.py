"""Reads PNG and JPEG, whole, and writes down again only what draws the picture.

A file's own word for what it is proves nothing, and a picture may carry places, names and more behind its last byte.
So each is walked through from end to end; what a drawing does not need is left out, and anything odd is refused.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8"
MOST_PIXELS = 4000 * 4000
LONGEST_SIDE = 8000
# Samples a pixel by colour type, and the bits that each may have.
SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
BITS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
# Column and row of the first pixel, and the steps to the next, of the seven passes of an interlaced picture.
PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
DRAWN_FROM = (b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"IDAT", b"IEND")
# Baseline and progressive. Others are rare, and readers of PDF do not draw them.
FRAMES = (0xC0, 0xC1, 0xC2)
TABLES = (0xC4, 0xDB, 0xDD)
JFIF, ADOBE, SCAN, END, STUFFED = 0xE0, 0xEE, 0xDA, 0xD9, 0x00
RESTARTS = range(0xD0, 0xD8)


class NoPicture(Exception):
    """It is no picture that we read. `reason`: kind, broken or large."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Picture:
    kind: str
    width: int
    height: int
    content: bytes


def read_picture(content: bytes) -> Picture:
    try:
        if content.startswith(PNG):
            return _read_png(content)
        if content.startswith(JPEG):
            return _read_jpeg(content)
    except (struct.error, IndexError, zlib.error) as error:
        raise NoPicture("broken") from error
    raise NoPicture("kind")


def _sized(kind: str, width: int, height: int, content: bytes) -> Picture:
    if not width or not height:
        raise NoPicture("broken")
    if max(width, height) > LONGEST_SIDE or width * height > MOST_PIXELS:
        raise NoPicture("large")
    return Picture(kind, width, height, content)


def _read_png(content: bytes) -> Picture:
    chunks = list(_chunks(content))
    names = [name for name, _data in chunks]
    if names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or names.count(b"IHDR") != 1 or b"IDAT" not in names:
        raise NoPicture("broken")
    width, height, bits, colour, packed, filtered, laced = struct.unpack(">IIBBBBB", chunks[0][1])
    if bits not in BITS.get(colour, ()) or packed or filtered or laced > 1 or (colour == 3 and b"PLTE" not in names):
        raise NoPicture("broken")
    drawn = b"".join(_chunk(name, data) for name, data in chunks if name in DRAWN_FROM)
    picture = _sized("png", width, height, PNG + drawn)
    pixels = b"".join(data for name, data in chunks if name == b"IDAT")
    wanted = _unpacked_size(width, height, bits * SAMPLES[colour], laced)
    reader = zlib.decompressobj()
    # One byte more than there may be: nothing is unpacked that is larger than it says.
    if len(reader.decompress(pixels, wanted + 1)) != wanted:
        raise NoPicture("broken")
    return picture


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(PNG)
    while place < len(content):
        (length,) = struct.unpack_from(">I", content, place)
        name, data = content[place + 4 : place + 8], content[place + 8 : place + 8 + length]
        (check,) = struct.unpack_from(">I", content, place + 8 + length)
        if check != zlib.crc32(name + data):
            raise NoPicture("broken")
        yield name, data
        if name == b"IEND":
            return
        place += 12 + length


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _unpacked_size(width: int, height: int, bits: int, laced: int) -> int:
    """Each row begins with a byte that says how it was filtered."""
    if not laced:
        return height * (1 + (width * bits + 7) // 8)
    size = 0
    for left, top, across, down in PASSES:
        columns, rows = -(-(width - left) // across), -(-(height - top) // down)
        if columns > 0 and rows > 0:
            size += rows * (1 + (columns * bits + 7) // 8)
    return size


def _read_jpeg(content: bytes) -> Picture:
    kept, size, place = [JPEG], (0, 0), 2
    while True:
        if content[place] != 0xFF:
            raise NoPicture("broken")
        marker = content[place + 1]
        if marker == 0xFF:
            # Any number of these may stand before a marker.
            place += 1
            continue
        if marker == END:
            break
        (length,) = struct.unpack_from(">H", content, place + 2)
        segment = content[place : place + 2 + length]
        place += 2 + length
        if marker in FRAMES:
            bits, height, width, parts = struct.unpack_from(">BHHB", segment, 4)
            # One part is grey, three are colours; four are inks, which a screen shows wrongly.
            if bits != 8 or parts not in (1, 3):
                raise NoPicture("kind")
            size = (width, height)
        elif marker not in (*TABLES, SCAN) and not 0xE0 <= marker <= 0xEF and marker != 0xFE:
            raise NoPicture("kind")
        if marker in (*FRAMES, *TABLES, SCAN, JFIF, ADOBE):
            kept.append(segment)
        if marker == SCAN:
            end = _end_of_scan(content, place)
            kept.append(content[place:end])
            place = end
    if not any(size):
        raise NoPicture("broken")
    return _sized("jpeg", *size, b"".join([*kept, b"\xff\xd9"]))


def _end_of_scan(content: bytes, place: int) -> int:
    """Where the next marker stands that is not part of what is drawn."""
    while True:
        place = content.find(b"\xff", place)
        if place < 0:
            raise NoPicture("broken")
        following = content[place + 1]
        if following != STUFFED and following not in RESTARTS:
            return place
        place += 2
