"""The sweep as a worker does it: beside people who work, four at once, killed in the middle, and counted by hand."""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from bench.browser import Browser
from bench.places import Servers, connect, mortal, new_database
from bench.ratio import apart, exactly, of_few, p95
from bench.report import Line
from bench.standstills import Span, Standstills, standstills
from engagement.supervisor import end_with_parent
from engagement.testservers import ROOT

BENCH = Path(__file__).resolve().parent
# Between two writes, and between two looks at the board.
PAUSE = 0.01
# Idle writes go on for about as long as the sweep at its usual rate: the longer one looks, the worse the worst.
IDLE_LASTS, SWEPT_A_SECOND = 8.0, 2500
AT_ONCE = 4
FASTEST_WRITE = 25.0


# --- one worker -------------------------------------------------------------------------------------------------------


class Sweeper:
    """A process of its own, so that its memory and its death are its own."""

    def __init__(self, servers: Servers, database: str, now: datetime) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(BENCH / "sweeper.py"), now.isoformat()],
            cwd=ROOT,
            env=servers.environ(database),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent(),
        )

    def wait_until_ready(self) -> None:
        assert self._process.stdout
        if not self._process.stdout.readline():
            raise RuntimeError(f"The sweep did not begin: {self._process.communicate()[1][-500:]}")

    def begin(self) -> None:
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        out, errors = self._process.communicate()
        if self._process.returncode:
            raise RuntimeError(f"The sweep broke off: {errors[-500:]}")
        said: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        return said


def sweep(servers: Servers, database: str, now: datetime) -> dict[str, Any]:
    worker = Sweeper(servers, database, now)
    worker.wait_until_ready()
    worker.begin()
    return worker.result()


# --- beside people who work -------------------------------------------------------------------------------------------


@dataclass
class Foreground:
    """When a person's writes and looks at the board began and ended, and when the machine itself stood still."""

    writes: list[Span] = field(default_factory=list)
    looks: list[Span] = field(default_factory=list)
    standstills: Standstills = field(default_factory=Standstills)

    def worst_write(self) -> float:
        """In milliseconds, without those of them in which the machine itself stood still."""
        return max(
            (end - begin - sum(Span(begin, end).shared_with(still) for still in self.standstills.spans)) * 1000
            for begin, end in self.writes
        )

    def stood_still(self) -> str:
        stills = lasted(self.standstills.spans)
        return f"{len(stills)} times, {sum(stills):.0f} ms together and {max(stills, default=0):.0f} ms at the most"


@contextmanager
def people_at_work(servers: Servers, database: str, board: Callable[[], float]) -> Iterator[Foreground]:
    over, found = threading.Event(), Foreground()
    write, close = _writer(servers, database)

    def again_and_again(act: Callable[[], object], took: list[Span]) -> None:
        while not over.is_set():
            began = time.monotonic()
            act()
            took.append(Span(began, time.monotonic()))
            over.wait(PAUSE)

    threads = [
        threading.Thread(target=again_and_again, args=(write, found.writes)),
        threading.Thread(target=again_and_again, args=(board, found.looks)),
    ]
    with standstills() as found.standstills:
        for thread in threads:
            thread.start()
        try:
            yield found
        finally:
            over.set()
            for thread in threads:
                thread.join()
            close()


def lasted(spans: Sequence[Span]) -> list[float]:
    """In milliseconds."""
    return [(end - begin) * 1000 for begin, end in spans]


def _writer(servers: Servers, database: str) -> tuple[Callable[[], None], Callable[[], None]]:
    """Says how a promise stands, anyone of those that are open: an update, and its row."""
    import psycopg2

    line = psycopg2.connect(servers.environ(database)["DATABASE_URL"])
    cursor = line.cursor()
    cursor.execute("SELECT id, owner_id FROM promises_promise WHERE ended_at IS NULL ORDER BY id")
    still_open, draw = cursor.fetchall(), random.Random(4)
    line.commit()
    # To look through all of these for what may be let go takes longer than a write.
    gc.collect()
    gc.freeze()

    def write() -> None:
        promise, owner = draw.choice(still_open)
        cursor.execute("UPDATE promises_promise SET last_update_at = now() WHERE id = %s", [promise])
        cursor.execute(
            "INSERT INTO promises_progressupdate (promise_id, standing, text, by_id, at)"
            " VALUES (%s, 'on_track', 'The drawings are with the engineer.', %s, now())",
            [promise, owner],
        )
        line.commit()

    return write, line.close


