"""The lines of a run: JSON on standard output as they come, a table at the end, and `bench/results.md`."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from tqdm import tqdm

from bench.ratio import Interval

RESULTS = Path(__file__).resolve().parent / "results.md"


@dataclass(frozen=True, slots=True)
class Line:
    """One promise of speed. `value` is the unfavourable end of what was measured; None: it could not be."""

    name: str
    limit: float | None
    measured: Interval | None = None
    aim: float | None = None
    # The limit is the least, not the most.
    is_floor: bool = False
    note: str = ""

    @property
    def value(self) -> float | None:
        if self.measured is None:
            return None
        return self.measured.low if self.is_floor else self.measured.high

    @property
    def ok(self) -> bool | None:
        if self.value is None or self.limit is None:
            return None
        return self.value >= self.limit if self.is_floor else self.value <= self.limit

    def as_json(self) -> str:
        row: dict[str, object] = {"name": self.name, "value": _rounded(self.value), "limit": self.limit, "ok": self.ok}
        if self.value is None:
            row["why"] = self.note
        return json.dumps(row, ensure_ascii=False)

    def as_row(self) -> list[str]:
        limit = "–" if self.limit is None else f"{'≥' if self.is_floor else '≤'} {self.limit:.3g}"
        aim = "–" if self.aim is None else f"{self.aim:.3g}"
        verdict = {True: "holds", False: "**missed**", None: "not measured" if self.value is None else "–"}[self.ok]
        return [self.name, "–" if self.measured is None else str(self.measured), limit, aim, verdict, self.note]


HEADINGS = ("line", "median (90 % interval)", "must", "aim", "", "how it came about")


@dataclass
class Report:
    """What a run found. One line is said as soon as it is known."""

    lines: list[Line] = field(default_factory=list)

    def add(self, *lines: Line) -> None:
        for line in lines:
            self.lines.append(line)
            tqdm.write(line.as_json(), file=sys.stdout)
            sys.stdout.flush()

    @property
    def missed(self) -> list[Line]:
        return [line for line in self.lines if line.ok is False]

    def table(self) -> str:
        rows = [HEADINGS, *(line.as_row() for line in self.lines)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS) - 1)]
        return "\n".join(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=True)), row[-1]]).rstrip()
            for row in rows
        )

    def markdown(self) -> str:
        rows = [HEADINGS, ["---"] * len(HEADINGS), *(line.as_row() for line in self.lines)]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write_results(title: str, words: str, report: Report, file: Path = RESULTS) -> None:
    """Put this run's part in place of the last one of the same title; the others stay."""
    kept = file.read_text() if file.exists() else "# How fast, measured\n"
    part = f"## {title}\n\n{words}\n\n{report.markdown()}\n"
    pattern = re.compile(rf"^## {re.escape(title)}$.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    replaced, found = pattern.subn(lambda _found: part + "\n", kept)
    file.write_text((replaced if found else f"{kept.rstrip()}\n\n{part}").rstrip() + "\n")


def circumstances(now: datetime, postgres: str, seconds: float) -> str:
    """Where and when, in general words: the figures are ratios, and the machine is nobody's business."""
    import django

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{now:%-d %B %Y}, {os.cpu_count()} cores, {memory:.0f} GB, Python {platform.python_version()}, "
        f"Django {django.get_version()}, PostgreSQL {postgres}; the run took {seconds / 60:.0f} minutes."
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
