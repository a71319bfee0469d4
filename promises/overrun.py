"""What a scope takes us, against what was estimated and agreed: beyond the price it is our cost, and it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext as _

from clients.holding import holding
from clients.models import OutsideRequest, Scope
from clients.totals import rounded
from engagement.staff.models import Firm
from engagement.staff.when import speak_money, speak_number
from promises.models import Promise

NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Effort:
    """Hours. `supposed` is the part of `taken` that nobody recorded: estimates stand for it."""

    estimated: Decimal = NOTHING
    taken: Decimal = NOTHING
    supposed: Decimal = NOTHING
    left: Decimal = NOTHING
    outside: Decimal = NOTHING
    # Promises of which nobody said either.
    unknown: int = 0

    @property
    def so_far(self) -> Decimal:
        return self.taken + self.outside

    @property
    def in_all(self) -> Decimal:
        return self.so_far + self.left

    @property
    def over(self) -> Decimal:
        """Beyond what was estimated, as far as is known now."""
        return max(self.in_all - self.estimated, NOTHING) if self.estimated else NOTHING

    def __add__(self, other: Effort) -> Effort:
        names = ("estimated", "taken", "supposed", "left", "outside")
        return Effort(
            **{name: getattr(self, name) + getattr(other, name) for name in names}, unknown=self.unknown + other.unknown
        )


@dataclass(frozen=True, slots=True)
class Cost:
    """What hours come to at the firm's own cost, against the price that holds, without taxes."""

    so_far: Decimal
    in_all: Decimal
    price: Decimal
    currency: str


def effort_of(scope: Scope) -> Effort:
    promises = Promise.objects.filter(scope=scope, voided_at=None).only(
        "estimate_hours", "hours_taken", "hours_left", "per_cent", "delivered_at", "withdrawn_at"
    )
    minutes = OutsideRequest.objects.minutes_outside(scope).minutes()
    return sum(map(_of, promises), Effort(outside=Decimal(minutes) / 60))


def cost_of(scope: Scope, effort: Effort, firm: Firm) -> Cost | None:
    """Nothing where the firm has not said what an hour costs, or said it in other money."""
    if firm.hour_cost is None or firm.currency != scope.currency:
        return None
    so_far, in_all = (rounded(hours * firm.hour_cost, scope.currency) for hours in (effort.so_far, effort.in_all))
    return Cost(so_far, in_all, holding(scope).totals.subtotal, scope.currency)


def cost_words(effort: Effort, cost: Cost) -> list[str]:
    """41 h ≈ €2,050 of €1,800: €250 over, our cost."""
    said = [_sentence(effort.so_far, cost.so_far, cost, _("So far"))]
    if effort.left:
        said.append(_sentence(effort.in_all, cost.in_all, cost, _("With what is still to do")))
    return said


def hours_words(hours: Decimal) -> str:
    return _("%(hours)s h") % {"hours": speak_number(hours.quantize(Decimal("0.1"), ROUND_HALF_UP).normalize() + 0)}


def _sentence(hours: Decimal, comes_to: Decimal, cost: Cost, when: str) -> str:
    over = comes_to - cost.price
    words = {
        "when": when,
        "hours": hours_words(hours),
        "cost": speak_money(comes_to, cost.currency),
        "price": speak_money(cost.price, cost.currency),
        "rest": speak_money(abs(over), cost.currency),
    }
    if over > 0:
        return _("%(when)s: %(hours)s ≈ %(cost)s of %(price)s: %(rest)s over, our cost.") % words
    return _("%(when)s: %(hours)s ≈ %(cost)s of %(price)s: %(rest)s of the price is left.") % words


def _of(promise: Promise) -> Effort:
    estimate = promise.estimate_hours
    left = NOTHING if promise.delivered_at else _left(promise)
    if promise.hours_taken is not None:
        taken, supposed = promise.hours_taken, NOTHING
    else:
        taken = supposed = max(estimate - (left or NOTHING), NOTHING) if estimate is not None else NOTHING
    if promise.withdrawn_at:
        # Only what was done before it was taken back is known, and nothing of it is owed any more.
        return Effort(taken=taken, supposed=supposed)
    is_unknown = estimate is None and promise.hours_taken is None and not left
    return Effort(estimate or NOTHING, taken, supposed, left or NOTHING, unknown=int(is_unknown))


def _left(promise: Promise) -> Decimal | None:
    """By the last update, else by the estimate; None where there is neither."""
    estimate = promise.estimate_hours
    if promise.hours_left is not None:
        return promise.hours_left
    if estimate is None:
        return None
    if promise.per_cent is not None:
        return estimate * (100 - promise.per_cent) / 100
    return max(estimate - (promise.hours_taken or NOTHING), NOTHING)
