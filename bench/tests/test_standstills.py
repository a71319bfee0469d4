"""Which writes are the product's, and which are those of a machine that stood still."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bench.standstills import Span, Standstills, standstills
from bench.sweeps import Foreground


def pid_of_the_clock():
    mine = f"PPid:\t{os.getpid()}\n"
    for place in Path("/proc").glob("[0-9]*"):
        # Others come and go meanwhile.
        with suppress(OSError):
            if b"bench.standstills" in (place / "cmdline").read_bytes() and mine in (place / "status").read_text():
                return int(place.name)
    raise LookupError("There is no clock.")


@pytest.mark.parametrize(
    ("begin", "end", "shared"), [(0, 1, 0), (0, 2.25, 0.25), (2.25, 2.5, 0.25), (2.75, 9, 0.25), (0, 9, 1), (3, 4, 0)]
)
def test_what_two_spans_share(begin, end, shared):
    assert Span(begin, end).shared_with(Span(2, 3)) == shared
    assert Span(2, 3).shared_with(Span(begin, end)) == shared


def test_what_the_machine_stood_still_is_taken_off_a_write_and_no_more():
    seen = Foreground(
        writes=[Span(0, 0.004), Span(1, 1.030), Span(2, 2.3)],
        standstills=Standstills(True, [Span(1.9, 2.01), Span(2.2, 2.25), Span(7, 8)]),
    )

    assert seen.worst_write() == pytest.approx(240)


def test_a_standstill_is_noted_where_it_was():
    with standstills() as found:
        time.sleep(0.1)
        clock = pid_of_the_clock()
        began = time.monotonic()
        os.kill(clock, signal.SIGSTOP)
        time.sleep(0.2)
        os.kill(clock, signal.SIGCONT)
        ended = time.monotonic()
        time.sleep(0.1)

    if not found.is_known:
        assert found.spans == []
        pytest.skip("this system lets nobody go before all others")
    assert max(span.shared_with(Span(began, ended)) for span in found.spans) >= 0.19
