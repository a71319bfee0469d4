"""The doorbell. Without a broker, beat rings from inside the one worker."""

import logging
import os
import threading
from contextlib import suppress
from signal import SIGKILL

from celery import Celery, bootsteps, signals
from celery.worker import state
from kombu.entity import Exchange, Queue

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
    children was killed with a lock in its hands, all the while answering every ping. What several share says nothing
    of one of them, for another takes it: so each writes notes to itself, and they come to it the way that ticks do.
    """

    # Longer than the longest task may take.
    DEAF_AFTER = 100.0
    GLANCE = 5.0

    def include_if(self, worker):  # type: ignore[no-untyped-def]
        return app.conf.broker_url.startswith("redis")

    def start(self, worker):  # type: ignore[no-untyped-def]
        # Without acknowledgement: what a dead worker held would be given back to where nobody listens, for ever.
        ear = Queue(f"hearing.{worker.hostname}.{os.getpid()}", Exchange(""), no_ack=True)  # type: ignore[no-untyped-call]
        app.amqp.queues.select_add(ear)
        self.over = threading.Event()
        threading.Thread(target=self.watch, args=(worker, ear.name), daemon=True).start()

    def stop(self, worker):  # type: ignore[no-untyped-def]
        self.over.set()

    def watch(self, worker, ear):  # type: ignore[no-untyped-def]
        begun, silent = -1, 0
        # Glances are counted, not seconds: whoever was stopped for an hour is not deaf for that.
        while not self.over.wait(self.GLANCE):
            now_begun = sum(state.total_count.values())
            silent = silent + 1 if now_begun == begun and write_note(ear, self.DEAF_AFTER) else 0
            begun = now_begun
            if silent * self.GLANCE > self.DEAF_AFTER:
                logging.getLogger(__name__).critical("What comes to this worker is not begun any more: it ends itself.")
                end_now(worker)  # type: ignore[no-untyped-call]


@app.task  # type: ignore[untyped-decorator]
def hear() -> None:
    """Nothing is to be done: that it was begun is all."""


def write_note(ear: str, kept_for: float) -> bool:
    """One lies there at most. While the broker is away nobody can hear, and that is nobody's fault."""
    with suppress(Exception), app.connection_for_write() as line:
        broker = line.default_channel.client
        if not broker.llen(ear):
            hear.apply_async(queue=ear, connection=line, retry=False)
            # Whoever it was for may be gone, and nobody comes by that name again.
            broker.expire(ear, int(kept_for) + 1)
        return True
    return False


def end_now(worker):  # type: ignore[no-untyped-def]
    """With its children: what hangs on a lock hears nothing of its parent's end."""
    for child in getattr(getattr(worker.pool, "_pool", None), "_pool", []):
        with suppress(ProcessLookupError):
            os.kill(child.pid, SIGKILL)
    os._exit(1)


app.steps["worker"].add(BeatInside)
app.steps["worker"].add(EndWhenDeaf)
