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
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tqdm import tqdm

from engagement.testservers import postgres

# A Wednesday, eleven o'clock in Johannesburg.
NOW = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FIRST_OWNER = 1000
PARTS = ("statement", "first", "nothing due", "2 % due")

# As `shared/performance.md` describes it: 15 % of what is open is overdue, 20 % due within three days; estimates and
# dates log-normal; a quarter of the owners silent for long. Work left is scaled so that owners can bear their load.
PROMISES = """
INSERT INTO promises_promise (
    client_id, owner_id, made_by_id, made_at, what, client_words, our_understanding, may_stand_in_the_way, next_step,
    zone, first_due_on, first_due_at, due_on, due_at, moves, estimate_hours, hours_left, currency, standing,
    last_update_at, waiting_for, told_how, tell_by_at, band, sentence, next_look_at,
    delivered_at, withdrawn_at, ended_at, outcome, days_early, days_late, counted_on)
SELECT 1 + floor(%(clients)s * power(random(), 2)), {owner} + floor(%(owners)s * power(random(), 1.5)), {owner},
    made_at, 'Promise ' || number, '', '', '', '', 'Africa/Johannesburg',
    due_at::date, due_at, due_at::date, due_at, 0, estimate, round((estimate * left_of_it)::numeric, 2), '', '',
    CASE WHEN ended_at IS NULL THEN greatest(made_at, %(now)s - word * interval '1 day') ELSE ended_at END, '', '',
    due_at - interval '1 day', 'on_track', '', CASE WHEN ended_at IS NULL THEN %(now)s END,
    CASE WHEN NOT withdrawn THEN ended_at END, CASE WHEN withdrawn THEN ended_at END, ended_at,
    CASE WHEN ended_at IS NULL OR withdrawn THEN '' WHEN ended_at <= due_at THEN 'kept' ELSE 'late_silent' END,
    CASE WHEN NOT withdrawn THEN greatest(0, due_at::date - ended_at::date) END,
    CASE WHEN NOT withdrawn THEN greatest(0, ended_at::date - due_at::date) END,
    CASE WHEN NOT withdrawn THEN ended_at::date END
FROM (
    SELECT number, word, left_of_it, status >= 0.95 AS withdrawn, due_at,
        least(round((exp(ln({hours}) + {gauss}))::numeric, 2) + 0.05, 9999) AS estimate,
        CASE WHEN status < 0.3 THEN %(now)s - (1 + 20 * random()) * interval '1 day'
            ELSE due_at - (15 + 20 * random()) * interval '1 day' END AS made_at,
        CASE WHEN status >= 0.3 THEN
            least(%(now)s, due_at + (CASE WHEN random() < 0.77 THEN -2 ELSE 2 END) * {exp} * interval '1 day') END
            AS ended_at
    FROM (
        SELECT number, status, word, left_of_it,
            CASE WHEN status >= 0.3 THEN %(now)s - 1000 * random() * interval '1 day'
                WHEN place < 0.15 THEN %(now)s - 10 * {exp} * interval '1 day'
                WHEN place < 0.35 THEN %(now)s + 3 * random() * interval '1 day'
                ELSE %(now)s + least(900, 3 + exp(2.7 + 0.9 * {gauss})) * interval '1 day' END AS due_at
        FROM (
            SELECT number, random() AS status, random() AS place, 5 * {exp} AS word, 1.2 * random() AS left_of_it
            FROM generate_series(1, %(size)s) AS number
        ) AS drawn
    ) AS dated
) AS made
"""
GAUSS = "(sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()))"
EXPONENTIAL = "(-ln(1 - random()))"
PAST_JOBS = """
INSERT INTO promises_pastjob (
    owner_id, owner_name, kind, estimate_hours, actual_hours, made_on, finished_on, working_days, hours_a_day,
    fingerprint, promise_id)
SELECT owner_id, '', '', estimate_hours, least(99999, round((estimate_hours * exp(0.6 * {gauss}))::numeric, 2)),
    made_at::date, greatest(made_at, delivered_at)::date, greatest(0, delivered_at::date - made_at::date) * 5 / 7.0,
    5.6, 'bench ' || id, id
FROM promises_promise WHERE delivered_at IS NOT NULL
"""
# The rule of `shared/performance.md` in one statement: every row that is due is marked and hinted anew, each new band
# is kept with its sentence, and whoever owns what a client has to hear of is reminded. What the sweep writes, no more.
ONE = """
WITH due AS (
    SELECT id, owner_id, due_at, chance, band AS was, CASE WHEN due_at <= %(now)s THEN 'overdue'
        WHEN due_at <= %(now)s + 3 * hours_left * interval '1 hour' THEN 'at_risk'
        WHEN last_update_at <= %(now)s - interval '7 days' THEN 'watch' ELSE 'on_track' END AS band
    FROM promises_promise WHERE ended_at IS NULL AND next_look_at <= %(now)s
), marked AS (
    UPDATE promises_promise AS held SET band = due.band, chance = 0.25, sentence = %(sentence)s,
        alarm_at = CASE WHEN due.band IN ('overdue', 'at_risk') THEN coalesce(held.alarm_at, %(now)s) END,
        slipped_at = CASE WHEN due.band = 'overdue' THEN due.due_at END,
        next_look_at = CASE WHEN due.band <> 'overdue' THEN %(now)s + interval '1 day' END
    FROM due WHERE held.id = due.id
), kept AS (
    INSERT INTO promises_riskreading (promise_id, at, band, chance, sentence, due_at, days_left)
    SELECT id, %(now)s, band, 0.25, %(sentence)s, due_at, 5 FROM due WHERE chance IS NULL OR band <> was
)
INSERT INTO promises_reminder (promise_id, kind, about_due_at, alarm_at, person_id, message_id, at)
SELECT id, CASE WHEN band = 'overdue' THEN 'slipped' ELSE 'at_risk' END, due_at, %(now)s, owner_id,
    (SELECT min(id) FROM outbox_message), %(now)s
FROM due WHERE band IN ('overdue', 'at_risk') AND band <> was
"""
SENTENCE = (
    "About 9 hours left; jobs of this size took 1.4 × their estimate; about 5 hours free before Fri 20 Nov, 17:00."
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[1_000, 10_000, 100_000], metavar="SIZE")
    parser.add_argument("--rounds", type=int, default=3, help="pairs of statement and sweep for each size")
    parser.add_argument("--hours", type=float, default=0.2, help="the middle estimate of what is promised")
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
        import django

        django.setup()
        from django.conf import settings

        # Otherwise every statement is kept for the page of errors.
        settings.DEBUG = False
        steps = len(given.sizes) * (1 + given.rounds * len(PARTS))
        bar = ends.enter_context(tqdm(total=steps, unit="step", disable=None))
        for size in given.sizes:
            measure(size, given.rounds, given.hours, bar)


