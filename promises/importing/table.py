"""From bytes to lines of cells: compression, encoding, delimiter, headings."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from engagement.staff.plain_words import unturned
from engagement.staff.when import speak_number
from promises.csv_out import as_it_was


@dataclass(frozen=True)
class Columns:
    """What a kind of file holds. Of each group in `needed` one column has to be there."""

    # Other headings that people use, with spaces and hyphens read as underscores.
    synonyms: Mapping[str, tuple[str, ...]]
    needed: tuple[tuple[str, ...], ...]

    @property
    def known(self) -> frozenset[str]:
        return frozenset(name for column, others in self.synonyms.items() for name in (column, *others))


SYNONYMS = {
    "reference": ("ref", "id", "number", "no", "job_number", "reference_number"),
    "client": ("customer", "client_name", "customer_name", "account"),
    "what": ("title", "description", "promise", "job", "task", "subject", "work"),
    "owner": ("person", "responsible", "assigned_to", "assignee", "staff", "who"),
    "made_on": ("made", "created", "created_on", "ordered_on", "promised_on", "start"),
    "due_on": ("due", "due_date", "deadline", "promised_date", "promised_for"),
    "delivered_on": ("delivered", "done", "done_on", "completed", "completed_on", "delivered_date", "finished_on"),
    "value": ("amount", "price", "total"),
    "currency": ("currency_code",),
    "told_on": ("told", "client_told_on", "informed_on"),
}
NEEDED = ("reference", "client", "what", "owner", "due_on")
COLUMNS = tuple(SYNONYMS)
PROMISES = Columns(SYNONYMS, tuple((column,) for column in NEEDED))
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
GZIP_MARK = b"\x1f\x8b"
# What a small compressed file may unfold to.
MOST_BYTES = 256 * 1024 * 1024
# Each is offered for each of ours; a page of a million choices would be made for minutes.
MOST_COLUMNS = 200


# How pages, drawings, data for programs and papers begin, and no heading does.
OTHER_THINGS = ("<", "{", "[", "%PDF-")


class Unreadable(Exception):
    """The file as a whole cannot be read. The text says what to do about it."""


class Line(NamedTuple):
    """One row of the file. `number` is where it begins, counted as a text editor counts."""

    number: int
    cells: list[str]
    broken: str = ""


@dataclass(frozen=True)
class Table:
    headings: list[str]
    delimiter: str
    notes: list[str]
    text: str
    columns: Columns = PROMISES

    def lines(self) -> Iterator[Line]:
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True)
        next(reader)
        # Most files hold nothing that either of the two would change, in any of their million cells.
        is_odd = "'" in self.text or unturned(self.text) != self.text
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(number, [], _why_broken(error))
                continue
            if any(map(str.strip, cells)):
                yield Line(number, [unturned(as_it_was(cell)) for cell in cells] if is_odd else cells)

    def guess(self) -> dict[str, str]:
        """Which heading stands for which column, as far as the names say."""
        names = {_plain(heading): heading for heading in reversed(self.headings)}
        found: dict[str, str] = {}
        for column, others in self.columns.synonyms.items():
            known = next((name for name in (column, *others) if name in names), None)
            if known and names[known] not in found.values():
                found[column] = names[known]
        return found


def read(content: bytes, name: str, columns: Columns = PROMISES) -> Table:
    text, notes = _decoded(_unpacked(content, name))
    if not text.strip():
        raise Unreadable(_("The file is empty. Choose a file with a line of headings and the rows below it."))
    delimiter = _delimiter(text, columns.known)
    if delimiter != ",":
        names = {";": _("semicolons"), "\t": _("tabs"), "|": _("bars")}
        notes.append(_("The cells are parted by %(sign)s instead of commas.") % {"sign": names[delimiter]})
    try:
        # As strictly as the lines below it are read.
        headings = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable(_("The first line cannot be read. It has to name the columns.")) from error
    if len(headings) > MOST_COLUMNS:
        raise Unreadable(
            _("The first line names %(number)s columns, and %(most)s at most are read. Leave out what is not needed.")
            % {"number": speak_number(len(headings)), "most": speak_number(MOST_COLUMNS)}
        )
    return Table([unturned(heading).strip() for heading in headings], delimiter, notes, text, columns)


def must_be_one(table: Table) -> None:
    """Refuse what is text and no table. What was taken before this was asked can still be looked at."""
    if len(table.headings) < 2 or table.text.lstrip().startswith(OTHER_THINGS):
        raise Unreadable(
            _(
                "This is no table: its first line has to name several columns."
                " In a spreadsheet, choose Save as, and there CSV (UTF-8)."
            )
        )


def must_have(table: Table, mapping: Mapping[str, str]) -> None:
    """Refuse a file in which a needed column cannot be found."""
    unknown = [heading for heading in mapping.values() if heading not in table.headings]
    if unknown:
        raise Unreadable(
            _("There is no column %(names)s. The first line of the file names: %(headings)s.")
            % {"names": _listed(unknown), "headings": _listed(table.headings)}
        )
    missing = [" / ".join(group) for group in table.columns.needed if not any(name in mapping for name in group)]
    if missing:
        raise Unreadable(
            ngettext(
                "The column %(names)s is missing. The first line of the file names: %(headings)s.",
                "The columns %(names)s are missing. The first line of the file names: %(headings)s.",
                len(missing),
            )
            % {"names": _listed(missing), "headings": _listed(table.headings)}
        )


def _listed(names: list[str]) -> str:
    return ", ".join(name or "-" for name in names[:30])


def _plain(heading: str) -> str:
    return "_".join(heading.strip().lower().replace("-", " ").replace("_", " ").split())


def _unpacked(content: bytes, name: str) -> bytes:
    if content[:2] != GZIP_MARK:
        if name.lower().endswith(".gz"):
            raise Unreadable(
                _("The name ends in .gz, but the file is not compressed by gzip. Name it .csv, or compress it again.")
            )
        return content
    try:
        with gzip.open(io.BytesIO(content)) as packed:
            unpacked = packed.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise Unreadable(_("The compressed file is damaged or cut short. Compress or download it again.")) from error
    if len(unpacked) > MOST_BYTES:
        raise Unreadable(_("Unpacked, the file is larger than 256 MB. Split it and bring in the parts."))
    return unpacked


def _decoded(content: bytes) -> tuple[str, list[str]]:
    not_text = Unreadable(
        _("This is not a text file with commas. In a spreadsheet, choose Save as, and there CSV (UTF-8).")
    )
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return content.decode("utf-16"), []
        except UnicodeDecodeError as error:
            raise not_text from error
    if b"\x00" in content:
        raise not_text
    try:
        return content.decode("utf-8-sig"), []
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise not_text from error
    strange = sum(1 for sign in text[:10_000] if ord(sign) < 32 and sign not in "\r\n\t")
    if strange:
        raise not_text
    return text, [
        _("The file is not in UTF-8, so it was read as Windows-1252. Look at names with accents before you go on.")
    ]


def _delimiter(text: str, known: frozenset[str]) -> str:
    first = text.lstrip("\r\n").split("\n", 1)[0]

    def recognised(delimiter: str) -> tuple[int, int]:
        cells = first.split(delimiter)
        return sum(_plain(cell.strip('"\r ')) in known for cell in cells), len(cells)

    return max(DELIMITERS, key=recognised)


def _why_broken(error: csv.Error) -> str:
    if "end of data" in str(error):
        return _("A quotation mark that opens here is never closed. Close it, or write it twice.")
    if "limit" in str(error):
        return _("A cell here is longer than 131,072 characters. Look for a quotation mark that is not closed.")
    return _("There is text behind a closing quotation mark. Inside a cell, write each quotation mark twice.")
