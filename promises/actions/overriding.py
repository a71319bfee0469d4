from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from engagement.staff.models import User
from promises.actions.base import write
from promises.due import Due
from promises.models import CapacityOverride, Promise


@dataclass(frozen=True, slots=True)
class Override:
    """More was taken on than the diary holds: what was shown before, and why it was done all the same."""

    free_hours: float
    hours: float | None
    chance: float
    reason: str


def keep_override(promise: Promise, override: Override | None, due: Due, by: User, now: datetime) -> None:
    """In the transaction of what was taken on. Ours alone: no client reads the reason."""
    if override is None:
        return
    figures = {"free_hours": override.free_hours, "hours": override.hours, "chance": override.chance}
    reason = override.reason.strip()
    CapacityOverride.objects.create(promise=promise, at=now, by=by, due_at=due.at, reason=reason, **figures)
    shown = {name: None if figure is None else round(figure, 4) for name, figure in figures.items()}
    write(
        promise, "capacity_overridden", now, by, due=due.at.isoformat(), on=due.on.isoformat(), reason=reason, **shown
    )
