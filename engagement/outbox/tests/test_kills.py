"""Workers, clocks, brokers and databases that die in the middle. What left is counted at the mail server."""

import os
import random
import signal
import time
from collections import Counter
from datetime import timedelta

import psycopg2
import pytest
import redis
from django.db import connection, connections
from django.utils import timezone

from engagement import testservers
from engagement.outbox import actions
from engagement.outbox.models import LEASE_LASTS, Audience, Message, State
from engagement.outbox.tests.machinery import (
    BEAT,
    WORKER,
    children,
    kill,
    own_redis,
    ring,
    unsettled,
    wait_until,
    write,
)

pytestmark = [pytest.mark.servers, pytest.mark.django_db(transaction=True)]

# KILLS=100 kills workers a hundred times for each seed while 2,000 reminders are due: make soak.
KILLS = int(os.environ.get("KILLS", "5"))
SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "0").split(",")]
DUE_AT_A_KILL = 20 if KILLS > 5 else 12
# BROKER_DEATHS=20 ends Redis and beat so often.
BROKER_DEATHS = int(os.environ.get("BROKER_DEATHS", "1"))
LONG = BROKER_DEATHS > 1
only_in_soak = pytest.mark.skipif(not LONG, reason="one of the long runs: make soak")


def look_after_the_dead():
    later = timezone.now() + LEASE_LASTS
    while unsettled():
        actions.send_waiting(later)
        later += timedelta(minutes=1)


def strike(chance, worker):
    """A whole worker, its main process alone, or one of the children that do the work."""
    at_work = children(worker)
    if at_work and chance.random() < 0.8:
        os.kill(chance.choice(at_work), signal.SIGKILL)
        return "child"
    if chance.random() < 0.5:
        worker.kill()
        worker.wait()
    else:
        kill(worker)
    return "worker"


@pytest.mark.parametrize("seed", SEEDS)
def test_killed_workers_lose_nothing_and_double_nothing_for_clients(sink, machinery, seed):
    # A new one each time; SEEDS=7,8 repeats what was printed.
    seed = seed or int.from_bytes(os.urandom(4))
    print("seed", seed)  # noqa: T201
    chance, broker = random.Random(seed), os.environ["REDIS_URL"]
    sink.pause = 0.01
    workers = [machinery.start(WORKER, broker)]
    killed = Counter()

    for number in range(KILLS):
        now = timezone.now()
        for due in range(DUE_AT_A_KILL):
            write(Audience.STAFF, f"{number}-{due}", now)
        for due in range(DUE_AT_A_KILL // 4):
            write(Audience.CLIENT, f"{number}-{due}", now)
        more = len(sink.recipients()) + chance.randint(1, 8)
        wait_until(lambda more=more: len(sink.recipients()) >= more, lambda: ring(broker))
        time.sleep(chance.uniform(0, 0.1))
        killed[strike(chance, workers[-1])] += 1
        if workers[-1].poll() is not None:
            workers.append(machinery.start(WORKER, broker))
    machinery.end()
    look_after_the_dead()

    times = sink.times()
    messages = list(Message.objects.all())
    staff = [message for message in messages if message.audience == Audience.STAFF]
    clients = [message for message in messages if message.audience == Audience.CLIENT]
    doubted = [message for message in clients if message.state == State.IN_DOUBT]
    again = [message for message in staff if times[message.message_id] > 1]
    print(  # noqa: T201, pytest shows it when the test fails, and pytest -s when it does not
        f"seed {seed}: {dict(killed)} killed; {len(staff)} to colleagues, {len(again)} of them said again;"
        f" {len(clients)} to clients, {len(doubted)} in doubt"
    )
    assert sum(killed.values()) == KILLS
    # Nobody is forgotten.
    assert {message.state for message in staff} == {State.SENT}
    assert all(times[message.message_id] >= 1 for message in staff)
    assert {message.state for message in clients} <= {State.SENT, State.IN_DOUBT}
    assert all(times[message.message_id] == 1 for message in clients if message.state == State.SENT)
    # No client hears twice; a colleague does only when a worker died with their message in hand.
    assert all(times[message.message_id] <= 1 for message in clients)
    assert all(message.attempts > 1 for message in again)
    assert sum(times[message.message_id] - 1 for message in again) <= 2 * KILLS
    assert sorted(message.pk for message in Message.objects.needing_a_person()) == sorted(m.pk for m in doubted)


class Rounds:
    """Messages that are written, round by round, while something dies; each of them has to leave once."""

    def __init__(self, sink):
        self.sink, self.written = sink, 0

    def write(self, how_many=6):
        for _message in range(how_many):
            for audience in (Audience.STAFF, Audience.CLIENT):
                write(audience, self.written, timezone.now())
            self.written += 1

    def some_left(self):
        before = len(self.sink.recipients())
        return lambda: len(self.sink.recipients()) > before or not unsettled()

    def check(self):
        wait_until(lambda: not unsettled())
        expected = [
            f"{audience}{number}@karoo.example" for audience in Audience.values for number in range(self.written)
        ]
        assert sorted(self.sink.recipients()) == sorted(expected)
        assert set(Message.objects.values_list("state", "attempts")) == {(State.SENT, 1)}


@pytest.fixture
def rounds(sink):
    sink.pause = 0.01
    return Rounds(sink)


def test_three_beats_and_a_broker_that_dies_lose_nothing_and_double_nothing(rounds, machinery, tmp_path):
    port = testservers.free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    machinery.start(WORKER, broker)
    for number in range(3):
        machinery.start([*BEAT, "-s", str(tmp_path / f"beat{number}")], broker)

    for _death in range(BROKER_DEATHS):
        with own_redis(tmp_path, port):
            rounds.write()
            wait_until(rounds.some_left())
        # Nothing rings; what is written meanwhile waits in the database.
        rounds.write()
    with own_redis(tmp_path, port):
        redis.from_url(broker).flushall()
        rounds.check()


@only_in_soak
def test_a_broker_that_forgets_and_hangs_up_keeps_nobody_waiting(rounds, machinery, tmp_path):
    port = testservers.free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    with own_redis(tmp_path, port):
        machinery.start(WORKER, broker)
        machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)
        rounds.write()
        wait_until(rounds.some_left())
        line = redis.from_url(broker)
        for _time in range(max(3, BROKER_DEATHS)):
            line.flushall()
            rounds.write(1)
        for _time in range(20):
            # Within three seconds, as a restarting proxy does.
            line.client_kill_filter(_type="normal", skipme=True)
            line.client_kill_filter(_type="pubsub", skipme=True)
            time.sleep(0.15)
        rounds.write()
        rounds.check()


