"""When the machine itself stood still: a virtual one is now and then given no processor for tens of milliseconds.

A process that does nothing but look at the clock, before everybody else's turn, notes when it was not let to. Neither a
lock of ours nor how much there is to do keeps it waiting, though a kernel that is busy with our files may. Where the
system gives nobody that place, nothing can be said.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from engagement.supervisor import end_with_parent
from engagement.testservers import ROOT

# Between two looks at the clock, and how much later than that is worth noting.
EVERY, LATE = 0.002, 0.008
BEFORE_EVERYBODY, IS_FIRST = 50, "first"


class Span(NamedTuple):
    """Of a clock that all processes of a machine share, in seconds."""

    begin: float
    end: float

    def shared_with(self, other: Span) -> float:
        return max(0.0, min(self.end, other.end) - max(self.begin, other.begin))


@dataclass
class Standstills:
    """`is_known`: whether anything can be said of them here."""

    is_known: bool = False
    spans: list[Span] = field(default_factory=list)


@contextmanager
def standstills() -> Iterator[Standstills]:
    """Those of the time inside. The list is filled when that is over."""
    found = Standstills()
    watch = subprocess.Popen(
        [sys.executable, "-m", "bench.standstills"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_parent(),
    )
    assert watch.stdout
    if not (begun := watch.stdout.readline().strip()):
        raise RuntimeError("The clock beside it did not begin.")
    found.is_known = begun == IS_FIRST
    try:
        yield found
    finally:
        # It ends when nobody has anything more to say to it.
        said, _errors = watch.communicate()
        if found.is_known:
            found.spans += [Span(*map(float, line.split())) for line in said.splitlines()]


def note_them() -> None:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(BEFORE_EVERYBODY))
        begun = IS_FIRST
    except (AttributeError, OSError):
        begun = "not first"
    os.set_blocking(sys.stdin.fileno(), False)
    sys.stdout.write(f"{begun}\n")
    sys.stdout.flush()
    noted, last = [], time.monotonic()
    while not _is_over():
        time.sleep(EVERY)
        now = time.monotonic()
        if now - last > EVERY + LATE:
            noted.append((last, now))
        last = now
    sys.stdout.writelines(f"{begin!r} {end!r}\n" for begin, end in noted)


def _is_over() -> bool:
    try:
        return os.read(sys.stdin.fileno(), 1) == b""
    except BlockingIOError:
        return False


if __name__ == "__main__":
    note_them()
