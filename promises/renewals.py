"""Scopes near their end, and the figures to decide by: arithmetic over what is on record, nothing guessed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Self

from django.db.models import Count, Q, QuerySet, Sum

from clients.actions.welcome import signed_day
from clients.holding import holding
from clients.models import Client, OutsideRequest, Scope
from engagement.staff.models import Firm
from promises.models import Extension, Outcome, Promise

ON_TIME = (Outcome.KEPT, Outcome.KEPT_LATER)


def near_end(firm: Firm, now: datetime) -> QuerySet[Scope]:
    """In force, ending within the firm's days or over already, and nobody has decided. The soonest first."""
    return ending_by(last_near(firm, now))


def last_near(firm: Firm, now: datetime) -> date:
    """The last day that is near enough to be spoken of."""
    return now.astimezone(firm.zoneinfo).date() + timedelta(days=firm.renewal_days)


def ending_by(day: Any) -> QuerySet[Scope]:
    ending = Scope.objects.in_force().filter(ends_on__lte=day, renewal=None, client__archived_at=None)
    return ending.order_by("ends_on", "pk")


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of promises. None where nothing was logged, which is not the same as nought."""

    open: int
    ended: int
    kept: int
    kept_later: int
    late_told: int
    late_silent: int
    late_unknown: int
    early: int
    days_early: int
    days_late: int
    asked_by_us: int
    requests: int
    request_minutes: int | None

    @property
    def on_time(self) -> int:
        return self.kept + self.kept_later

    @property
    def kept_rate(self) -> Decimal | None:
        return Decimal(self.on_time) / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one scope, and of all that was promised to the client since it began."""

    since: date
    of_scope: Tally
    of_client: Tally
    price: Decimal | None
    currency: str

    def as_json(self) -> dict[str, Any]:
        price = None if self.price is None else str(self.price)
        return {**asdict(self), "since": self.since.isoformat(), "price": price}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(
            since=date.fromisoformat(kept["since"]),
            of_scope=Tally(**kept["of_scope"]),
            of_client=Tally(**kept["of_client"]),
            price=None if kept["price"] is None else Decimal(kept["price"]),
            currency=kept["currency"],
        )


def figures(scope: Scope) -> Figures:
    since = scope.starts_on or signed_day(scope)
    held = holding(scope)
    return Figures(
        since=since,
        of_scope=_of_scope(scope),
        of_client=_of_client(scope.client, since),
        price=held.totals.total if held.services else None,
        currency=held.currency,
    )


def _of_scope(scope: Scope) -> Tally:
    promises = Promise.objects.filter(scope=scope)
    asked = Extension.objects.filter(promise__scope=scope)
    return _tally(promises, asked, OutsideRequest.objects.filter(scope=scope))


def _of_client(client: Client, since: date) -> Tally:
    began = datetime.combine(since, time(), tzinfo=client.zoneinfo)
    promises = Promise.objects.filter(client=client).filter(Q(ended_at=None) | Q(ended_at__gte=began))
    asked = Extension.objects.filter(promise__client=client, at__gte=began)
    return _tally(promises, asked, OutsideRequest.objects.filter(client=client, asked_on__gte=since))


def _tally(promises: QuerySet[Promise], asked: QuerySet[Extension], requests: QuerySet[OutsideRequest]) -> Tally:
    with_outcome = {str(outcome): Count("pk", filter=Q(outcome=outcome)) for outcome in Outcome}
    sums = promises.filter(voided_at=None).aggregate(
        open=Count("pk", filter=Q(ended_at=None)),
        ended=Count("pk", filter=~Q(outcome="")),
        early=Count("pk", filter=Q(days_early__gt=0)),
        days_early=Sum("days_early", default=0),
        days_late=Sum("days_late", default=0),
        **with_outcome,
    )
    outside = requests.aggregate(requests=Count("pk"), request_minutes=Sum("minutes"))
    return Tally(**sums, **outside, asked_by_us=asked.filter(asked_by=Extension.AskedBy.US).count())
