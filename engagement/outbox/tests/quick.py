"""The product's Celery with a clock that ticks several times a second: `celery -A engagement.outbox.tests.quick`."""

import os

from engagement.celery import EndWhenDeaf, app

EVERY = 0.3

for entry in app.conf.beat_schedule.values():
    entry["schedule"], entry["options"] = EVERY, {"expires": 2}
if "DEAF_AFTER" in os.environ:
    EndWhenDeaf.DEAF_AFTER = float(os.environ["DEAF_AFTER"])
    EndWhenDeaf.GLANCE = 0.2

__all__ = ["app"]
