"""What the watch costs beside the one SQL statement that touches the same rows: `python bench/sweep.py [SIZE ...]`.

Sizes are numbers of promises, three tenths of them open: a stress case, hardly a firm's (default 1000 10000 100000).
A PostgreSQL server of its own is started, as for the tests, and thrown away. Every measurement of a size runs on a
fresh copy of one generated database, the statement and the sweep in turn, so that they meet the same day of the
machine. Prints a line of JSON for each, and the ratios at the end of a size. Progress goes to the terminal.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tqdm import tqdm

from bench.generate import BOSS_EMAIL, HOURS, Plan, fill, tidy
from bench.places import new_database
from engagement.testservers import postgres

# A Wednesday, eleven o'clock in Johannesburg.
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# So often two in a hundred come due, and so often it is asked whether anything is: one alone of what is over so soon
# says little.
CAME_DUE, ASKED = 3, 21
PARTS = ("statement", "first", "2 % due", "2 % due, new worker", "nothing due")

# A rule in one statement: every row that is due is marked and hinted anew, each new band is kept with its sentence, and
# whoever owns what is not on its way is reminded once. The sweep writes as much, and more reminders.
ONE = """
WITH due AS (
    SELECT id, owner_id, due_at, chance, told_at, band AS was, CASE WHEN due_at <= %(now)s THEN 'overdue'
        WHEN due_at <= %(now)s + 3 * hours_left * interval '1 hour' THEN 'at_risk'
        WHEN last_update_at <= %(now)s - interval '7 days' THEN 'watch' ELSE 'on_track' END AS band
    FROM promises_promise WHERE ended_at IS NULL AND next_look_at <= %(now)s
), marked AS (
    UPDATE promises_promise AS held SET band = due.band, chance = 0.25, sentence = %(sentence)s,
        alarm_at = CASE WHEN due.band IN ('overdue', 'at_risk') AND due.told_at IS NULL
            THEN coalesce(held.alarm_at, %(now)s) END,
        slipped_at = CASE WHEN due.band = 'overdue' AND due.told_at IS NULL THEN due.due_at END,
        next_look_at = CASE WHEN due.band <> 'overdue' THEN %(now)s + interval '1 day' END
    FROM due WHERE held.id = due.id
), kept AS (
    INSERT INTO promises_riskreading (promise_id, at, band, chance, sentence, due_at, days_left)
    SELECT id, %(now)s, band, 0.25, %(sentence)s, due_at, 5 FROM due WHERE chance IS NULL OR band <> was
)
INSERT INTO promises_reminder (promise_id, kind, about_due_at, alarm_at, person_id, message_id, at)
SELECT id, CASE WHEN band = 'overdue' THEN 'slipped' ELSE 'at_risk' END, due_at, %(now)s, owner_id,
    (SELECT min(id) FROM outbox_message), %(now)s
