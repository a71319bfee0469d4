"""The product's Celery with a clock that ticks several times a second: `celery -A engagement.outbox.tests.quick`."""

from engagement.celery import app

EVERY = 0.3

for entry in app.conf.beat_schedule.values():
    entry["schedule"], entry["options"] = EVERY, {"expires": 2}

__all__ = ["app"]
