"""What Celery wakes us for. The rules live in actions.py, hold.py and health.py."""

from celery import shared_task
from django.utils import timezone

from engagement.outbox import actions, health, hold
from engagement.outbox.failpoint import failpoint


@shared_task
def send_waiting() -> None:
    now = timezone.now()
    hold.notice_sleep(now)
    actions.send_waiting(now)
    failpoint("before_ack")


@shared_task
def beat() -> None:
    health.beat(timezone.now())