FROM due WHERE band <> 'on_track' AND band <> was
"""
SENTENCE = (
    "About 9 hours left; jobs of this size took 1.4 × their estimate; about 5 hours free before Fri 20 Nov, 17:00."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000], metavar="SIZE")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of statement and sweep for each size")
    parser.add_argument("--hours", type=float, default=HOURS, help="the middle estimate of what is promised")
    parser.add_argument("--skewed", action="store_true", help="far too much for one client, one owner and one hour")
    given = parser.parse_args()
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="engagement-bench-")))
        folder.chmod(0o755)
        os.environ |= {
            "DATABASE_URL": ends.enter_context(postgres(folder)),
            "DJANGO_SETTINGS_MODULE": "engagement.settings",
            "DEBUG": "True",
            "LOG_LEVEL": "WARNING",
        }
        set_up()
        steps = len(given.sizes) * (1 + given.rounds * len(PARTS))
        bar = ends.enter_context(tqdm(total=steps, unit="step", disable=None))
        for size in given.sizes:
            measure(size, given.rounds, given.hours, given.skewed, bar)


def measure(size: int, rounds: int, hours: float, skewed: bool, bar: tqdm) -> None:
    bar.set_description(f"{size:,}: generating")
    # By a process of its own: what it has in memory, a worker of the watch never has.
    maker = get_context("spawn").Process(target=generate, args=(size, hours, skewed))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit(f"The {size:,} promises could not be generated.")
    bar.update()
    took: dict[str, list[float]] = {part: [] for part in (*PARTS, "statement, 2 % due")}
    for number in range(rounds):
        bar.set_description(f"{size:,}: round {number + 1}")
        # In turn, so that neither always finds the machine as the other left it.
        for part in (statement, sweep) if number % 2 == 0 else (sweep, statement):
            copy_of(size)
            for name, row in part():
                took[name].append(row["seconds"])
                say({"size": size, "round": number + 1, "what": name, **row})
                if name in PARTS:
                    bar.update()
    middle = {name: statistics.median(values) for name, values in took.items()}
    say(
        {
            "size": size,
            "what": "ratios",
            "first sweep to statement": middle["first"] / middle["statement"],
            "2 % due to statement": middle["2 % due"] / middle["statement, 2 % due"],
            "2 % due to statement, new worker": middle["2 % due, new worker"] / middle["statement, 2 % due"],
        }
    )


# --- the two sides ----------------------------------------------------------------------------------------------------


def statement() -> Iterator[tuple[str, dict[str, object]]]:
    from django.db import connection

    def run(now: datetime) -> int:
        with connection.cursor() as cursor:
            cursor.execute(ONE, {"now": now, "sentence": SENTENCE})
            return int(cursor.rowcount)

    yield "statement", clocked(lambda: run(NOW), "reminders")
    yield "statement, 2 % due", middle_of([clocked(partial(run, now), "reminders") for now in comes_due()])


def sweep() -> Iterator[tuple[str, dict[str, object]]]:
    from promises.actions import look_at_due
    from promises.kept_record import forget_record
    from promises.models import Reminder, RiskReading

    # Of the copy before this one.
    forget_record()

    def first() -> int:
        looked = 0
        # More than a turn's worth goes on in the next turn.
        while more := look_at_due(NOW):
            looked += more
        return looked

    row = clocked(first, "looked at")
    row |= {"readings": RiskReading.objects.count(), "reminders": Reminder.objects.count(), "bands": bands()}
    yield "first", row
    some = [clocked(partial(look_at_due, now), "looked at") for now in comes_due()]
    yield "2 % due", middle_of(some) | {"plan": plan_of_due()}
    # One that has read nothing yet; the one above remembers the record that it read a minute ago.
    forget_record()
    later = NOW + (CAME_DUE + 1) * MINUTE
    bring_forward(later)
    yield "2 % due, new worker", clocked(lambda: look_at_due(later), "looked at")
    # After what stands beside the statement, for which nobody does this.
    to_the_disk()
    yield "nothing due", middle_of([clocked(lambda: look_at_due(later), "looked at") for _each in range(ASKED)])


def comes_due() -> Iterator[datetime]:
    """Moments of which each finds two in a hundred due, as soon as it is asked for."""
    for number in range(1, CAME_DUE + 1):
        moment = NOW + number * MINUTE
        bring_forward(moment)
        yield moment


def middle_of(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    return sorted(rows, key=itemgetter("seconds"))[len(rows) // 2]


def clocked(run: Callable[[], int], counted: str) -> dict[str, object]:
    """How long it took, in how many statements, and the most memory this process had meanwhile."""
    from django.db import connection

    statements = 0

    def count(execute: Callable[..., object], *arguments: object) -> object:
        nonlocal statements
        statements += 1
        return execute(*arguments)

    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    began, busy = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(count):
        number = run()
    seconds, busy = time.perf_counter() - began, time.process_time() - busy
    row: dict[str, object] = {"seconds": seconds, "in Python": busy, counted: number}
    row |= {"statements": statements, "peak MB": peak()}
    if number and counted == "looked at":
        row |= {"microseconds a row": seconds / number * 1e6, "statements a thousand": statements / number * 1000}
    return row


def peak() -> float | None:
    with contextlib.suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        return int(found[1]) / 1024 if found else None
    return None


def bring_forward(now: datetime) -> None:
    """Two in a hundred of what is open come due."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE promises_promise SET next_look_at = %s WHERE ended_at IS NULL AND due_at > %s AND id %% 50 = 0",
            [now, now],
        )


def to_the_disk() -> None:
    """Where a firm runs it every commit waits for that.

    Until then nobody may note in the tables that a row is dead, and an index is walked over all that has moved on.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CHECKPOINT")


def bands() -> dict[str, int]:
    from django.db.models import Count

    from promises.models import Promise

    return dict(Promise.objects.open().order_by().values_list("band").annotate(Count("pk")))


def plan_of_due() -> list[str]:
    from promises.actions.watching import listed

    return listed(NOW + MINUTE).explain().splitlines()


# --- the database -----------------------------------------------------------------------------------------------------


def set_up() -> None:
    import django

    django.setup()
    from django.conf import settings

    # Otherwise every statement is kept for the page of errors.
    settings.DEBUG = False


def generate(size: int, hours: float, skewed: bool) -> None:
    set_up()
    from django.core.management import call_command

    from engagement.outbox import actions as outbox

    new_database(f"made_{size}")
    call_command("migrate", verbosity=0)
    fill(Plan(size, NOW, skewed=skewed, hours=hours), bar=False)
    # For the statement's reminders to belong to.
    outbox.write(
        occasion="bench", now=NOW, audience="staff", address=BOSS_EMAIL, subject="Bench", body="", kind="bench"
    )
    tidy()


def copy_of(size: int) -> None:
    new_database("measured", f"made_{size}")


def say(row: dict[str, object]) -> None:
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
    tqdm.write(json.dumps(rounded, ensure_ascii=False), file=sys.stdout)


if __name__ == "__main__":
    main()
