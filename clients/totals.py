"""What lines come to. Exact decimals; each amount is rounded once, half up, to the smallest coin of the currency.

Sums are of rounded amounts, so that a page adds up by hand. A tax line is its per cent of all services together.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Protocol

from babel.numbers import get_currency_precision


class Line(Protocol):
    @property
    def number(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def quantity(self) -> Decimal: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def rate(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class Totals:
    subtotal: Decimal
    # Amount of each tax line, by its number.
    taxes: dict[int, Decimal]
    total: Decimal


def amount(line: Line, currency: str) -> Decimal:
    """Of a service."""
    return rounded(line.quantity * line.price, currency)


def totals(lines: Iterable[Line], currency: str) -> Totals:
    lines = list(lines)
    services = [line for line in lines if line.kind != "tax"]
    subtotal = sum((amount(line, currency) for line in services), rounded(Decimal(0), currency))
    taxes = {
        line.number: rounded(subtotal * (line.rate or Decimal(0)) / 100, currency)
        for line in lines
        if line.kind == "tax"
    }
    return Totals(subtotal, taxes, subtotal + sum(taxes.values(), Decimal(0)))


def rounded(value: Decimal, currency: str) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), rounding=ROUND_HALF_UP)
