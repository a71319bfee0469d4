"""Workers and brokers that die in the middle. What left is counted at the mail server, not in our tables."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from celery import Celery
from django.db import connection
from django.utils import timezone

from engagement import testservers
from engagement.outbox import actions
from engagement.outbox.models import LEASE_LASTS, Audience, Message, State
from engagement.supervisor import end_with_parent

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

ROOT = Path(__file__).resolve().parents[3]
CELERY = [sys.executable, "-W", "ignore", "-m", "celery", "-q", "-A", "engagement.celery"]
WORKER = [*CELERY, "worker", "-l", "ERROR", "-P", "prefork", "-c", "2", "--without-gossip", "--without-mingle"]
BEAT = [*CELERY, "beat", "-l", "ERROR", "--pidfile="]
EACH = 60
PATIENCE = 60


def database_url():
    given = connection.settings_dict
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**given)


@pytest.fixture
def start(sink, tmp_path):
    """Starts processes of ours that send to the sink, and ends them with the test."""
    running = []

    def run(command, redis_url):
        environ = os.environ | {
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url,
            "EMAIL_URL": sink.url,
            "VAR_DIR": str(tmp_path),
            "DEBUG": "True",
            "PYTHONWARNINGS": "ignore",
        }
        with (tmp_path / "errors.log").open("ab") as errors:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )
        running.append(process)
        return process

    yield run
    for process in running:
        kill(process)


def kill(process):
    """At once, and with its children: nobody has time to tidy up."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def write(audience, number, now):
    address = f"{audience}{number}@karoo.example"
    return actions.write(
        occasion=address, now=now, audience=audience, address=address, subject=f"Word {number}", body="As agreed.\n"
    )


def ring(broker_url):
    with contextlib.suppress(Exception), Celery(broker=broker_url) as app:
        app.send_task("engagement.outbox.tasks.send_waiting", expires=4, retry=False)


def wait_until(happened, each_time=lambda: None):
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        each_time()
        time.sleep(0.1)


def unsettled():
    return Message.objects.filter(state__in=[State.WAITING, State.SENDING]).count()


def test_five_killed_workers_lose_nothing_and_double_nothing_for_clients(sink, start):
    seed = int.from_bytes(os.urandom(4))
    print("seed", seed)  # noqa: T201, pytest shows it when the test fails
    chance, broker = random.Random(seed), os.environ["REDIS_URL"]
    sink.pause, now = 0.02, timezone.now()
    for number in range(EACH):
        write(Audience.STAFF, number, now)
        write(Audience.CLIENT, number, now)

    for _kill in range(5):
        worker, more = start(WORKER, broker), len(sink.recipients()) + 1
        wait_until(lambda more=more: len(sink.recipients()) >= more or not unsettled(), lambda: ring(broker))
        time.sleep(chance.uniform(0, 0.4))
        kill(worker)
    later = timezone.now() + LEASE_LASTS
    while unsettled():
        actions.send_waiting(later)
        later += timedelta(minutes=1)

    times = sink.times()
    messages = list(Message.objects.all())
    staff = [message for message in messages if message.audience == Audience.STAFF]
    clients = [message for message in messages if message.audience == Audience.CLIENT]
    doubted = [message for message in clients if message.state == State.IN_DOUBT]
    assert len(sink.recipients()) >= EACH
    assert {message.state for message in staff} == {State.SENT}
    assert all(times[message.message_id] >= 1 for message in staff)
    assert all(times[message.message_id] == 1 for message in clients if message.state == State.SENT)
    assert all(times[message.message_id] <= 1 for message in doubted)
    assert {message.state for message in clients} <= {State.SENT, State.IN_DOUBT}
    assert sorted(message.pk for message in Message.objects.needing_a_person()) == sorted(m.pk for m in doubted)


@contextlib.contextmanager
def own_redis(folder, port):
    command = [testservers.redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=end_with_parent()
    )
    try:
        testservers.wait_for("redis", lambda: testservers.listens(port))
        yield process
    finally:
        process.kill()
        process.wait()


def test_three_beats_and_a_broker_that_dies_lose_nothing_and_double_nothing(sink, start, tmp_path):
    port, now = testservers.free_port(), timezone.now()
    broker = f"redis://127.0.0.1:{port}/0"
    sink.pause = 0.01
    with own_redis(str(tmp_path), port) as first:
        start(WORKER, broker)
        for number in range(3):
            start([*BEAT, "-s", str(tmp_path / f"beat{number}")], broker)
        for number in range(EACH // 2):
            write(Audience.STAFF, number, now)
            write(Audience.CLIENT, number, now)
        wait_until(lambda: len(sink.recipients()) > EACH // 4)
        first.kill()
        first.wait()
    for number in range(EACH // 2, EACH):
        write(Audience.STAFF, number, now)
        write(Audience.CLIENT, number, now)
    with own_redis(str(tmp_path), port):
        redis.from_url(broker).flushall()
        wait_until(lambda: not unsettled())

    assert sorted(sink.recipients()) == sorted(
        f"{audience}{number}@karoo.example" for audience in ("staff", "client") for number in range(EACH)
    )
    assert set(Message.objects.values_list("state", "attempts")) == {(State.SENT, 1)}
