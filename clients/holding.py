"""What holds now: the scope as it was signed, and over it each addendum that both sides signed, in that order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from clients.agreement_rules import State
from clients.models import Addendum, AddendumLine, LineValues, Scope
from clients.totals import Totals, totals


class LineGone(Exception):
    """An addendum speaks of a line that is not there, or not any more. `number` says which."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@dataclass(frozen=True, slots=True)
class Line:
    """A line in force, and the paper that it comes from last."""

    number: int
    kind: str
    service: str
    description: str
    quantity: Decimal
    unit: str
    price: Decimal
    rate: Decimal | None
    turnaround_days: int | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Holding:
    lines: tuple[Line, ...]
    currency: str

    @property
    def totals(self) -> Totals:
        return totals(self.lines, self.currency)

    @property
    def services(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind != LineValues.LineKind.TAX)

    @property
    def taxes(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.kind == LineValues.LineKind.TAX)

    def line(self, number: int) -> Line | None:
        return next((line for line in self.lines if line.number == number), None)


def line_of(values: LineValues, source: str) -> Line:
    names = ("number", "kind", "service", "description", "quantity", "unit", "price", "rate", "turnaround_days")
    return Line(**{name: getattr(values, name) for name in names}, source=source)


def original(scope: Scope) -> Holding:
    """What the scope itself says."""
    return Holding(tuple(line_of(line, scope.number) for line in scope.lines.all()), scope.currency)


def signed_addenda(scope: Scope) -> list[Addendum]:
    """In the order in which they came into force."""
    in_force = scope.addenda.filter(agreement__state__in=[State.SIGNED, State.ENDED])
    found = in_force.select_related("agreement", "scope").prefetch_related("changes")
    return list(found.order_by("agreement__signed_at", "seq"))


def holding(scope: Scope) -> Holding:
    held = original(scope)
    for addendum in signed_addenda(scope):
        held = folded(held, addendum.changes.all(), addendum.number)
    return held


def after(addendum: Addendum) -> Holding:
    """What would hold if it were signed now. Raises LineGone."""
    return folded(holding(addendum.scope), addendum.changes.all(), addendum.number)


def folded(held: Holding, changes: Iterable[AddendumLine], source: str) -> Holding:
    lines = {line.number: line for line in held.lines}
    for change in changes:
        is_there = change.number in lines
        if is_there == (change.act == AddendumLine.Act.ADD):
            raise LineGone(change.number)
        if change.act == AddendumLine.Act.REMOVE:
            del lines[change.number]
        else:
            lines[change.number] = line_of(change, source)
    return replace(held, lines=tuple(lines[number] for number in sorted(lines)))


def next_line(scope: Scope) -> int:
    """A number that no line of it has or had, nor any draft of an addendum."""
    taken = [
        *scope.lines.values_list("number", flat=True),
        *AddendumLine.objects.filter(addendum__scope=scope).values_list("number", flat=True),
    ]
    return max(taken, default=0) + 1