def measure(size: int, rounds: int, hours: float, bar: tqdm) -> None:
    bar.set_description(f"{size:,}: generating")
    generate(size, hours)
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
        }
    )


# --- the two sides ----------------------------------------------------------------------------------------------------


def statement() -> Iterator[tuple[str, dict[str, object]]]:
    from django.db import connection

    words = {"now": NOW, "sentence": SENTENCE}

    def run() -> int:
        with connection.cursor() as cursor:
            cursor.execute(ONE, words)
            return int(cursor.rowcount)

    yield "statement", clocked(run, "reminders")
    bring_forward(NOW + MINUTE)
    words["now"] = NOW + MINUTE
    yield "statement, 2 % due", clocked(run, "reminders")


def sweep() -> Iterator[tuple[str, dict[str, object]]]:
    from promises.actions import look_at_due
    from promises.models import Reminder, RiskReading

    def first() -> int:
        looked = 0
        # More than a turn's worth goes on in the next turn.
        while more := look_at_due(NOW):
            looked += more
        return looked

    row = clocked(first, "looked at")
    row |= {"readings": RiskReading.objects.count(), "reminders": Reminder.objects.count(), "bands": bands()}
    yield "first", row
    yield "nothing due", clocked(lambda: look_at_due(NOW), "looked at")
    bring_forward(NOW + MINUTE)
    yield "2 % due", clocked(lambda: look_at_due(NOW + MINUTE), "looked at") | {"plan": plan_of_due()}


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


def bands() -> dict[str, int]:
    from django.db.models import Count

    from promises.models import Promise

    return dict(Promise.objects.open().order_by().values_list("band").annotate(Count("pk")))


def plan_of_due() -> list[str]:
    from promises.models import Promise

    rows = Promise.objects.to_look_at(NOW + MINUTE).order_by("pk")
    return rows.values_list("owner_id", "pk", "next_look_at")[:1_000_000].explain().splitlines()


# --- the database -----------------------------------------------------------------------------------------------------


def generate(size: int, hours: float) -> None:
    from django.core.management import call_command
    from django.db import connection

    connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE made_{size}")
    connect(f"made_{size}")
    call_command("migrate", verbosity=0)
    owners, clients = min(500, max(20, size // 1000)), max(10, size // 100)
    put_people(owners, clients)
    names = {"gauss": GAUSS, "exp": EXPONENTIAL, "hours": hours, "owner": FIRST_OWNER}
    values = {"now": NOW, "size": size, "owners": owners, "clients": clients}
    with connection.cursor() as cursor:
        # The same promises each time: one seed, drawn by one process.
        cursor.execute("SET max_parallel_workers_per_gather = 0; SELECT setseed(0.4)")
        cursor.execute(PROMISES.format(**names), values)
        cursor.execute(PAST_JOBS.format(**names))
        cursor.execute("VACUUM ANALYZE")


def put_people(owners: int, clients: int) -> None:
    from clients.models import Client
    from engagement.outbox import actions as outbox
    from engagement.staff.models import Firm, Role, User

    zone = "Africa/Johannesburg"
    Firm.objects.create(pk=1, name="Word & Co", zone=zone, holiday_region="ZA")
    # Able to sign in, so that they can be written to; nobody does.
    common = {"zone": zone, "password": "never checked"}
    boss = User.objects.create(pk=1, email="boss@word.example", name="Boss", role=Role.MANAGER, **common)
    User.objects.bulk_create(
        User(pk=FIRST_OWNER + number, email=f"o{number}@word.example", name=f"Owner {number}", manager=boss, **common)
        for number in range(owners)
    )
    Client.objects.bulk_create(
        Client(pk=1 + number, name=f"Client {number}", zone=zone, made_at=NOW) for number in range(clients)
    )
    # For the statement's reminders to belong to.
    outbox.write(
        occasion="bench", now=NOW, audience="staff", address="boss@word.example", subject="Bench", body="", kind="bench"
    )


def copy_of(size: int) -> None:
    from django.db import connection

    connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS measured")
        cursor.execute(f"CREATE DATABASE measured TEMPLATE made_{size}")
        cursor.execute("CHECKPOINT")
    connect("measured")


def connect(name: str) -> None:
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def say(row: dict[str, object]) -> None:
    rounded = {name: round(value, 4) if isinstance(value, float) else value for name, value in row.items()}
    tqdm.write(json.dumps(rounded, ensure_ascii=False), file=sys.stdout)


if __name__ == "__main__":
    main()
