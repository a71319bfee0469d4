"""From cells to a promise: each column in its form, and what to write where it is not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from typing import NamedTuple

from django.utils.translation import gettext as _

from promises.importing.table import Line, Table

LONGEST = {"reference": 60, "client": 120, "what": 300, "owner": 100}
ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
YEARS = range(1900, 2200)
MOST_VALUE = Decimal(10) ** 12


@dataclass(frozen=True)
class Fault:
    """Something on one line: as a fault it keeps the line out, as a warning it does not."""

    line: int
    column: str
    value: str
    what: str

    def as_list(self) -> list[str | int]:
        return [self.line, self.column, self.value[:200], self.what]


class Row(NamedTuple):
    line: int
    reference: str
    client: str
    what: str
    owner: str
    due_on: date
    made_on: date | None = None
    delivered_on: date | None = None
    told_on: date | None = None
    value: Decimal | None = None
    currency: str = ""


class Reading(NamedTuple):
    """What became of one line: a row, or the faults that keep it out; warnings either way."""

    row: Row | None
    faults: Sequence[Fault] = ()
    warnings: Sequence[Fault] = ()


class Missing(Exception):
    """The cell is not in its form; the text says what to write instead."""


def readings(table: Table, mapping: Mapping[str, str], today: date) -> Iterator[Reading]:
    """Every line of the table in turn. A reference that comes twice counts the first time."""
    places = places_of(table, mapping)
    first_seen: dict[str, int] = {}
    for line in table.lines():
        reading = _read(line, places, len(table.headings), today)
        if reading.row:
            seen = first_seen.setdefault(reading.row.reference, line.number)
            if seen != line.number:
                said = _("Line %(line)s has this reference already. Give each promise one of its own.")
                fault = Fault(line.number, "reference", reading.row.reference, said % {"line": seen})
                reading = Reading(None, [fault])
        yield reading


def places_of(table: Table, mapping: Mapping[str, str]) -> dict[str, int]:
    return {column: table.headings.index(heading) for column, heading in mapping.items()}


def cells_of(line: Line, places: Mapping[str, int], width: int) -> dict[str, str]:
    """The cells by column. Raises Missing where the line as a whole cannot be read."""
    if line.broken:
        raise Missing(line.broken)
    if len(line.cells) > width and any(cell.strip() for cell in line.cells[width:]):
        said = _("This line has %(cells)s cells, the first line %(width)s. Put texts with a comma in quotation marks.")
        raise Missing(said % {"cells": len(line.cells), "width": width})
    return {column: line.cells[at].strip() if at < len(line.cells) else "" for column, at in places.items()}


def _read(line: Line, places: Mapping[str, int], width: int, today: date) -> Reading:
    try:
        cells = cells_of(line, places, width)
    except Missing as missing:
        return Reading(None, [Fault(line.number, "", "", str(missing))])
    read: dict[str, object] = {}
    faults = []
    for column, form in FORMS.items():
        text = cells.get(column, "")
        try:
            read[column] = form(text, today)
        except Missing as missing:
            faults.append(Fault(line.number, column, text, str(missing)))
    if faults:
        return Reading(None, faults)
    row = Row(line.number, **read)  # type: ignore[arg-type]
    return Reading(row, (), list(_odd(row)))


def _text(text: str, _today: date, *, column: str) -> str:
    if not text or "\x00" in text:
        raise Missing(_wanted(column))
    return short_enough(text, LONGEST[column])


def short_enough(text: str, most: int) -> str:
    if len(text) > most:
        raise Missing(_("Write at most %(most)s characters.") % {"most": most})
    return text


def _wanted(column: str) -> str:
    match column:
        case "reference":
            return _("Write a reference that no other promise has, for example SCMS-5233.")
        case "client":
            return _("Write the client's name.")
        case "what":
            return _("Write what was promised.")
        case _:
            return _("Write the name or the e-mail of whoever owns it.")


# The same days come again and again in a long file.
@lru_cache(maxsize=4096)
def _day(text: str) -> date:
    try:
        if not ISO_DATE.fullmatch(text):
            raise ValueError
        day = date.fromisoformat(text)
    except ValueError:
        raise Missing(_("Write the day as year-month-day, for example 2026-11-27.")) from None
    if day.year not in YEARS:
        raise Missing(_("Write a year between 1900 and 2199."))
    return day


def _due(text: str, _today: date) -> date:
    if not text:
        raise Missing(_("Write the day it is due, for example 2026-11-27."))
    return _day(text)


def _past(text: str, today: date) -> date | None:
    if not text:
        return None
    day = _day(text)
    if day > today:
        raise Missing(_("This day has not come yet. Leave it empty until it has."))
    return day


def _value(text: str, _today: date) -> Decimal | None:
    if not text:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < MOST_VALUE or value != value.quantize(Decimal("0.01")):
        raise Missing(_("Write the value with a point and at most two decimals, for example 1250.50."))
    return value


def _currency(text: str, _today: date) -> str:
    if text and not re.fullmatch(r"[A-Za-z]{3}", text):
        raise Missing(_("Write the three letters of the currency, for example ZAR."))
    return text.upper()


# In this order the faults of a line are told.
FORMS: dict[str, Callable[[str, date], object]] = {
    **{column: partial(_text, column=column) for column in LONGEST},
    "made_on": _past,
    "due_on": _due,
    "delivered_on": _past,
    "told_on": _past,
    "value": _value,
    "currency": _currency,
}


def _odd(row: Row) -> Iterator[Fault]:
    """What is taken as written, though it is worth a look."""
    if row.made_on and row.made_on > row.due_on:
        said = _("It was made after the day it was due. It is brought in as written.")
        yield Fault(row.line, "made_on", row.made_on.isoformat(), said)
    if row.made_on and row.delivered_on and row.delivered_on < row.made_on:
        said = _("It was delivered before it was made. It is brought in as written.")
        yield Fault(row.line, "delivered_on", row.delivered_on.isoformat(), said)
