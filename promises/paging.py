"""Where a page of promises begins and ends: by the days it is asked for, and behind the row that was the last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from django.db.models import Q, QuerySet

from promises.models import Promise

# A day begins so long before it does in UTC on the first islands, and ends so long after on the last.
EARLIEST_ZONE, LATEST_ZONE = timedelta(hours=14), timedelta(hours=12)

SomeRows = TypeVar("SomeRows", bound=QuerySet[Promise])


@dataclass(frozen=True)
class Cursor:
    """Where a page ended: segment, moment, row. Written into addresses; nonsense reads as the first page."""

    segment: int = 0
    at: datetime | None = None
    pk: int = field(default=0)

    @classmethod
    def read(cls, text: str) -> Cursor:
        segment, _, rest = text.partition("~")
        moment, _, pk = rest.partition("~")
        try:
            return cls(int(segment), datetime.fromisoformat(moment).astimezone(UTC), int(pk))
        except (ValueError, OverflowError):
            return cls()

    def written(self) -> str:
        assert self.at
        return f"{self.segment}~{self.at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}~{self.pk}"


def due_between(rows: SomeRows, first: date | None, last: date | None) -> SomeRows:
    """Due on these days of their own zones. The instants around them let an index by `due_at` find them."""
    begins, ends = _around(first, last)
    if begins:
        rows = rows.filter(due_on__gte=first, due_at__gte=begins)
    if ends:
        rows = rows.filter(due_on__lte=last, due_at__lte=ends)
    return rows


def _around(first: date | None, last: date | None) -> tuple[datetime | None, datetime | None]:
    """The instants around these days, wherever the days are."""
    begins = datetime.combine(first, time.min, UTC) - EARLIEST_ZONE if first else None
    return begins, datetime.combine(last + timedelta(days=1), time.min, UTC) + LATEST_ZONE if last else None


def after_due(at: datetime, pk: int) -> Q:
    """Behind this row by date. The moment alone leads to the place in the index: of two ways "or", none would."""
    return Q(due_at__gte=at) & (Q(due_at__gt=at) | Q(pk__gt=pk))


def after_end(at: datetime, pk: int) -> Q:
    """Behind this row, the latest end first."""
    return Q(ended_at__lte=at) & (Q(ended_at__lt=at) | Q(pk__lt=pk))
