import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A supervisor over one child that writes its pid down and then does what it is told to.
PROGRAM = """
import os, sys
from engagement.supervisor import Supervisor
child = [sys.executable, "-c", sys.argv[2], sys.argv[1]]
Supervisor({"child": child}, os.environ, lambda line: print(line, flush=True)).run()
"""
WRITES_ITS_PID = "import os, sys, time; open(sys.argv[1], 'a').write(f'{os.getpid()}\\n');"
SLEEPS = WRITES_ITS_PID + "time.sleep(60)"
FAILS = WRITES_ITS_PID + "sys.exit(3)"


@pytest.fixture
def supervise(tmp_path):
    started = []

    def start(child=SLEEPS):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "pids"), child]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def pids(tmp_path):
    def wait_for(how_many, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            seen = (tmp_path / "pids").read_text().split() if (tmp_path / "pids").exists() else []
            if len(seen) >= how_many:
                return [int(pid) for pid in seen]
            time.sleep(0.05)
        raise AssertionError(f"{how_many} starts were expected within {seconds} s, there were {len(seen)}")

    return wait_for


def is_gone(pid, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        if Path(f"/proc/{pid}/stat").exists() and " Z " in Path(f"/proc/{pid}/stat").read_text():
            return True  # nobody has reaped it, yet it runs no more
        time.sleep(0.05)
    return False


def test_a_killed_child_is_started_again(supervise, pids):
    supervise()
    (first,) = pids(1)

    os.kill(first, signal.SIGKILL)

    assert pids(2)[1] != first


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_stopped_leaves_no_child_behind(supervise, pids, how):
    supervisor = supervise()
    (child,) = pids(1)

    os.killpg(supervisor.pid, how)

    assert supervisor.wait(10) == 0
    assert is_gone(child, 0.1)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_supervisor_killed_outright_takes_its_child_along(supervise, pids):
    supervisor = supervise()
    (child,) = pids(1)

    supervisor.kill()

    assert is_gone(child)


def test_a_child_that_keeps_failing_is_started_at_growing_pauses(supervise, pids):
    supervisor = supervise(FAILS)
    pids(3)

    supervisor.send_signal(signal.SIGTERM)

    assert supervisor.stdout.read().splitlines()[:2] == [
        "child ended (3), starting it again in 1 s",
        "child ended (3), starting it again in 2 s",
    ]


def test_a_child_that_will_not_go_is_killed(monkeypatch, pids, tmp_path):
    from engagement import supervisor

    monkeypatch.setattr(supervisor, "GRACE", 0.3)
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + SLEEPS
    one = supervisor.Supervisor(
        {"child": [sys.executable, "-c", deaf, str(tmp_path / "pids")]}, os.environ, lambda line: None
    )
    one.look(0.0)
    (child,) = pids(1)

    one.end()

    assert is_gone(child, 0.1)
