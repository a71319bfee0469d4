"""The doorbell. Without a broker, beat rings from inside the one worker."""

import logging
import os
import threading
from contextlib import suppress
from signal import SIGKILL
from time import monotonic

from celery import Celery, bootsteps, signals
from celery.worker import state

from engagement.logs import in_lines_of_ours

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")

app = Celery("engagement")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
signals.after_setup_logger.connect(in_lines_of_ours)
signals.after_setup_task_logger.connect(in_lines_of_ours)


class BeatInside(bootsteps.StartStopStep):
    """Runs beat as a thread of the worker when messages cannot leave the process."""

    def include_if(self, worker):  # type: ignore[no-untyped-def]
        return app.conf.broker_url.startswith("memory://")

    def start(self, worker):  # type: ignore[no-untyped-def]
        from celery.beat import EmbeddedService, Scheduler

        self.beat = EmbeddedService(app, thread=True, max_interval=1, scheduler_cls=Scheduler)
        self.beat.start()

    def stop(self, worker):  # type: ignore[no-untyped-def]
        self.beat.stop()


class EndWhenDeaf(bootsteps.StartStopStep):
    """Ends a worker that lives on and works no more, so that it is started again.

    Workers have been seen to take nothing after their broker came back, and to start nothing after one of their
    children was killed with a lock in its hands, all the while answering every ping.
    """

    # Longer than the longest task may take.
    DEAF_AFTER = 130.0
    GLANCE = 5.0

    def include_if(self, worker):  # type: ignore[no-untyped-def]
        return app.conf.broker_url.startswith("redis")

    def start(self, worker):  # type: ignore[no-untyped-def]
        self.over = threading.Event()
        threading.Thread(target=self.watch, args=(worker,), daemon=True).start()

    def stop(self, worker):  # type: ignore[no-untyped-def]
        self.over.set()

    def watch(self, worker):  # type: ignore[no-untyped-def]
        begun, since = -1, monotonic()
        while not self.over.wait(self.GLANCE):
            now_begun = sum(state.total_count.values())
            if now_begun != begun or not something_waits():
                begun, since = now_begun, monotonic()
            elif monotonic() - since > self.DEAF_AFTER:
                logging.getLogger(__name__).critical(
                    "Ticks wait, and none was begun for long: this worker ends itself."
                )
                end_now(worker)  # type: ignore[no-untyped-call]


def something_waits() -> bool:
    """A tick that this worker has taken and not begun, or one that lies with the broker."""
    if len(state.reserved_requests) > len(state.active_requests):
        return True
    with suppress(Exception), app.connection_for_read() as line:
        return bool(line.default_channel.client.llen(app.conf.task_default_queue))
    return False


def end_now(worker):  # type: ignore[no-untyped-def]
    """With its children: what hangs on a lock hears nothing of its parent's end."""
    for child in getattr(getattr(worker.pool, "_pool", None), "_pool", []):
        with suppress(ProcessLookupError):
            os.kill(child.pid, SIGKILL)
    os._exit(1)


app.steps["worker"].add(BeatInside)
app.steps["worker"].add(EndWhenDeaf)