def _open_in(servers: Servers, database: str) -> int:
    import psycopg2

    with closing(psycopg2.connect(servers.environ(database)["DATABASE_URL"])) as line, line.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM promises_promise WHERE ended_at IS NULL")
        return int(cursor.fetchone()[0])


def beside_people(
    servers: Servers, database: str, now: datetime, board: Browser, address: str
) -> tuple[list[Line], dict[str, Any]]:
    """The first sweep while somebody writes and somebody looks at the board; before that the same without it."""

    def look() -> float:
        return board.get(address)

    for _ in range(30):
        look()
    with people_at_work(servers, database, look) as idle:
        time.sleep(max(IDLE_LASTS, _open_in(servers, database) / SWEPT_A_SECOND))
    worker = Sweeper(servers, database, now)
    worker.wait_until_ready()
    with people_at_work(servers, database, look) as busy:
        worker.begin()
        result = worker.result()
    worst_idle = idle.worst_write()
    looked = f"{result['looked']:,} looked at in {result['seconds']:.1f} s"
    looks, idle_looks = lasted(busy.looks), lasted(idle.looks)
    return [
        Line(
            "worst foreground write during the first sweep, ms",
            round(max(FASTEST_WRITE, 5 * worst_idle), 1),
            exactly(busy.worst_write()),
            10,
            note=f"of {len(busy.writes)} writes, idle worst {worst_idle:.1f} ms of {len(idle.writes)}; {looked}",
        ),
        # Without a limit: nearly all of what it adds is the machine's, not ours.
        Line(
            "the same with the moments in which the machine itself stood still, ms",
            None,
            exactly(max(lasted(busy.writes))),
            note=f"during the sweep {busy.stood_still()}; idle {idle.stood_still()}"
            if busy.standstills.is_known
            else "nothing is known of such moments: no process here may go before all others",
        ),
        Line(
            "board p95 during the first sweep against idle",
            2,
            apart(looks, idle_looks),
            1.5,
            note=f"{p95(looks):.1f} ms of {len(looks)} against {p95(idle_looks):.1f} ms of {len(idle_looks)}",
        ),
    ], result


# --- four at once -----------------------------------------------------------------------------------------------------


def four_at_once(servers: Servers, template: str, now: datetime, kills: int, rounds: int) -> list[Line]:
    one, four = [], []
    for _ in range(rounds):
        for took, many in ((one, 1), (four, AT_ONCE)):
            new_database("swept", template)
            connect("postgres")
            took.append(_time_of(servers, now, many))
    killed, seconds = _with_kills(servers, template, now, kills, statistics.median(one))
    doubled, missing = against_hand_count(now)
    connect("postgres")
    took_all = f"{statistics.median(four):.1f} s against {statistics.median(one):.1f} s, medians of {rounds}"
    died = f"after {killed} kills within {seconds:.1f} s, counted by hand over all promises"
    return [
        Line(
            "four sweeps at once, time against one",
            1.3,
            apart(four, one, statistics.median),
            1.1,
            note=took_all,
        ),
        Line("four sweeps at once with kills, doubled", 0, exactly(doubled), note=died),
        Line("four sweeps at once with kills, missing", 0, exactly(missing), note=died),
    ]


def _time_of(servers: Servers, now: datetime, many: int) -> float:
    workers = [Sweeper(servers, "swept", now) for _ in range(many)]
    for worker in workers:
        worker.wait_until_ready()
    for worker in workers:
        worker.begin()
    # Those that lose leave at once; whoever works is the last.
    return max(worker.result()["seconds"] for worker in workers)


def _with_kills(servers: Servers, template: str, now: datetime, kills: int, one_takes: float) -> tuple[int, float]:
    """Workers die at random moments, and others come in their place, until all is looked at."""
    new_database("swept", template)
    connect("postgres")
    said = mortal(servers, "swept", "sweep", kills, one_takes, now)
    # Who was killed last may have left something due.
    sweep(servers, "swept", now)
    return said["killed"], said["seconds"]


