"""The servers of a run, its databases, and web processes that serve them. All of it is thrown away at the end."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from engagement.supervisor import end_with_parent
from engagement.testservers import ROOT, free_port, listens, postgres, redis, wait_for

# As docs/running.md starts them, with as many processes as there are cores on the machine of the figures.
WEB = (
    "-k",
    "gthread",
    "--threads",
    "8",
    "-w",
    "2",
    "--no-control-socket",
    "--keep-alive",
    "75",
    "--log-level",
    "error",
)


@dataclass
class Servers:
    """PostgreSQL and Redis, and the environment in which the product finds them."""

    folder: Path
    postgres: str
    redis: str
    _webs: int = field(default=0)

    def environ(self, database: str) -> dict[str, str]:
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bench.settings",
            "DATABASE_URL": f"{self.postgres.rsplit('/', 1)[0]}/{database}",
            "REDIS_URL": self.redis,
            "SECRET_KEY": "of a database that is thrown away",
            "SEAL_FILE": str(self.folder / "seal.p12"),
            "SEAL_PASSPHRASE": "of a seal that is thrown away",
            "VAR_DIR": str(self.folder / "var"),
            "STATIC_ROOT": str(self.folder / "static"),
            "EMBEDDED": "False",
            "PLAIN_HTTP": "True",
            "DEBUG": "False",
            "ALLOWED_HOSTS": "127.0.0.1,testserver",
            "LOG_LEVEL": "WARNING",
        }

    @contextlib.contextmanager
    def web(self, database: str) -> Iterator[Web]:
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "engagement.wsgi", *WEB, "-b", f"127.0.0.1:{port}"]
        self._webs += 1
        environ = self.environ(database) | {"REDIS_URL": f"{self.redis.rsplit('/', 1)[0]}/{self._webs % 16}"}
        with child(command, environ, self.folder / f"web-{database}.log") as process:
            wait_for("gunicorn", lambda: listens(port) or process.poll() is not None)
            yield Web(port, process.pid)


@dataclass(frozen=True)
class Web:
    port: int
    pid: int

    def peak(self) -> float:
        """Megabytes: the most that any of its processes ever held."""
        return max(peak_of(pid) for pid in children_of(self.pid))


@contextlib.contextmanager
def servers() -> Iterator[Servers]:
    """Starts them, and makes this process one that knows the product."""
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="engagement-bench-")))
        # PostgreSQL's own user must be able to walk through it.
        folder.chmod(0o755)
        (folder / "var").mkdir()
        found = Servers(folder, ends.enter_context(postgres(folder)), ends.enter_context(redis(folder)))
        os.environ |= found.environ("postgres")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("collectstatic", interactive=False, verbosity=0)
        yield found


@contextlib.contextmanager
def child(command: Sequence[str], environ: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def mortal(servers: Servers, database: str, work: str, kills: int, seconds: float, now: datetime) -> dict[str, Any]:
    """What `bench/mortal.py` says of workers that were killed."""
    command = [sys.executable, str(ROOT / "bench" / "mortal.py"), work, str(kills), f"{seconds:.3f}", now.isoformat()]
    done = subprocess.run(command, cwd=ROOT, env=servers.environ(database), capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"bench/mortal.py broke off: {done.stderr[-500:]}")
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return said


# --- databases --------------------------------------------------------------------------------------------------------


def connect(name: str) -> None:
    """From here on this process asks the database of this name."""
    from django.db import connection

    connection.close()
    connection.settings_dict["NAME"] = name


def new_database(name: str, template: str = "template1") -> None:
    """Nobody may be connected to the template meanwhile."""
    from django.db import connection

    connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        cursor.execute("CHECKPOINT")
    # What was written for it goes to the disk now, not while the clock runs.
    os.sync()
    connect(name)


def drop_database(name: str) -> None:
    from django.db import connection

    connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def version_of_postgres() -> str:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchone()[0]).split()[0]


# --- memory -----------------------------------------------------------------------------------------------------------


def children_of(pid: int) -> list[int]:
    return [int(number) for number in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def peak_of(pid: int) -> float:
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) / 1024
