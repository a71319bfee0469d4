import pytest
from django.conf import settings as installed

from engagement import checks


@pytest.fixture
def real(settings):
    """A real installation with nothing to complain of."""
    settings.SITE_URL = "https://promises.example.com"
    settings.WEB_PROCESSES = 4
    settings.REDIS_URL = "redis://cache/0"
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Promises <promises@example.com>"
    return settings


def complaints():
    every = [checks.site_url_is_https, checks.processes_share_a_cache, checks.mails_can_leave]
    return [message.id for check in every for message in check(None)]


def test_a_real_installation_passes(real):
    assert complaints() == []


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("SITE_URL", "http://promises.example.com", "engagement.W001"),
        ("REDIS_URL", "", "engagement.W002"),
        ("DELIVERY_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "engagement.W003"),
        ("DEFAULT_FROM_EMAIL", "Promises <promises@localhost>", "engagement.W004"),
    ],
)
def test_what_would_break_quietly_is_said(real, name, value, complaint):
    setattr(real, name, value)

    assert complaints() == [complaint]


def test_one_process_needs_no_shared_cache(real):
    real.REDIS_URL, real.WEB_PROCESSES = "", 1

    assert complaints() == []


def test_the_schedule_names_real_tasks():
    assert installed.CELERY_BEAT_SCHEDULE
    assert checks.schedule_names_real_tasks(None) == []


def test_a_schedule_that_rings_for_nothing_is_an_error(settings):
    settings.CELERY_BEAT_SCHEDULE = {"look": {"task": "promises.tasks.loook", "schedule": 60.0}}

    (message,) = checks.schedule_names_real_tasks(None)

    assert message.is_serious()
    assert "promises.tasks.loook" in message.msg
