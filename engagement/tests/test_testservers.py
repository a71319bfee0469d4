import contextlib
import os
import socket
import tempfile
from pathlib import Path

import psycopg2
import pytest
import redis
from django.db import connection

from engagement import testservers


@pytest.fixture
def nothing_given(monkeypatch):
    monkeypatch.delenv("TEST_DATABASE_URL", raising=False)
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)


@pytest.fixture
def folder():
    # Every folder above must let the servers' own user through, which pytest's own do not.
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.mark.parametrize(
    ("statuses", "said"),
    [([0, 0], 0), ([1, 0], 1), ([0, 2], 2), ([5, 0], 0), ([5, 1], 1), ([5, 5], 5), ([5], 5)],
)
def test_a_failure_in_either_pass_is_a_failure(statuses, said):
    assert testservers.worst(statuses) == said


@pytest.mark.servers
def test_the_second_pass_runs_on_the_servers():
    answers = redis.from_url(os.environ["REDIS_URL"]).ping()

    assert (connection.vendor, answers) == ("postgresql", True)


@pytest.mark.servers
@pytest.mark.usefixtures("nothing_given")
def test_throw_away_servers_are_gone_after_a_failure(folder):
    both = testservers.postgres(folder), testservers.redis(folder)
    with contextlib.suppress(ZeroDivisionError), both[0] as database, both[1] as cache:
        psycopg2.connect(database).close()
        assert redis.from_url(cache).ping()
        raise ZeroDivisionError

    ports = [int(url.rsplit(":", 1)[1].split("/")[0]) for url in (database, cache)]
    with socket.socket() as one, socket.socket() as other:
        assert one.connect_ex(("127.0.0.1", ports[0])) != 0
        assert other.connect_ex(("127.0.0.1", ports[1])) != 0


@pytest.mark.usefixtures("nothing_given")
def test_a_machine_without_servers_says_why(monkeypatch, folder):
    monkeypatch.setattr(testservers, "DEBIAN", [])
    monkeypatch.setattr(testservers, "WHEELS", [])
    monkeypatch.setenv("PATH", "")

    with pytest.raises(testservers.NotPossible, match="no PostgreSQL was found"), testservers.postgres(folder):
        pass
    with pytest.raises(testservers.NotPossible, match="no redis-server was found"), testservers.redis(folder):
        pass


def test_given_servers_are_used_as_they_are(monkeypatch, tmp_path):
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://somebody@elsewhere/one")
    monkeypatch.setenv("TEST_REDIS_URL", "redis://elsewhere:6379")

    with testservers.postgres(tmp_path) as database, testservers.redis(tmp_path) as cache:
        assert (database, cache) == ("postgresql://somebody@elsewhere/one", "redis://elsewhere:6379/0")
