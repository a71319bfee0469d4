"""Geometry of the board's three charts. The templates draw them; every bar is a link to its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from promises.coming_weeks import Week as Load

WIDTH, BASE, TALL = 320, 112, 84
# Of the coming weeks there are four. Where the last are not drawn, the others stay where they are.
WEEK_WIDE = 80
# Under three lines of figures.
LOAD_BASE, INNER = 132, 28


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    count: int
    url: str
    x: int
    y: int
    height: int
    middle: int


def bars(figures: Sequence[tuple[str, int, str]]) -> list[Bar]:
    """(label, count, address) as bars side by side, the tallest at full height."""
    most = max([count for _label, count, _url in figures] + [1])
    step = WIDTH // len(figures)
    width = step - 20
    drawn = []
    for number, (label, count, url) in enumerate(figures):
        height = max(round(TALL * count / most), 1 if count else 0)
        x = 10 + number * step
        drawn.append(Bar(label, count, url, x, BASE - height, height, x + width // 2))
    return drawn


@dataclass(frozen=True, slots=True)
class LoadBar:
    """A week's promised hours and those from before, on the ground of its free ones. What does not fit stands above."""

    label: str
    week: Load
    url: str
    x: int
    inner_x: int
    middle: int
    free_y: int
    free_height: int
    fits_y: int
    fits_height: int
    over_y: int
    over_height: int

    @property
    def top(self) -> int:
        return min(self.free_y, self.over_y)


def loads(weeks: Sequence[tuple[str, Load, str]]) -> list[LoadBar]:
    """(label, week, address) as bars side by side, the most hours at full height."""
    most = max([max(week.promised.needed + week.carried, week.free) for _label, week, _url in weeks] + [1.0])
    drawn = []
    for number, (label, week, url) in enumerate(weeks):
        needed = week.promised.needed + week.carried
        free, whole = (max(round(TALL * hours / most), 1 if hours else 0) for hours in (week.free, needed))
        over = round(TALL * week.over / most) if week.is_over else 0
        fits = max(whole - over, 0)
        x = 10 + number * WEEK_WIDE
        tops = (LOAD_BASE - free, free, LOAD_BASE - fits, fits, LOAD_BASE - fits - over, over)
        middle = x + (WEEK_WIDE - 20) // 2
        drawn.append(LoadBar(label, week, url, x, middle - INNER // 2, middle, *tops))
    return drawn


@dataclass(frozen=True, slots=True)
class Week:
    monday: date
    kept: int
    ended: int
    silent: int
    x: int
    y: int | None

    @property
    def share(self) -> float | None:
        return self.kept / self.ended if self.ended else None


def weeks(figures: Sequence[tuple[date, int, int, int]]) -> list[Week]:
    """Kept on time by week, from 50 % at the foot to 100 % at the top; weeks without an end break the line."""
    step = (WIDTH - 20) / max(len(figures) - 1, 1)
    drawn = []
    for number, (monday, kept, ended, silent) in enumerate(figures):
        y = round(88 - 70 * max(kept / ended - 0.5, 0) / 0.5) if ended else None
        drawn.append(Week(monday, kept, ended, silent, round(10 + number * step), y))
    return drawn


def dots(drawn: Sequence[Week]) -> str:
    """The silent slips as one path of points, at the most four for a week."""
    return " ".join(f"M{week.x} {BASE + 6 - 8 * n}h0" for week in drawn for n in range(min(week.silent, 4)))


def line(drawn: Sequence[Week]) -> list[str]:
    """The stretches of the line as the points of polylines."""
    stretches: list[list[str]] = [[]]
    for week in drawn:
        if week.y is None:
            stretches.append([])
        else:
            stretches[-1].append(f"{week.x},{week.y}")
    return [" ".join(points) for points in stretches if points]
