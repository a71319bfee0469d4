"""What Celery wakes us for. The rules live in actions."""

from celery import shared_task
from django.utils import timezone

from clients import actions


@shared_task
def make_documents() -> None:
    actions.make_documents(timezone.now())


@shared_task
def watch_agreements() -> None:
    now = timezone.now()
    actions.lapse_due(now)
    actions.nudge_due(now)
