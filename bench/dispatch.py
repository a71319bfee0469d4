"""How fast messages leave, beside tasks that do nothing on the same worker; and what leaves twice when workers die."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from bench.places import Servers, child, connect, mortal, new_database
from bench.ratio import exactly, of_few
from bench.report import Line
from engagement.testservers import wait_for

DATABASE = "dispatched"
# As docs/running.md starts it, with a process for each core of the machine of the figures.
WORKER = ("worker", "-c", "2", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "ERROR")
GLANCE = 0.01
ROUNDS = 8
KILLS = 10
# Messages a second, about as fast as they leave: the kills are spread over the whole of it.
KILLED_OVER = 1000


def lines(servers: Servers, messages: int, tasks: int) -> list[Line]:
    new_database(DATABASE, "empty")
    rates: list[tuple[float, float]] = []
    with celery(servers) as (ring, send):
        for number in range(ROUNDS):
            rates.append((_rate_of_messages(send, messages, number), _rate_of_tasks(servers, ring, tasks)))
    mine, theirs = (sorted(one)[len(one) // 2] for one in zip(*rates, strict=True))
    return [
        Line(
            "dispatch to a sink against Celery no-op tasks of the same worker",
            8,
            of_few([mine / theirs for mine, theirs in rates]),
            20,
            is_floor=True,
            note=f"{mine:,.0f} messages a second against {theirs:,.0f} tasks, {ROUNDS} rounds; the sink is a file",
        ),
        _with_kills(servers, messages // 4),
    ]


@contextmanager
def celery(servers: Servers) -> Iterator[tuple[Callable[[], None], Callable[[], None]]]:
    """The worker, and how to give it a task that does nothing, and one that sends what is due."""
    from bench.worker import app, nothing
    from engagement.outbox.tasks import send_waiting

    # On a Redis database of its own: the web processes count their limits in others.
    url = f"{servers.redis.rsplit('/', 1)[0]}/15"
    app.conf.broker_url = url
    command = [sys.executable, "-m", "celery", "-A", "bench.worker", *WORKER]
    with child(command, servers.environ(DATABASE) | {"REDIS_URL": url}, servers.folder / "worker.log"):
        nothing.delay()
        wait_for("Celery", lambda: _is_done(url))
        yield nothing.delay, send_waiting.delay


def _rate_of_tasks(servers: Servers, ring: Callable[[], None], tasks: int) -> float:
    url = f"{servers.redis.rsplit('/', 1)[0]}/15"
    began = time.perf_counter()
    for _ in range(tasks):
        ring()
    while not _is_done(url):
        time.sleep(GLANCE)
    return tasks / (time.perf_counter() - began)


def _is_done(url: str) -> bool:
    from redis import Redis

    with Redis.from_url(url) as line:
        # A task is taken off its list before it is among those that are not acknowledged yet.
        return not any(line.llen("celery") or line.hlen("unacked") for _ in range(2))


def _rate_of_messages(send: Callable[[], None], messages: int, number: int) -> float:
    from engagement.outbox.models import Message, State

    _write(messages, f"round {number}", audience="staff")
    waiting = Message.objects.filter(state__in=[State.WAITING, State.SENDING])
    began = time.perf_counter()
    # One for each process of the worker, as two ticks would.
    send()
    send()
    while waiting.exists():
        time.sleep(GLANCE)
    return messages / (time.perf_counter() - began)


def _write(messages: int, occasion: str, audience: str) -> None:
    from django.utils import timezone

    from engagement.outbox import actions as outbox

    now = timezone.now()
    rows: Iterator[dict[str, object]] = (
        {
            "occasion": f"bench {occasion} {number}",
            "audience": audience,
            "address": f"thandi{number % 500}@word.example",
            "subject": "Tell Karoo Linen by four o'clock",
            "body": "Shop fittings drawings, due Friday 20 November, may be late. They have not been told yet.\n" * 4,
            "kind": "bench",
        }
        for number in range(messages)
    )
    outbox.write_all(rows, now)


def _with_kills(servers: Servers, messages: int) -> Line:
    """Half for clients, half for colleagues; four workers, of which one after the other is killed."""
    from django.utils import timezone

    from engagement.outbox.actions import send_waiting, settle_abandoned
    from engagement.outbox.models import LEASE_LASTS, Message

    recorded = Path(servers.environ(DATABASE)["VAR_DIR"]) / "recorded.jsonl"
    recorded.unlink(missing_ok=True)
    new_database(DATABASE, "empty")
    _write(messages // 2, "client", audience="client")
    _write(messages // 2, "staff", audience="staff")
    connect(DATABASE)
    died = mortal(servers, DATABASE, "send", KILLS, messages / KILLED_OVER, timezone.now())["killed"]
    # Whatever the dead had in hand is found when their leases end.
    later = timezone.now() + LEASE_LASTS + timedelta(minutes=1)
    settle_abandoned(later)
    send_waiting(later + timedelta(minutes=1))
    times = Counter(json.loads(line)[0] for line in recorded.read_text().splitlines())
    of_clients = set(Message.objects.filter(audience="client").values_list("message_id", flat=True))
    doubled = sum(times[one] - 1 for one in of_clients if times[one] > 1)
    again = sum(count - 1 for one, count in times.items() if one not in of_clients)
    left = len(of_clients - times.keys())
    return Line(
        "messages to clients that left twice under kills",
        0,
        exactly(doubled),
        note=f"{died} kills among {messages:,} messages; {left} to clients left for a person to see to, {again} to"
        " colleagues said again with the same Message-ID",
    )
