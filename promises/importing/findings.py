"""What became of the lines of a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from promises.importing.rows import Fault

MOST_FAULTS_KEPT = 5000


@dataclass
class Findings:
    """Counts, and the first faults and warnings by line."""

    read: int = 0
    made: int = 0
    same: int = 0
    kept_out: int = 0
    warned: int = 0
    faults: list[list[str | int]] = field(default_factory=list)
    warnings: list[list[str | int]] = field(default_factory=list)

    def add_fault(self, *faults: Fault) -> None:
        """The faults of one line that stays out."""
        self.kept_out += 1
        self.faults += [fault.as_list() for fault in faults[: MOST_FAULTS_KEPT - len(self.faults)]]

    def add_warning(self, *warnings: Fault) -> None:
        self.warned += len(warnings)
        self.warnings += [warning.as_list() for warning in warnings[: MOST_FAULTS_KEPT - len(self.warnings)]]

    def add(self, other: Self) -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