# Who is to be reminded of what after a first sweep, by the promises alone: owners of what is at risk or overdue and
# not told, and from tell-by on their manager too. Nobody here is away, has left, or serves a restricted client.
WANTED = """
SELECT held.id, CASE WHEN due_at <= %(now)s THEN 'slipped' WHEN tell_by_at <= %(now)s THEN 'tell_by' ELSE 'at_risk' END,
    due_at, %(now)s::timestamptz, person
FROM promises_promise AS held JOIN staff_user AS owner ON owner.id = owner_id
    CROSS JOIN LATERAL unnest(CASE WHEN least(due_at, tell_by_at) <= %(now)s THEN ARRAY[owner_id, owner.manager_id]
        ELSE ARRAY[owner_id] END) AS person
WHERE ended_at IS NULL AND told_at IS NULL AND (due_at <= %(now)s OR band = 'at_risk')
"""
WRITTEN = "SELECT promise_id, kind, about_due_at, alarm_at, person_id FROM promises_reminder"
DOUBLED = f"""
SELECT (SELECT count(*) FROM ({WRITTEN} EXCEPT ALL ({WANTED})) AS too_many)
    + (SELECT count(*) - count(DISTINCT promise_id) FROM promises_riskreading)
"""
MISSING = f"""
SELECT (SELECT count(*) FROM (({WANTED}) EXCEPT ALL {WRITTEN}) AS lacking)
    + (SELECT count(*) FROM promises_promise AS held WHERE ended_at IS NULL AND (chance IS NULL
        OR (due_at <= %(now)s) <> (band = 'overdue') OR next_look_at <= %(now)s
        OR NOT EXISTS (SELECT FROM promises_riskreading AS read WHERE read.promise_id = held.id)))
"""


def against_hand_count(now: datetime) -> tuple[int, int]:
    """Reminders and readings that should not be there, and those that should and are not."""
    from django.db import connection

    connect("swept")
    counts = []
    with connection.cursor() as cursor:
        for statement in (DOUBLED, MISSING):
            cursor.execute(statement, {"now": now})
            counts.append(int(cursor.fetchone()[0]))
    return counts[0], counts[1]


# --- beside the bare statement ----------------------------------------------------------------------------------------


def beside_statement(small: int, large: int, rounds: int, skewed: bool, environ: dict[str, str]) -> list[Line]:
    """What `bench/sweep.py` measures, on copies of its own."""
    command = [sys.executable, str(BENCH / "sweep.py"), str(small), str(large), "--rounds", str(rounds)]
    command += ["--skewed"] if skewed else []
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"bench/sweep.py broke off: {done.stderr[-500:]}")
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]

    def seconds(size: int, what: str) -> list[float]:
        return [row["seconds"] for row in rows if row.get("size") == size and row["what"] == what]

    def beside(name: str, what: str, bare: str, limit: float | None = 4) -> Line:
        mine, theirs = seconds(large, what), seconds(large, bare)
        rates = [one / other for one, other in zip(mine, theirs, strict=True)]
        note = f"{statistics.median(mine):.3g} s against {statistics.median(theirs):.3g} s, {len(mine)} pairs"
        return Line(f"{name} at {large:,}", limit, of_few(rates), 2 if limit else None, note=note)

    none = [many / few for many, few in zip(seconds(large, "nothing due"), seconds(small, "nothing due"), strict=True)]
    first = next(row for row in rows if row.get("size") == large and row["what"] == "first")
    return [
        beside("full first sweep against the one bare statement", "first", "statement"),
        beside("sweep with 2 % due against bare incremental SQL", "2 % due", "statement, 2 % due"),
        # It reads the record first, which the workers of a firm do once in some minutes: no promise, but no secret.
        beside("the same by a worker just started", "2 % due, new worker", "statement, 2 % due", None),
        Line(f"sweep with nothing due, {large:,} against {small:,}", 3, of_few(none), 1.5),
        Line("statements per 1,000 changed rows", 10, exactly(first["statements a thousand"]), 5),
    ]
