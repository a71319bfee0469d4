"""Logging a promise as a person does, and bringing in many from a file."""

from __future__ import annotations

import csv
import random
import secrets
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from io import BytesIO, StringIO
from typing import Any

from tqdm import tqdm

from bench.generate import BOSS, TITLES
from bench.pages import Site, milliseconds
from bench.places import connect, new_database
from bench.ratio import Interval, exactly, paired
from bench.report import Line

WARM_UP = 10
# Far enough off that nobody is warned.
LATER = timedelta(days=70)
IMPORT_ROUNDS = 2
OWNERS, CLIENTS = 40, 400


# --- one by one -------------------------------------------------------------------------------------------------------


def form_of(what: str, client: int, owner: int, day: date) -> dict[str, str]:
    return {
        "what": what,
        "client": str(client),
        "owner": str(owner),
        "due_on": day.isoformat(),
        "estimate_hours": "0.1",
        "once": secrets.token_urlsafe(12),
    }


def workday_after(moment: datetime) -> date:
    from engagement.staff.calendars import is_working_day
    from engagement.staff.diary import firm_calendar
    from engagement.staff.models import Firm

    calendar, day = firm_calendar(Firm.get()), (moment + LATER).date()
    while not is_working_day(calendar, day):
        day += timedelta(days=1)
    return day


def log_promises(sites: Mapping[int, Site], clients: Mapping[int, int], now: datetime, rounds: int, bar: tqdm) -> Line:
    """The form opened and sent, in one size and in the other, in turn. The owner is the manager, who owes nothing."""
    took: dict[int, list[float]] = {size: [] for size in sites}
    draw, day = random.Random(4), workday_after(now)
    for number in range(WARM_UP + rounds):
        for size in draw.sample(sorted(sites), len(sites)):
            form = form_of(f"Logged {number}", draw.randint(1, clients[size]), BOSS, day)
            seconds = sites[size].boss.get(f"/promises/new/?client={form['client']}")
            seconds += sites[size].boss.post("/promises/new/", form)
            if number >= WARM_UP:
                took[size].append(seconds)
        bar.update()
    small, large = sorted(took)
    return Line(
        f"log a promise over HTTP, rate at {large:,} against {small:,}",
        0.8,
        paired(took[small], took[large]),
        0.95,
        is_floor=True,
        note=f"form and saving, {milliseconds(took[large])} against {milliseconds(took[small])}",
    )


# --- statements -------------------------------------------------------------------------------------------------------


def statements(addresses: Mapping[str, str], size: int, now: datetime) -> list[Line]:
    """Counted as the tests count them, in process; session and person are among them."""
    from django.test import Client

    from engagement.staff.models import User

    boss, anybody, day = Client(), Client(), workday_after(now)
    boss.force_login(User.objects.get(pk=BOSS))
    counted = {
        "board": (200, lambda: boss.get(addresses["board, first page"])),
        "client page": (200, lambda: anybody.get(addresses["client page"])),
        "log a promise": (302, lambda: boss.post("/promises/new/", form_of(secrets.token_hex(4), 1, BOSS, day))),
    }
    limits = {"board": (10, 7), "client page": (6, 4), "log a promise": (12, 8)}
    found = []
    for name, (status, ask) in counted.items():
        must, aim = limits[name]
        found.append(Line(f"queries: {name}, at {size:,}", must, exactly(_statements_of(ask, status)), aim))
    return found


def _statements_of(ask: Callable[[], Any], status: int) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    # What is read once in the life of a process is not counted.
    ask()
    with CaptureQueriesContext(connection) as captured:
        response = ask()
    assert response.status_code == status, response.status_code
    return len(captured)


# --- from a file ------------------------------------------------------------------------------------------------------


def file_of(rows: int, now: datetime) -> bytes:
    """As a firm would bring in its history: seven in ten delivered, the rest to come."""
    draw, text = random.Random(4), StringIO()
    out = csv.writer(text)
    out.writerow(["reference", "client", "what", "owner", "made_on", "due_on", "delivered_on", "told_on"])
    today = now.date()
    for number in range(rows):
        due = today + timedelta(days=draw.randint(-1000, -1) if draw.random() < 0.7 else draw.randint(1, 90))
        made = min(due, today) - timedelta(days=draw.randint(1, 30))
        done = min(today, due + timedelta(days=draw.randint(-1, 3))) if due < today else ""
        client = f"Client {int(CLIENTS * draw.random() ** 2)}"
        what = f"{draw.choice(TITLES)}, part {number}"
        out.writerow(
            [
                f"R-{number}",
                client,
                what,
                f"Owner {draw.randrange(OWNERS)}",
                made,
                due,
                max(made, done) if done else "",
                "",
            ]
        )
    return text.getvalue().encode()


def import_line(rows: int, now: datetime, bar: tqdm) -> Line:
    """The command's own steps on an empty firm, and the rows that came of it copied bare into a table as it stands."""
    mine, bare = [], []
    content = file_of(rows, now)
    for _ in range(IMPORT_ROUNDS):
        new_database("brought_in", "empty")
        mine.append(_clocked(lambda: _bring_in(content, rows, now)))
        bare.append(_copy_bare())
        bar.update()
    rates = [theirs / ours for ours, theirs in zip(mine, bare, strict=True)]
    middle = sorted(rates)[len(rates) // 2]
    return Line(
        f"import of {rows:,} promises, rows a second against bare COPY and indexes",
        1 / 25,
        Interval(min(rates), middle, max(rates)),
        1 / 10,
        is_floor=True,
        note=f"{rows / min(mine):,.0f} rows a second against {rows / min(bare):,.0f}",
    )


def empty_firm() -> None:
    from django.core.management import call_command

    from engagement.staff.models import Firm

    new_database("empty")
    call_command("migrate", verbosity=0)
    Firm.objects.create(pk=1, name="Word & Co", zone="Africa/Johannesburg", holiday_region="ZA")
    connect("postgres")


def _bring_in(content: bytes, rows: int, now: datetime) -> None:
    from promises.actions.importing import Importer, in_batches
    from promises.importing.rows import readings
    from promises.importing.table import PROMISES, read

    table = read(content, "history.csv", PROMISES)
    importer = Importer(None, now)
    made = sum(importer.bring_in(batch).made for batch in in_batches(readings(table, table.guess(), now.date())))
    assert made == rows, f"{made} of {rows} rows came in"


def _copy_bare() -> float:
    """Seconds for the same promises, from a buffer into a table with the same indexes and checks."""
    from django.db import connection

    buffer = BytesIO()
    with connection.cursor() as cursor:
        cursor.copy_expert("COPY promises_promise TO STDOUT", buffer)
        cursor.execute("CREATE TABLE bare (LIKE promises_promise INCLUDING ALL)")
        buffer.seek(0)
        return _clocked(lambda: cursor.copy_expert("COPY bare FROM STDIN", buffer))


def _clocked(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began
