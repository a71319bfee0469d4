import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from engagement import testservers
from engagement.management.commands import serve

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken(settings):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        settings.PORT = listener.getsockname()[1]
        yield settings.PORT


def test_a_taken_port_is_a_plain_sentence_and_nothing_is_started(taken):
    said = StringIO()

    with pytest.raises(CommandError, match=rf"Port {taken} is in use .* make run PORT="):
        call_command("serve", stdout=said)

    assert said.getvalue() == ""


def test_without_redis_the_worker_rings_for_itself(settings):
    settings.REDIS_URL = ""

    commands = serve.commands()

    assert list(commands) == ["web", "worker"]
    assert "threads" in commands["worker"]


def test_with_redis_beat_is_a_process_of_its_own(settings):
    settings.REDIS_URL = "redis://cache/0"
    settings.WEB_PROCESSES = 3

    commands = serve.commands()

    assert list(commands) == ["web", "worker", "beat"]
    assert commands["web"][commands["web"].index("-w") + 1] == "3"
    assert "prefork" in commands["worker"]


@pytest.fixture
def start(tmp_path):
    """Starts it as a newcomer does, in a folder of its own."""
    started = []

    def run(*arguments, port):
        environ = {"PATH": os.environ["PATH"], "VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": "", "REDIS_URL": ""}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *arguments],
            cwd=ROOT,
            env=environ | {"PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def answer(url, seconds=60):
    deadline = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as page:
                return page.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def test_it_answers_and_stops_when_asked(start, tmp_path):
    port = testservers.free_port()
    serving = start("--empty", port=port)

    assert answer(f"http://127.0.0.1:{port}/healthz") == 200
    time.sleep(1)
    os.killpg(serving.pid, signal.SIGINT)
    said, _ = serving.communicate(timeout=30)

    assert serving.returncode == 0
    assert f"Open http://127.0.0.1:{port} in a browser" in said
    assert "Traceback" not in said
    assert sorted(path.name for path in (tmp_path / "var").glob("*key")) == ["secret_key"]
