"""A worker that does nothing but sweep: `python bench/sweeper.py NOW`.

It says when it is ready, sweeps when a line comes in, and says what it took.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")


def main(now: datetime) -> None:
    import django

    django.setup()
    from bench.places import peak_of
    from promises.actions import look_at_due
    from promises.models import Promise

    # The connection, and what is read at first use, are there before the clock starts.
    Promise.objects.order_by("pk").first()
    say(ready=True)
    sys.stdin.readline()
    began, looked = time.perf_counter(), 0
    # More than a turn's worth goes on in the next turn.
    while more := look_at_due(now):
        looked += more
    say(seconds=time.perf_counter() - began, looked=looked, peak=peak_of(os.getpid()))


def say(**said: object) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]))
