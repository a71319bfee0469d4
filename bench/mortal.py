"""Four workers that are killed at random, others in their place: `python bench/mortal.py WORK KILLS SECONDS [NOW]`.

WORK is sweep or send. So many are killed within about so many seconds, unless all is done before. Says how many died.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")

WORKERS = 4
# What is due may be in the hands of another: it is looked for again after so long, as the next tick would.
TICK = 0.02


def sweep(now: datetime) -> None:
    from promises.actions import look_at_due
    from promises.models import Promise

    while Promise.objects.to_look_at(now).exists():
        if not look_at_due(now):
            time.sleep(TICK)


def send(now: datetime) -> None:
    from engagement.outbox.actions import send_waiting
    from engagement.outbox.models import Message

    while Message.objects.ready(now).exists():
        send_waiting(now)


def kill_some(work: Callable[[], None], kills: int, seconds: float) -> int:
    """Ends when the last worker finds nothing more to do."""
    draw, died = random.Random(4), 0
    workers = [forked(work) for _ in range(WORKERS)]
    while died < kills and workers:
        time.sleep(draw.uniform(0, 2 * seconds / kills))
        chosen = draw.choice(workers)
        os.kill(chosen, signal.SIGKILL)
        workers.remove(chosen)
        _pid, status = os.waitpid(chosen, 0)
        if os.WIFSIGNALED(status):
            died += 1
            workers.append(forked(work))
    for worker in workers:
        os.waitpid(worker, 0)
    return died


def forked(work: Callable[[], None]) -> int:
    """A worker that knows the product already, and opens a connection of its own."""
    pid = os.fork()
    if pid:
        return pid
    try:
        work()
    finally:
        os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", choices=["sweep", "send"])
    parser.add_argument("kills", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("now", type=datetime.fromisoformat)
    given = parser.parse_args()
    import django

    django.setup()
    # What they call is read now: a worker that was forked is at work at once.
    import_module("promises.actions")
    work = {"sweep": sweep, "send": send}[given.work]
    began = time.perf_counter()
    died = kill_some(lambda: work(given.now), given.kills, given.seconds)
    sys.stdout.write(json.dumps({"killed": died, "seconds": time.perf_counter() - began}) + "\n")


if __name__ == "__main__":
    main()
