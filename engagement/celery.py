"""The doorbell. Without a broker, beat rings from inside the one worker."""

import os

from celery import Celery, bootsteps, signals

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


app.steps["worker"].add(BeatInside)
