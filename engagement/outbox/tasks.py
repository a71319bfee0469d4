"""What Celery wakes us for. The rules live in sending.py and health.py."""

from celery import shared_task
from django.utils import timezone

from engagement.outbox import actions, health
from engagement.outbox.failpoint import failpoint


@shared_task
def send_waiting() -> None:
    actions.send_waiting(timezone.now())
    failpoint("before_ack")


@shared_task
def beat() -> None:
    health.beat(timezone.now())
