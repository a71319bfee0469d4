"""Ten thousand reminders due at nine, an outage, and a fifth of all receivers of whom the mail server says nothing.

When each message reached it, by its own clock.
"""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from engagement.outbox import actions
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.tests import machinery as machines
from engagement.outbox.tests.machinery import BEAT, WORKER, wait_until
from engagement.outbox.tests.sink import STALL_AT_ADDRESS

# ON_TIME=10000: make soak.
HOW_MANY = int(os.environ.get("ON_TIME", "0"))

pytestmark = [
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not HOW_MANY, reason="one of the long runs: make soak"),
]


@pytest.fixture
def at_work(sink, machinery, tmp_path, monkeypatch):
    """A worker and a beat that have sent something already."""
    monkeypatch.setattr(machines, "PATIENCE", 900)
    broker = os.environ["REDIS_URL"]
    machinery.start(WORKER, broker)
    machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)
    actions.write(
        occasion="warm", now=timezone.now(), audience=Audience.STAFF, address="w@w.example", subject="", body=""
    )
    wait_until(lambda: sink.recipients())
    sink.forget()


@pytest.mark.parametrize(("outage", "most"), [(timedelta(0), 60), (timedelta(minutes=10), 300)], ids=["nine", "outage"])
@pytest.mark.usefixtures("at_work")
def test_whatever_is_due_at_nine_is_with_the_mail_server_in_time(sink, outage, most):
    nine = timezone.now() + timedelta(seconds=20)
    rows = (
        {"occasion": str(number), "not_before": nine - outage, "address": f"n{number}@word.example"}
        for number in range(HOW_MANY)
    )
    common = {"audience": Audience.STAFF, "subject": "Tell Karoo Linen", "body": "By four o'clock.\n" * 10}
    actions.write_all([row | common for row in rows], timezone.now())
    began = time.time() if outage else nine.timestamp()
    wait_until(lambda: not Message.objects.filter(state__in=[State.WAITING, State.SENDING]).exists())

    late = sorted(moment - began for moment in sink.moments())
    p99, last = late[int(len(late) * 0.99)], late[-1]
    print(f"{len(late)} messages, p50 {late[len(late) // 2]:.1f} s, p99 {p99:.1f} s, the last {last:.1f} s")  # noqa: T201
    assert len(sink.times()) == len(late) == HOW_MANY
    assert (last if outage else p99) <= most


@pytest.mark.parametrize("audience", Audience.values)
@pytest.mark.usefixtures("at_work")
def test_nobody_waits_for_a_fifth_of_whom_the_server_says_nothing(sink, audience):
    others, now = max(20, HOW_MANY // 10) * 4 // 5, timezone.now()
    for number in range(others // 4):
        sink.script[f"n{number}@place0.example"] = [STALL_AT_ADDRESS] * 20
    rows = (
        {"occasion": f"{number} {place}", "address": f"n{number}@place{place}.example"}
        for number in range(others // 4)
        for place in range(5)
    )
    common = {"audience": audience, "subject": "How it stands", "body": "As agreed.\n"}

    actions.write_all([row | common for row in rows], now)
    wait_until(lambda: len(sink.recipients()) == others)

    late = sorted(moment - now.timestamp() for moment in sink.moments())
    p95 = late[int(len(late) * 0.95)]
    print(f"{others} others, p95 {p95:.1f} s, the last {late[-1]:.1f} s")  # noqa: T201
    assert p95 <= 60
