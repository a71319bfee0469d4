"""What Celery wakes us for. The rules live in actions.py and health.py."""

from celery import shared_task
from django.utils import timezone

from engagement.outbox import actions, health


@shared_task
def send_waiting() -> None:
    actions.send_waiting(timezone.now())


@shared_task
def beat() -> None:
    health.beat(timezone.now())