@only_in_soak
def test_beats_that_die_lose_nothing_and_double_nothing(rounds, machinery, tmp_path):
    broker = os.environ["REDIS_URL"]
    machinery.start(WORKER, broker)
    for number in range(BROKER_DEATHS):
        rounds.write()
        beat = machinery.start([*BEAT, "-s", str(tmp_path / f"beat{number}")], broker)
        wait_until(rounds.some_left())
        kill(beat)

    # No clock for two hours: the row is as good as new.
    rounds.write()
    Message.objects.filter(state=State.WAITING).update(not_before=timezone.now() - timedelta(hours=2))
    machinery.start([*BEAT, "-s", str(tmp_path / "the last one")], broker)
    rounds.check()


@only_in_soak
def test_one_doorbell_rung_five_times_at_once_is_one_message(rounds, machinery):
    broker = os.environ["REDIS_URL"]
    machinery.start(WORKER, broker)
    machinery.start(WORKER, broker)
    rounds.write(20)

    for _time in range(5):
        ring(broker)

    wait_until(lambda: not unsettled(), lambda: ring(broker))
    rounds.check()


def test_a_database_that_throws_everybody_out_loses_nothing_and_doubles_nothing(sink, machinery, tmp_path):
    """Whoever was thrown out between the server's answer and the note of it leaves a doubt, as the dead do."""
    broker = os.environ["REDIS_URL"]
    sink.pause = 0.01
    machinery.start(WORKER, broker)
    machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)
    number = 0
    for _time in range(10 if LONG else 3):
        for _message in range(10):
            for audience in Audience.values:
                write(audience, number, timezone.now())
            number += 1
        before = len(sink.recipients())
        wait_until(lambda before=before: len(sink.recipients()) > before)
        throw_everybody_out()
    wait_until(lambda: not Message.objects.filter(state=State.WAITING).exists())
    machinery.end()
    look_after_the_dead()

    times = sink.times()
    states = Counter(Message.objects.values_list("audience", "state"))
    print(states)  # noqa: T201, for the record of a long run
    assert all(times[message.message_id] >= 1 for message in Message.objects.filter(state=State.SENT))
    assert all(times[message.message_id] <= 1 for message in Message.objects.filter(audience=Audience.CLIENT))
    assert states["staff", State.SENT] == number
    assert states["client", State.SENT] + states["client", State.IN_DOUBT] == number


def throw_everybody_out():
    given = connections["default"].settings_dict
    keys = {"user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    line = psycopg2.connect(dbname="postgres", **{name: given[key] for name, key in keys.items() if given[key]})
    line.autocommit = True
    with line.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> %s",
            [given["NAME"], connection.connection.info.backend_pid],
        )
    line.close()
