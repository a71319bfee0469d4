"""What Celery wakes us for. The rules live in actions."""

from celery import shared_task
from django.utils import timezone

from promises.actions.digest import write_digests as write_due_digests
from promises.actions.uploads import run_waiting
from promises.actions.watching import look_at_due


@shared_task
def look() -> None:
    look_at_due(timezone.now())


@shared_task
def write_digests() -> None:
    write_due_digests(timezone.now())


@shared_task
def run_imports() -> None:
    run_waiting(timezone.now())
