"""A watch that does not run is said, though mail and beat are well."""

from datetime import time, timedelta

import pytest

from conftest import DAY, HOUR, NOW
from engagement.outbox import health
from engagement.outbox.models import Heartbeat
from engagement.staff.actions import come_back
from engagement.staff.models import User
from promises import actions
from promises.actions.digest import write_digests

SECOND = timedelta(seconds=1)


@pytest.fixture
def late(db):
    """Since when it is late at a moment, with a beat of that moment."""

    def since(now):
        Heartbeat.objects.update_or_create(pk=1, defaults={"beat_at": now, "mail_checked_at": now})
        return health.read(now).delayed_since

    return since


@pytest.mark.parametrize(("after", "is_late"), [(timedelta(0), False), (SECOND, True), (5 * DAY, True)])
def test_a_promise_that_nobody_looks_at_is_trouble_after_five_minutes(make_promise, late, after, is_late):
    promise = make_promise(made_at=NOW)

    assert late(NOW + health.LATE_AFTER + after) == (promise.next_look_at if is_late else None)


def test_a_promise_that_has_ended_is_looked_at_no_more(make_promise, thandi, late):
    actions.deliver(make_promise(), delivered_at=NOW, by=thandi, now=NOW)

    assert late(NOW + DAY) is None


def test_a_watch_that_runs_is_well(make_promise, late):
    make_promise()
    actions.look_at_due(NOW)

    assert late(NOW + SECOND) is None


def test_a_morning_message_that_nobody_writes_is_trouble(thandi, late):
    thandi.digest_time = time(11)
    thandi.save(update_fields=["digest_time"])
    write_digests(NOW - HOUR)

    assert late(NOW + health.LATE_AFTER) is None
    assert late(NOW + health.LATE_AFTER + SECOND) == NOW


def test_who_cannot_be_written_to_is_owed_none(thandi, late):
    User.objects.update(next_digest_at=NOW - DAY, is_active=False)

    assert late(NOW) is None


def test_who_comes_back_is_owed_no_message_of_long_ago(thandi, late):
    User.objects.update(next_digest_at=NOW - DAY, is_active=False)
    thandi.refresh_from_db()

    come_back(thandi, now=NOW)

    assert late(NOW) is None
