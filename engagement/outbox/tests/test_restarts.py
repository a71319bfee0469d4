"""The whole database server is restarted, and dies, while messages leave: one that these tests started themselves."""

import os
import signal
import subprocess
from collections import Counter
from itertools import cycle
from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from engagement import testservers
from engagement.outbox.models import Audience, Message, State
from engagement.outbox.tests.machinery import BEAT, WORKER, database_url, wait_until, write
from engagement.outbox.tests.test_kills import look_after_the_dead
from engagement.supervisor import end_with_parent

# RESTARTS=10: make soak. Other tests at the same server would be thrown out too.
RESTARTS = int(os.environ.get("RESTARTS", "0"))
# The tests' server is in a hurry. What a firm's server said was kept is kept.
AS_A_FIRM_RUNS_IT = ["-c", "synchronous_commit=on"]
# As an administrator restarts it, and as if it had died.
WAYS = {"restarted": signal.SIGINT, "died": signal.SIGQUIT}

pytestmark = [
    pytest.mark.servers,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not RESTARTS, reason="one of the long runs: make soak"),
    pytest.mark.skipif("TEST_DATABASE_URL" in os.environ, reason="this server is somebody else's"),
]


# The last of them has to outlive the test: the others go on with it. It ends with this process.
BEGUN = []


@pytest.fixture
def database():
    with connection.cursor() as cursor:
        cursor.execute("SHOW data_directory")
        return Database(Path(cursor.fetchone()[0]))


class Database:
    def __init__(self, home):
        self.home, self.url = home, database_url()

    def begin_anew(self, how):
        lock = self.home / "postmaster.pid"
        server = Path("/proc") / lock.read_text().split()[0]
        command, owner = (server / "cmdline").read_text().rstrip("\0").split("\0"), server.stat().st_uid
        connections.close_all()
        os.kill(int(server.name), how)
        for one in BEGUN:
            one.wait()
        testservers.wait_for("the end of PostgreSQL", lambda: not lock.exists())
        with (self.home.parent / "begun_anew.log").open("ab") as log:
            one = subprocess.Popen(
                [*command, *AS_A_FIRM_RUNS_IT],
                cwd=self.home,
                user=None if owner == os.geteuid() else owner,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )
        BEGUN.append(one)
        testservers.wait_for("PostgreSQL", lambda: testservers.accepts_queries(self.url))


def test_a_database_that_restarts_or_dies_loses_nothing_and_doubles_nothing(sink, machinery, database, tmp_path):
    """Whoever was thrown out between the server's answer and the note of it leaves a doubt, as the dead do."""
    broker, ways, written, done = os.environ["REDIS_URL"], cycle(WAYS), 0, Counter()
    sink.pause = 0.01
    # From here on nothing that the server confirms is lost with it.
    database.begin_anew(signal.SIGINT)
    machinery.start(WORKER, broker)
    machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)

    for _time in range(RESTARTS):
        for number in range(written, written + 10):
            for audience in Audience.values:
                write(audience, number, timezone.now())
        written += 10
        before = len(sink.recipients())
        wait_until(lambda before=before: len(sink.recipients()) > before)
        way = next(ways)
        database.begin_anew(WAYS[way])
        done[way] += 1
    wait_until(lambda: not Message.objects.filter(state=State.WAITING).exists())
    machinery.end()
    look_after_the_dead()

    times, states = sink.times(), Counter(Message.objects.values_list("audience", "state"))
    print(dict(done), dict(states))  # noqa: T201, for the record of a long run
    assert all(times[message.message_id] >= 1 for message in Message.objects.filter(state=State.SENT))
    assert all(times[message.message_id] <= 1 for message in Message.objects.filter(audience=Audience.CLIENT))
    assert states["staff", State.SENT] == written
    assert states["client", State.SENT] + states["client", State.IN_DOUBT] == written
