"""Celery wakes us and carries nothing; the clock is read at the edge and handed down."""

import ast
from pathlib import Path

import pytest
from django.conf import settings

from engagement.celery import EndWhenDeaf

ROOT = Path(settings.BASE_DIR)
# What would put meaning into the broker: a call, a moment, an argument that is gone with it.
CARRIES_MEANING = {"delay", "apply_async", "delay_on_commit", "apply_async_on_commit", "send_task"}
LATER = {"eta", "countdown"}
# By hand, and why.
RINGS = {"engagement/celery.py": "a worker asks itself whether it hears; nothing hangs on the answer but itself"}
# Where a request, a tick or a command comes in. Everything below is told what time it is.
EDGES = (
    "/views/",
    "/management/",
    "/templatetags/",
    "tasks.py",
    "admin.py",
    "backend.py",
    "checks.py",
    "context_processors.py",
    "middleware.py",
)
# Below the edge, and why.
READS_THE_CLOCK = {
    "promises/actions/uploads.py": "a lease that is renewed while thousands of rows are written",
    "clients/models/scope.py": "a scope made in the admin or a test has no caller who could say",
    "engagement/security_txt.py": "a page of its own, without a folder of views",
    "engagement/staff/forms/passwords.py": "Django's own password form, which knows no clock",
    "engagement/staff/session_store.py": "Django asks it for a session, and says no moment",
    "engagement/staff/sessions.py": "the same",
}


def sources():
    for room in ("engagement", "clients", "promises"):
        for path in sorted((ROOT / room).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if "/tests/" not in name and "/migrations/" not in name and name != "engagement/testservers.py":
                yield name, ast.parse(path.read_text())


SOURCES = dict(sources())


def calls(module):
    return (node for node in ast.walk(module) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute))


def test_nothing_is_rung_for_by_hand():
    """A doorbell that is lost, or rung five times, costs a minute or nothing: the tick looks into the database."""
    rung = {
        name
        for name, module in SOURCES.items()
        for call in calls(module)
        if call.func.attr in CARRIES_MEANING or {word.arg for word in call.keywords} & LATER
    }

    assert rung == RINGS.keys()


def test_a_worker_that_only_works_long_is_not_taken_for_deaf():
    starts_anew_after = EndWhenDeaf.DEAF_AFTER + 2 * EndWhenDeaf.GLANCE

    assert settings.CELERY_TASK_TIME_LIMIT < EndWhenDeaf.DEAF_AFTER
    assert starts_anew_after < 120


def test_tasks_take_no_arguments():
    found = {
        f"{name}:{node.name}": ast.unparse(node.args)
        for name, module in SOURCES.items()
        if name.endswith("tasks.py")
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef)
    }

    assert len(found) >= len(settings.CELERY_BEAT_SCHEDULE)
    assert set(found.values()) == {""}


@pytest.mark.parametrize("name", settings.CELERY_BEAT_SCHEDULE)
def test_the_schedule_knows_intervals_alone_and_missed_ticks_do_not_pile_up(name):
    entry = settings.CELERY_BEAT_SCHEDULE[name]

    assert isinstance(entry["schedule"], float)
    assert 0 < entry["options"]["expires"] < entry["schedule"]


def test_the_clock_is_read_at_the_edge_alone():
    below = {
        name
        for name, module in SOURCES.items()
        for call in calls(module)
        if reads_the_clock(call) and not any(edge in name for edge in EDGES)
    }

    assert below == READS_THE_CLOCK.keys()


def reads_the_clock(call):
    of = ast.unparse(call.func)
    return of in {"timezone.now", "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}
