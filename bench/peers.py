"""Our pages beside django-helpdesk's, in one run: `make bench-peers`, or `python bench/peers.py [SIZE]`.

It is installed from PyPI, as pinned in `bench/helpdesk/requirements.txt`, into an environment of its own below `var`,
and given as many tickets as we have promises, of which as many are open. Requests to both sides alternate. The limits
are those of a hundred thousand; at other sizes the figures stand alone.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tqdm import tqdm

from bench import pages, report, sweeps, writes
from bench.browser import Browser
from bench.generate import BOSS, PASSWORD, Plan, fill, tidy
from bench.places import WEB, Servers, child, connect, new_database, servers, version_of_postgres
from bench.ratio import Interval, apart, exactly, interval, p95, paired
from bench.report import Line, Report
from engagement.testservers import ROOT, free_port, listens, wait_for

SIZE = 100_000
TITLE = "Beside django-helpdesk"
THEIRS = ROOT / "bench" / "helpdesk"
ROUNDS, LOGGED, WARM_UP = 80, 60, 3
COUNTED = 1_000_000
SWEPT = 3
# Of the twenty: to escalate all of a hundred thousand takes minutes, and tells no more.
ESCALATED = [f"q{number}" for number in range(4)]
# What its own list asks for when it is opened: open and reopened tickets, in the order of their making.
QUERY = {"filtering": {"status__in": [1, 2]}, "sorting": "created", "search_string": "", "sortreverse": False}


@dataclass(frozen=True)
class Peer:
    python: Path
    environ: dict[str, str]

    def run(self, *arguments: str) -> str:
        command = [str(self.python), *arguments]
        done = subprocess.run(command, cwd=THEIRS, env=self.environ, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"django-helpdesk broke off: {done.stderr[-500:]}")
        return done.stdout

    @contextmanager
    def web(self, found: Servers) -> Iterator[Browser]:
        port = free_port()
        command = [str(self.python), "-m", "gunicorn", "wsgi", *WEB, "-b", f"127.0.0.1:{port}", "--chdir", str(THEIRS)]
        with child(command, self.environ, found.folder / "helpdesk.log") as process:
            wait_for("django-helpdesk", lambda: listens(port) or process.poll() is not None)
            browser = Browser(port)
            browser.sign_in("/login/", "boss", PASSWORD)
            yield browser


def installed() -> Path:
    """The Python of an environment that holds what the list pins. It is made once for each list."""
    wanted = THEIRS / "requirements.txt"
    home = ROOT / "var" / f"helpdesk-{hashlib.sha256(wanted.read_bytes()).hexdigest()[:12]}"
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "-r", str(wanted)], check=True, stdout=sys.stderr)
        done.touch()
    return python


def peer(found: Servers, size: int) -> Peer:
    new_database("helpdesk")
    connect("postgres")
    environ = found.environ("helpdesk")
    environ |= {"HELPDESK_DATABASE": environ["DATABASE_URL"], "DJANGO_SETTINGS_MODULE": "settings"}
    theirs = Peer(installed(), environ)
    theirs.run("-m", "django", "migrate", "--verbosity", "0")
    theirs.run("fill.py", str(size))
    return theirs


@dataclass(frozen=True)
class Swept:
    """Seconds of the first sweep and of one where every client was told, and how many reminders the first wrote."""

    whole: float
    all_told: float
    reminders: int

    @property
    def a_reminder(self) -> float:
        return self.whole / self.reminders

    @property
    def a_reminder_alone(self) -> float:
        return (self.whole - self.all_told) / self.reminders


def ours(found: Servers, plan: Plan, bar: tqdm) -> Swept:
    """Our side, swept: it stays as "ours"."""
    from django.core.management import call_command

    from promises.models import Promise, Reminder

    new_database("filled")
    call_command("migrate", verbosity=0)
    fill(plan, bar=False)
    tidy()
    new_database("told", "filled")
    Promise.objects.open().filter(told_at=None).update(told_at=plan.now)
    tidy()
    took: dict[str, list[float]] = {"told": [], "filled": []}
    for _ in range(SWEPT):
        for template, seconds in took.items():
            new_database("ours", template)
            seconds.append(sweeps.sweep(found, "ours", plan.now)["seconds"])
            bar.update()
    tidy()
    return Swept(statistics.median(took["filled"]), statistics.median(took["told"]), Reminder.objects.count())


def read_pages(mine: pages.Site, theirs: Browser, bar: tqdm) -> dict[str, list[float]]:
    query = quote(b64encode(json.dumps(QUERY).encode()).decode(), safe="=")
    asked: dict[str, Callable[[], float]] = {
        "board": lambda: mine.read(pages.BOARDS[0]),
        "list": lambda: theirs.get(f"/datatables_ticket_list/{query}?draw=1&start=0&length=25"),
        "dashboard": lambda: theirs.get("/dashboard/"),
        "counting": count,
    }
    return _in_turn(asked, ROUNDS, bar)


def count() -> float:
    """Seconds that the machine takes to count, about as long as a board takes: it asks nobody and waits for nothing."""
    began = time.perf_counter()
    for _ in range(COUNTED):
        pass
    return time.perf_counter() - began


def spread(values: Sequence[float]) -> float:
    return p95(values) / statistics.median(values)


def log_some(mine: Browser, theirs: Browser, plan: Plan, bar: tqdm) -> dict[str, list[float]]:
    draw, day = random.Random(4), writes.workday_after(plan.now)

    def ticket() -> dict[str, str]:
        """It says what a promise says: for whom, who sees to it, and by when."""
        whom = {"submitter_email": f"lena{draw.randint(0, 999)}@client.example", "assigned_to": "1"}
        return {"queue": "1", "title": "Logged", "body": "Shop fittings drawings", "priority": "3", **whom} | {
            "due_date": day.isoformat()
        }

    def promise() -> dict[str, str]:
        client = draw.randint(1, plan.clients)
        return writes.form_of(f"Logged {draw.random()}", client, BOSS, day)

    asked: dict[str, Callable[[], float]] = {
        "promise": lambda: mine.post("/promises/new/", promise()),
        "ticket": lambda: theirs.post("/tickets/submit/", ticket()),
    }
    return _in_turn(asked, LOGGED, bar)


def _in_turn(asked: dict[str, Callable[[], float]], rounds: int, bar: tqdm) -> dict[str, list[float]]:
    took: dict[str, list[float]] = {name: [] for name in asked}
    draw = random.Random(4)
    for number in range(WARM_UP + rounds):
        for name in draw.sample(sorted(asked), len(asked)):
            seconds = asked[name]()
            if number >= WARM_UP:
                took[name].append(seconds)
        bar.update()
    return took


def lines(size: int, took: dict[str, list[float]], swept: Swept, escalation: float) -> list[Line]:
    def faster(name: str, limit: float | None, measured: Interval | None, note: str) -> Line:
        return Line(f"{name}, at {size:,}", limit if size == SIZE else None, measured, is_floor=True, note=note)

    def beside(theirs: str, mine: str) -> str:
        return f"{pages.milliseconds(took[mine])} against {pages.milliseconds(took[theirs])}"

    return [
        faster(
            "board: times faster than its ticket list with rows, p50",
            25,
            paired(took["list"], took["board"]),
            beside("list", "board"),
        ),
        faster(
            "board: times faster than its ticket list with rows, p95",
            25,
            apart(took["list"], took["board"]),
            beside("list", "board"),
        ),
        Line(
            "the machine itself: p95 against p50 of a loop that only counts",
            None,
            interval(took["counting"], spread),
            note=f"board {spread(took['board']):.2f}, ticket list {spread(took['list']):.2f}",
        ),
        faster(
            "board: times faster than its dashboard",
            50,
            paired(took["dashboard"], took["board"]),
            beside("dashboard", "board"),
        ),
        faster(
            "logging: rate against its creating a ticket",
            3,
            paired(took["ticket"], took["promise"]),
            beside("ticket", "promise"),
        ),
        faster(
            "a reminder: times cheaper than its escalation",
            50,
            exactly(escalation / swept.a_reminder),
            f"{swept.a_reminder * 1e6:.0f} µs with the whole sweep that found them, against {escalation * 1e3:.2f} ms",
        ),
        faster(
            "the same, by what a sweep takes more for it",
            None,
            exactly(escalation / swept.a_reminder_alone) if swept.a_reminder_alone > 0 else None,
            f"{swept.whole:.1f} s for {swept.reminders:,} of them, {swept.all_told:.1f} s where every client was told:"
            f" {swept.a_reminder_alone * 1e6:.0f} µs each",
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", nargs="?", type=int, default=SIZE, metavar="SIZE", help="default %(default)s")
    size = parser.parse_args().size
    began, found_out = time.monotonic(), Report()
    plan = Plan(size, datetime.now(UTC).replace(minute=0, second=0, microsecond=0))
    bar = tqdm(total=2 * WARM_UP + ROUNDS + LOGGED + 2 * SWEPT + 2, unit="step", disable=None)
    with bar, servers() as found:
        bar.set_description("filling django-helpdesk")
        theirs = peer(found, size)
        bar.update()
        bar.set_description("filling ours")
        swept = ours(found, plan, bar)
        with found.web("ours") as web, theirs.web(found) as browser:
            mine = pages.site(plan, web, plan.now)
            bar.set_description("pages, in turn")
            took = read_pages(mine, browser, bar)
            bar.set_description("logging, in turn")
            took |= log_some(mine.boss, browser, plan, bar)
        bar.set_description("escalating")
        escalated = json.loads(theirs.run("escalate.py", *ESCALATED))
        bar.update()
        found_out.add(*lines(size, took, swept, escalated["seconds"] / escalated["rows"]))
        where = report.circumstances(datetime.now(UTC), version_of_postgres(), time.monotonic() - began)
    words = (
        f"`make bench-peers` with {size:,} promises and as many tickets, three tenths of them open: a stress case,"
        f" hardly a firm's. {where} Requests to both alternate; each figure is held against its limit by the"
        " unfavourable end of its interval."
    )
    report.write_results(TITLE, words, found_out)
    sys.stdout.write(f"\n{found_out.table()}\n\n{words}\n")
    return 1 if found_out.missed else 0


if __name__ == "__main__":
    sys.exit(main())
