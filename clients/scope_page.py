"""What the pages of scopes show: what holds now, and by which papers it came to that."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Prefetch

from clients.agreement_rules import State
from clients.holding import Holding, LineGone, folded, original
from clients.models import Addendum, Scope, SentVersion
from clients.models.scope import ScopeQuerySet
from clients.totals import amount

IN_FORCE = (State.SIGNED, State.ENDED)


@dataclass(frozen=True, slots=True)
class Row:
    """A scope in a list, with what it comes to now."""

    scope: Scope
    total: Decimal | None


@dataclass(frozen=True, slots=True)
class Sum:
    """A line in force with its amount."""

    line: Any
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Paper:
    """An addendum, and by how much it changes the total; nothing where that cannot be said any more."""

    addendum: Addendum
    effect: Decimal | None
    in_force: bool
    # As they were written when it was sent: {"what", "old", "new"}.
    dates: list[dict[str, str]]


@dataclass(frozen=True)
class Holds:
    """The original, what each addendum makes of it, and what holds now."""

    original: Holding
    now: Holding
    papers: list[Paper]

    @property
    def services(self) -> list[Sum]:
        return [Sum(line, amount(line, self.now.currency)) for line in self.now.services]

    @property
    def taxes(self) -> list[Sum]:
        sums = self.now.totals.taxes
        return [Sum(line, sums[line.number]) for line in self.now.taxes]

    @property
    def is_changed(self) -> bool:
        return any(paper.in_force for paper in self.papers)


def with_addenda(scopes: ScopeQuerySet) -> ScopeQuerySet:
    """Scopes with their lines and all their addenda, in as many queries for one scope as for a thousand."""
    addenda = Addendum.objects.select_related("agreement", "scope").prefetch_related("changes").order_by("seq")
    return scopes.prefetch_related("lines", Prefetch("addenda", addenda, to_attr="papers"))


def rows_of(scopes: Iterable[Scope]) -> list[Row]:
    return [Row(scope, holds_of(scope).now.totals.total if scope.lines.all() else None) for scope in scopes]


def holds_of(scope: Scope, versions: Iterable[SentVersion] = ()) -> Holds:
    """Of a scope `with_addenda`. `versions`: what was sent of its addenda, the newest last."""
    content = {version.agreement_id: version.content for version in versions}
    addenda: list[Addendum] = scope.papers  # type: ignore[attr-defined]  # with_addenda put them there
    signed = [addendum for addendum in addenda if addendum.agreement.state in IN_FORCE]
    others = [addendum for addendum in addenda if addendum.agreement.state not in IN_FORCE]
    papers, held = [], original(scope)
    first = held
    for addendum in sorted(signed, key=_came_into_force):
        before, held = held, folded(held, addendum.changes.all(), addendum.number)
        papers.append(_paper(addendum, before, held, content, in_force=True))
    papers += [_paper(addendum, held, _would_hold(held, addendum), content, in_force=False) for addendum in others]
    return Holds(first, held, sorted(papers, key=lambda paper: paper.addendum.seq))


def versions_of_addenda(scope: Scope) -> list[SentVersion]:
    sent = SentVersion.objects.filter(agreement__addendum__scope=scope).defer("pdf")
    return list(sent.order_by("agreement", "version"))


def _came_into_force(addendum: Addendum) -> tuple[bool, Any, int]:
    at = addendum.agreement.signed_at
    return (at is None, at, addendum.seq)


def _would_hold(held: Holding, addendum: Addendum) -> Holding | None:
    try:
        return folded(held, addendum.changes.all(), addendum.number)
    except LineGone:
        return None


def _paper(
    addendum: Addendum, before: Holding, after: Holding | None, content: dict[int, Any], *, in_force: bool
) -> Paper:
    effect = after.totals.total - before.totals.total if after else None
    dates = content.get(addendum.agreement_id, {}).get("dates", [])
    return Paper(addendum, effect, in_force, dates)
