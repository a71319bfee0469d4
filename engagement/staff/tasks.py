"""What Celery wakes us for."""

from celery import shared_task

from engagement.staff.session_store import SessionStore


@shared_task
def clear_sessions() -> None:
    SessionStore.clear_expired()
