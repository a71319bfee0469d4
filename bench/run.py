"""Every promise of speed, in one run: `make bench`, or `python bench/run.py SIZE [SIZE]`.

PostgreSQL and Redis of its own are started and thrown away. The first size is the small one that the others are held
against. Each line comes as JSON on standard output as soon as it is known, then a table; `bench/results.md` keeps them.
Ends with 1 where a line misses what it must reach. `--skewed` takes sets in which far too much falls to one client, one
owner and one hour, and measures the parts in which that may matter.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tqdm import tqdm

from bench import dispatch, pages, report, sweeps, writes
from bench.generate import Plan, fill, tidy
from bench.places import Servers, Web, connect, drop_database, new_database, servers, version_of_postgres
from bench.ratio import exactly
from bench.report import Line, Report

logger = logging.getLogger(__name__)
SMALL, LARGE = 1_000, 100_000
TITLE, TITLE_OF_MORE = "Ours", "Ours, of {large:,} promises"
SKEWED = "with a fifth of all for one client, a tenth with one owner, and one in twenty due within one hour"
# Rounds of pages, and of logging.
ROUNDS, LOGGED = 80, 60
# Of a sweep and the bare statement: of eight, one alone does not decide. Of a million they would take too long.
PAIRS, FEWER_PAIRS = 8, 3
PARTS = ("pages", "sweeps", "dispatch", "import")
OF_SKEWED = PARTS[:2]
MESSAGES, TASKS = 8_000, 2_000
MOST_IMPORTED = 100_000


@dataclass
class Run:
    found: Servers
    small: int
    large: int
    skewed: bool
    now: datetime
    bar: tqdm
    report: Report = field(default_factory=Report)
    peaks: dict[int, float] = field(default_factory=dict)

    def plan(self, size: int) -> Plan:
        return Plan(size, self.now, skewed=self.skewed)

    def say(self, words: str) -> None:
        self.bar.set_description(words)

    def measure(self, part: str) -> None:
        """What breaks off is a line that was missed, and keeps nothing else from being measured."""
        measured = {"pages": self.pages, "sweeps": self.sweeps, "dispatch": self.dispatch, "import": self.bring_in}
        try:
            measured[part]()
        except Exception as error:
            logger.exception("The %s could not be measured.", part)
            self.report.add(Line(f"{part}, measured at all", 1, exactly(0), is_floor=True, note=repr(error)[:200]))

    def generate(self) -> None:
        from django.core.management import call_command

        for size in (self.small, self.large):
            self.say(f"generating {size:,}")
            new_database(f"ours_{size}")
            call_command("migrate", verbosity=0)
            fill(self.plan(size), bar=False)
            tidy()
            connect("postgres")
            self.bar.update()

    def pages(self) -> None:
        """The first sweep while people work; and then, with everything looked at, the pages."""
        with contextlib.ExitStack() as ends:
            webs: dict[int, Web] = {}
            sites: dict[int, pages.Site] = {}
            for size in (self.small, self.large):
                self.say(f"first sweep of {size:,}, people at work")
                database = f"live_{size}"
                new_database(database, f"ours_{size}")
                webs[size] = ends.enter_context(self.found.web(database))
                sites[size] = pages.site(self.plan(size), webs[size], self.now)
                self.sweep_beside_people(size, sites[size])
                tidy()
                # The bands are others now, and so is the last page.
                sites[size].addresses = pages.addresses_of(self.plan(size), self.now)
                self.bar.update()
            self.say("pages")
            took = pages.measure(sites, ROUNDS, self.bar)
            self.report.add(*pages.lines(self.small, self.large, took))
            self.say("statements")
            self.report.add(*writes.statements(sites[self.large].addresses, self.large, self.now))
            self.say("logging")
            clients = {size: self.plan(size).clients for size in sites}
            self.report.add(writes.log_promises(sites, clients, self.now, LOGGED, self.bar))
            self.report.add(self.memory("web worker", 8, 4, {size: web.peak() for size, web in webs.items()}))
        connect("postgres")

    def sweep_beside_people(self, size: int, site: pages.Site) -> None:
        database = f"live_{size}"
        lines, result = sweeps.beside_people(self.found, database, self.now, site.boss, site.addresses[pages.BOARDS[0]])
        self.peaks[size] = result["peak"]
        if size == self.large:
            self.report.add(*lines, self.memory("sweep worker", 32, 16, self.peaks))

    def memory(self, whose: str, limit: float, aim: float, peaks: dict[int, float]) -> Line:
        return Line(
            f"{whose}, peak memory at {self.large:,} over {self.small:,}, MB",
            limit,
            exactly(peaks[self.large] - peaks[self.small]),
            aim,
            note=f"{peaks[self.large]:.0f} MB against {peaks[self.small]:.0f} MB",
        )

    def sweeps(self) -> None:
        # Of those that bench/sweep.py makes, one may be left by an earlier run on a server that was named.
        for name in (f"live_{self.large}", "measured", f"made_{self.small}", f"made_{self.large}"):
            drop_database(name)
        self.say("sweep beside the bare statement")
        environ = self.found.environ("postgres") | {
            "TEST_DATABASE_URL": f"{self.found.postgres.rsplit('/', 1)[0]}/postgres",
            "DATABASE_URL": "",
        }
        pairs = PAIRS if self.large <= LARGE else FEWER_PAIRS
        self.report.add(*sweeps.beside_statement(self.small, self.large, pairs, self.skewed, environ))
        for name in ("measured", f"made_{self.large}"):
            drop_database(name)
        self.bar.update()
        self.say("four sweeps at once")
        kills, rounds = (20, 3) if self.large > LARGE else (6, 5)
        self.report.add(*sweeps.four_at_once(self.found, f"ours_{self.large}", self.now, kills, rounds))
        self.bar.update()

    def dispatch(self) -> None:
        self.say("dispatch")
        writes.empty_firm()
        self.report.add(*dispatch.lines(self.found, MESSAGES, TASKS))
        self.bar.update()

    def bring_in(self) -> None:
        self.say("import")
        writes.empty_firm()
        self.report.add(writes.import_line(min(self.large, MOST_IMPORTED), self.now, self.bar))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, metavar="SIZE", help=f"default {SMALL} {LARGE}")
    parser.add_argument("--part", choices=PARTS, help="measure that alone, and keep no results")
    parser.add_argument("--skewed", action="store_true", help=f"promises {SKEWED}")
    given = parser.parse_args()
    small, large = sizes_of(given.sizes)
    began, now = time.monotonic(), datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with servers() as found:
        total = 9 + pages.WARM_UP + ROUNDS + writes.WARM_UP + LOGGED
        with tqdm(total=total, unit="step", disable=None) as bar:
            run = Run(found, small, large, given.skewed, now, bar)
            bar.write(f"Promises: {small:,} and {large:,}, three tenths of them open.", file=sys.stderr)
            parts = [given.part] if given.part else OF_SKEWED if given.skewed else PARTS
            if {"pages", "sweeps"} & {*parts}:
                run.generate()
            for part in parts:
                run.measure(part)
        words = said_of(run, time.monotonic() - began)
    if not given.part:
        # What takes the default's time stands beside what takes the whole.
        title = TITLE if large <= LARGE else TITLE_OF_MORE.format(large=large)
        report.write_results(f"{title}, {SKEWED}" if given.skewed else title, words, run.report)
    sys.stdout.write(f"\n{run.report.table()}\n\n{words}\n")
    return 1 if run.report.missed else 0


def sizes_of(given: Sequence[int]) -> tuple[int, int]:
    """One size is held against the small one."""
    sizes = sorted({*given, SMALL} if len(given) < 2 else set(given))
    return (SMALL, LARGE) if sizes == [SMALL] else (sizes[0], sizes[-1])


def said_of(run: Run, seconds: float) -> str:
    command, kind = ("`python bench/run.py --skewed`", f", {SKEWED}") if run.skewed else ("`make bench`", "")
    where = report.circumstances(datetime.now(UTC), version_of_postgres(), seconds)
    return (
        f"{command} with {run.small:,} and {run.large:,} promises{kind}. {where} Three tenths of the promises are"
        " open: a stress case, hardly a firm's. Each figure is held against its limit by the unfavourable end of its"
        " interval."
    )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    sys.exit(main())
