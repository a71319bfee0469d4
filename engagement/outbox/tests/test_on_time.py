"""Ten thousand reminders due at nine, and an outage: when each of them reached the mail server, by its own clock."""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from engagement.outbox import actions
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.tests import machinery as machines
from engagement.outbox.tests.machinery import BEAT, WORKER, wait_until

# ON_TIME=10000: make soak.
HOW_MANY = int(os.environ.get("ON_TIME", "0"))

pytestmark = [
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not HOW_MANY, reason="one of the long runs: make soak"),
]


@pytest.mark.parametrize(("outage", "most"), [(timedelta(0), 60), (timedelta(minutes=10), 300)], ids=["nine", "outage"])
def test_whatever_is_due_at_nine_is_with_the_mail_server_in_time(sink, machinery, tmp_path, monkeypatch, outage, most):
    monkeypatch.setattr(machines, "PATIENCE", 900)
    broker = os.environ["REDIS_URL"]
    machinery.start(WORKER, broker)
    machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)
    actions.write(
        occasion="warm", now=timezone.now(), audience=Audience.STAFF, address="w@w.example", subject="", body=""
    )
    wait_until(lambda: sink.recipients())
    sink.forget()

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
