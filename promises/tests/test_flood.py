"""However much arises at once, a person gets one message of it, and never an empty one."""

from datetime import timedelta

import pytest

from conftest import DAY, HOUR, NOW
from engagement.outbox import actions as outbox
from engagement.outbox.models import Message, State
from engagement.outbox.tests.conftest import sink  # noqa: F401, a fixture
from promises import actions
from promises.actions.digest import write_digests

MINUTE = timedelta(minutes=1)


def tick(start, end, step):
    now = start
    while now <= end:
        actions.look_at_due(now)
        write_digests(now)
        outbox.send_waiting(now)
        now += step


@pytest.fixture
def fifty(make_promise, thandi):
    promises = [make_promise(f"Promise {number}") for number in range(50)]
    for promise in promises:
        actions.update(promise, standing="may_be_late", by=thandi, now=NOW)
    return promises


def test_fifty_alarms_for_one_person_are_one_message(fifty, sink):  # noqa: F811
    tick(NOW, NOW + 5 * MINUTE, MINUTE)

    assert sink.recipients() == ["thandi@word.example"]
    assert "50 promises" in sink.accepted()[0]["Subject"]


def test_fifty_due_for_one_person_are_one_morning_message(fifty, sink):  # noqa: F811
    write_digests(NOW)
    Message.objects.update(state=State.DROPPED)
    # The next morning, at their hour.
    tick(NOW + DAY - 4 * HOUR, NOW + DAY - 2 * HOUR, 10 * MINUTE)

    mornings = [mail for mail in sink.accepted() if "Good morning" in mail.get_content()]
    assert [mail["To"] for mail in mornings] == ["thandi@word.example"]


def test_nothing_due_is_no_message(thandi, mara, sink):  # noqa: F811
    tick(NOW, NOW + 2 * DAY, HOUR)

    assert sink.accepted() == []
