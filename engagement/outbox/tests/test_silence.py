"""Whatever stops, it is said within five minutes, on every page and to machines; and no more once it runs again.

The figure is shortened to seconds here; the boundaries of the real one are in test_health_pages.py.
"""

import os
import signal
from datetime import timedelta

import pytest
from celery import Celery
from django.utils import timezone

from engagement import testservers
from engagement.outbox import health
from engagement.outbox.models import Audience, Heartbeat
from engagement.outbox.tests.machinery import BEAT, WORKER, children, kill, own_redis, wait_until, write

LONG = int(os.environ.get("BROKER_DEATHS", "1")) > 1
NAMES = ["hears@here", "deaf@here"]
STOPPED = ["worker", "wedged worker", "beat", "broker"]


@pytest.fixture
def _impatient(monkeypatch):
    monkeypatch.setattr(health, "SILENT_AFTER", timedelta(seconds=4))


def is_well(client):
    return client.get("/healthz/deep").status_code == 200


@pytest.mark.servers
@pytest.mark.skipif(not LONG, reason="one of the long runs: make soak")
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_impatient")
@pytest.mark.parametrize("what", STOPPED)
def test_what_stops_is_said_and_what_runs_again_is_not(machinery, client, mara, tmp_path, what):
    port = testservers.free_port()
    broker = f"redis://127.0.0.1:{port}/0"
    client.force_login(mara)
    with own_redis(tmp_path, port) as first:
        worker = machinery.start(WORKER, broker)
        beat = machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)
        wait_until(lambda: is_well(client))
        assert "Reminders are running." in client.get("/sent/").content.decode()

        if what == "worker":
            kill(worker)
        elif what == "wedged worker":
            os.killpg(worker.pid, signal.SIGSTOP)
        elif what == "beat":
            kill(beat)
        else:
            first.kill()
        wait_until(lambda: not is_well(client))
        assert "Reminders may be delayed since" in client.get("/sent/").content.decode()

        if what == "worker":
            machinery.start(WORKER, broker)
        elif what == "wedged worker":
            os.killpg(worker.pid, signal.SIGCONT)
        elif what == "beat":
            machinery.start([*BEAT, "-s", str(tmp_path / "another")], broker)
        if what != "broker":
            wait_until(lambda: is_well(client))
    if what == "broker":
        with own_redis(tmp_path, port):
            wait_until(lambda: is_well(client))


@pytest.mark.django_db
def test_a_mail_server_that_stops_is_said_and_one_that_is_back_is_not(sink, client, mara):
    now = timezone.now()
    client.force_login(mara)
    health.beat(now - 4 * health.CHECK_MAIL_EVERY)
    assert Heartbeat.objects.get().mail_error == ""

    sink.refuses_everybody = True
    health.beat(now - 2 * health.CHECK_MAIL_EVERY)
    health.beat(now)
    stopped = is_well(client), client.get("/sent/").content.decode()
    sink.refuses_everybody = False
    Heartbeat.objects.update(mail_checked_at=now - health.CHECK_MAIL_EVERY)
    health.beat(now)

    assert not stopped[0]
    assert "Reminders may be delayed since" in stopped[1]
    assert is_well(client)
    # It is called every two minutes.
    assert health.CHECK_MAIL_EVERY.total_seconds() <= 120


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_lives_on_and_works_no_more_ends_itself(machinery, sink, tmp_path):
    """Its children are stopped, as when one of them was killed with a lock in its hands; it answers all the while."""
    broker = os.environ["REDIS_URL"]
    worker = machinery.start(WORKER, broker, DEAF_AFTER="3")
    machinery.start([*BEAT, "-s", str(tmp_path / "beat")], broker)
    write(Audience.STAFF, 1, timezone.now())
    wait_until(lambda: sink.recipients())
    stopped = children(worker)

    for child in stopped:
        os.kill(child, signal.SIGSTOP)
    wait_until(lambda: worker.poll() is not None)

    assert stopped
    # The kernel takes a moment; whoever was forgotten stays stopped for ever.
    wait_until(lambda: not any(is_alive(child) for child in stopped))


@pytest.mark.servers
@pytest.mark.django_db(transaction=True)
def test_one_deaf_worker_of_two_ends_itself_and_one_that_hears_lives_on(machinery, tmp_path):
    """It takes nothing more, as when its broker came back, and answers every ping; the other leaves nothing waiting."""
    port = testservers.free_port()
    with own_redis(tmp_path, port), Celery(broker=f"redis://127.0.0.1:{port}/0") as app:
        hears, deaf = (machinery.start([*WORKER, "-n", name], app.conf.broker_url, DEAF_AFTER="3") for name in NAMES)
        wait_until(lambda: (app.control.inspect(timeout=0.5).active_queues() or {}).keys() == set(NAMES))

        for queue in app.control.inspect([NAMES[1]]).active_queues()[NAMES[1]]:
            app.control.cancel_consumer(queue["name"], destination=[NAMES[1]])
        assert app.control.ping([NAMES[1]])
        wait_until(lambda: deaf.poll() is not None)

        # It had as long to be taken for deaf, and nobody but itself to write to it.
        assert hears.poll() is None


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # Whoever nobody has waited for yet runs no more.
    with open(f"/proc/{pid}/stat") as stat:
        return ") Z " not in stat.read()
