import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as installed

from clients.sealing import key
from conftest import NOW
from engagement import checks


@pytest.fixture
def real(settings):
    """A real installation with nothing to complain of."""
    settings.SITE_URL = "https://promises.example.com"
    settings.WEB_PROCESSES = 4
    settings.REDIS_URL = "redis://cache/0"
    settings.DELIVERY_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.DEFAULT_FROM_EMAIL = "Promises <promises@example.com>"
    settings.PLAIN_HTTP = settings.EMBEDDED = False
    return settings


def complaints():
    every = [checks.site_url_is_https, checks.processes_share_a_cache, checks.mails_can_leave, checks.sign_ins_are_kept]
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
        ("PLAIN_HTTP", True, "engagement.W007"),
        ("SESSION_IDLE", timedelta(days=15), "engagement.W008"),
        ("SESSION_IDLE", timedelta(0), "engagement.E003"),
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


@pytest.fixture
def sealing(settings, tmp_path):
    """A real installation whose key is made."""
    settings.SEAL_FILE = tmp_path / "seal.p12"
    key.write(key.make("Word & Co", NOW), settings.SEAL_FILE, settings.SEAL_PASSPHRASE)
    return settings


def complaints_about_the_seal():
    return [(message.id, message.msg) for message in checks.documents_can_be_sealed(None)]


def test_a_key_that_opens_is_no_matter(sealing):
    assert complaints_about_the_seal() == []


def test_a_key_that_is_missing_is_an_error(sealing):
    sealing.SEAL_FILE.unlink()

    ((name, said),) = complaints_about_the_seal()

    assert name == "engagement.E002"
    assert "seal.p12 is missing" in said


def test_a_passphrase_that_does_not_open_it_is_an_error(sealing):
    sealing.SEAL_PASSPHRASE = "another one"

    ((name, said),) = complaints_about_the_seal()

    assert name == "engagement.E002"
    assert "SEAL_PASSPHRASE does not open" in said


def test_a_key_that_others_may_read_is_said(sealing):
    sealing.SEAL_FILE.chmod(0o640)

    assert [name for name, _said in complaints_about_the_seal()] == ["engagement.W005"]


def test_a_certificate_that_runs_out_soon_is_said(sealing):
    with time_machine.travel(NOW + timedelta(days=3600)):
        found = complaints_about_the_seal()

    assert [name for name, _said in found] == ["engagement.W006"]


def test_no_two_complaints_go_by_one_name():
    said = re.findall(r'id="(engagement\.[EW]\d+)"', Path(checks.__file__).read_text())

    assert len(said) >= 12
    assert len(said) == len(set(said))
