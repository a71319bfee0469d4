"""Real workers, beats and brokers for tests, and ways to end them. Nothing of ours is replaced."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from celery import Celery
from django.db import connection

from engagement import testservers
from engagement.outbox import actions
from engagement.outbox.models import Message, State
from engagement.supervisor import end_with_parent

ROOT = Path(__file__).resolve().parents[3]
# `quick` is the product's own Celery with a clock that ticks several times a second.
CELERY = [sys.executable, "-W", "ignore", "-m", "celery", "-q", "-A", "engagement.outbox.tests.quick"]
WORKER = [*CELERY, "worker", "-l", "ERROR", "-P", "prefork", "-c", "2", "--without-gossip", "--without-mingle"]
BEAT = [*CELERY, "beat", "-l", "ERROR", "--pidfile="]
# Forks a child for each line it reads, which sends what is due, and says how the child ended.
SENDER = [sys.executable, "-W", "ignore", "-m", "engagement.outbox.tests.sender"]
PATIENCE = 120


def database_url() -> str:
    given = connection.settings_dict
    return "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**given)


class Machinery:
    """Starts processes of ours that send to a sink."""

    def __init__(self, folder: Path, mail_url: str, database: str) -> None:
        self.folder, self.mail_url, self.database = folder, mail_url, database
        self.running: list[subprocess.Popen[str]] = []

    def start(self, command: Sequence[str], broker: str = "", **environ: str) -> subprocess.Popen[str]:
        with (self.folder / "errors.log").open("ab") as errors:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=self.environ(broker) | environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
                preexec_fn=end_with_parent(),
            )
        self.running.append(process)
        return process

    def environ(self, broker: str) -> Mapping[str, str]:
        return os.environ | {
            "DATABASE_URL": self.database,
            "REDIS_URL": broker,
            "EMAIL_URL": self.mail_url,
            "VAR_DIR": str(self.folder),
            "DEBUG": "True",
            "LOG_LEVEL": "ERROR",
            "PYTHONWARNINGS": "ignore",
        }

    def end(self) -> None:
        for process in self.running:
            kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    """At once, and with its children: nobody has time to tidy up."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with contextlib.suppress(OSError):
                pipe.close()


def children(process: subprocess.Popen[str]) -> list[int]:
    with contextlib.suppress(OSError):
        found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [int(pid) for pid in found]
    return []


def wait_until(happened: Callable[[], object], each_time: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        each_time()
        time.sleep(0.1)


def ring(broker: str, task: str = "engagement.outbox.tasks.send_waiting") -> None:
    with contextlib.suppress(Exception), Celery(broker=broker) as app:
        app.send_task(task, expires=4, retry=False)


def write(audience: str, number: object, now: object, **fields: object) -> Message:
    address = f"{audience}{number}@karoo.example"
    fields = {"address": address, "subject": f"Word {number}", "body": "As agreed.\n"} | fields
    message = actions.write(occasion=address, now=now, audience=audience, **fields)
    assert message
    return message


def unsettled() -> int:
    return Message.objects.filter(state__in=[State.WAITING, State.SENDING]).count()


@contextlib.contextmanager
def own_redis(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """One that keeps nothing: what it held is gone with it."""
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
