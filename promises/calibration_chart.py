"""Geometry of the picture of what was said against what came. Templates draw it, on the page and in the backtest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promises.measure import Bin

WIDTH, HEIGHT = 320, 212
LEFT, RIGHT, TOP, BASE = 38, 318, 10, 178
BAR = 16


@dataclass(frozen=True, slots=True)
class Column:
    """A bar as high as the share that came, what was said as a tick across it, and the bounds of the true share."""

    called: int
    middle: float
    x: float
    y: float | None
    height: float
    said_y: float | None
    low_y: float | None
    high_y: float | None

    # SVG wants two ends of every line.
    @property
    def said_from(self) -> float:
        return self.middle - BAR / 2 - 3

    @property
    def said_to(self) -> float:
        return self.middle + BAR / 2 + 3

    @property
    def cap_from(self) -> float:
        return self.middle - 3

    @property
    def cap_to(self) -> float:
        return self.middle + 3


@dataclass(frozen=True, slots=True)
class Chart:
    columns: list[Column]
    # Height of 0, 25, 50, 75 and 100 in a hundred.
    levels: list[tuple[float, float]]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = RIGHT
    base: int = BASE
    bar: int = BAR


def chart(bins: Sequence[Bin]) -> Chart:
    step = (RIGHT - LEFT) / len(bins)
    columns = [_column(one, round(LEFT + step * (place + 0.5), 1)) for place, one in enumerate(bins)]
    return Chart(columns, [(share, _y(share)) for share in (0.0, 0.25, 0.5, 0.75, 1.0)])


def _column(one: Bin, middle: float) -> Column:
    low, high = one.bounds or (None, None)
    y = None if one.share is None else _y(one.share)
    return Column(
        called=one.called,
        middle=middle,
        x=middle - BAR / 2,
        y=y,
        height=0 if y is None else round(BASE - y, 1),
        said_y=None if one.said is None else _y(one.said),
        low_y=None if low is None else _y(low),
        high_y=None if high is None else _y(high),
    )


def _y(share: float) -> float:
    return round(BASE - share * (BASE - TOP), 1)
