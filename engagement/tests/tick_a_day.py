"""Restores a back-up and runs the whole schedule through simulated time, on the database that the environment names.

    python -m engagement.tests.tick_a_day FILE 2026-11-20T09:00:00+00:00 STEP_IN_MINUTES

A day is ticked while sending is held; after a line on its input it resumes sending as the command does, decides on each
message that is left to a person, and ticks for six hours more.
"""

import json
import os
import sys
from datetime import datetime, timedelta

import django
import time_machine

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.utils.module_loading import import_string  # noqa: E402

from engagement.outbox import actions  # noqa: E402
from engagement.outbox.models import Message, State  # noqa: E402

TASKS = [import_string(entry["task"]) for entry in settings.CELERY_BEAT_SCHEDULE.values()]


def tick(begin: datetime, lasts: timedelta, step: timedelta) -> datetime:
    now = begin
    while now < begin + lasts:
        with time_machine.travel(now, tick=False):
            for task in TASKS:
                task()
        now += step
    return now


def told() -> dict[str, str]:
    return dict(Message.objects.values_list("occasion", "state"))


def restore_then_begin(file: str, begin: str, minutes: str) -> None:
    with time_machine.travel(datetime.fromisoformat(begin), tick=False):
        call_command("restore", file, "--quiet")
    sys.stdout.flush()
    # Anew, as a firm starts the product after a restore: the keys are read when it starts.
    os.execv(sys.executable, [sys.executable, "-m", "engagement.tests.tick_a_day", begin, minutes])


def main(begin: str, minutes: str) -> None:
    step = timedelta(minutes=int(minutes))
    now = tick(datetime.fromisoformat(begin), timedelta(days=1), step)
    print("held", json.dumps(told()), sep="\n", flush=True)  # noqa: T201
    sys.stdin.readline()
    with time_machine.travel(now, tick=False):
        call_command("resume_sending")
    now = tick(now, timedelta(hours=1), step)
    left = list(Message.objects.filter(state=State.IN_DOUBT))
    for message in left:
        actions.resend(message, now)
    tick(now, timedelta(hours=5), step)
    print(json.dumps({"decided": [message.occasion for message in left], "states": told()}), flush=True)  # noqa: T201


if __name__ == "__main__":
    {3: main, 4: restore_then_begin}[len(sys.argv)](*sys.argv[1:])
