"""Keeps the processes of one installation running together, and takes them along when it goes."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

GRACE = 15.0  # longer than a worker takes to hand back what it holds
GLANCE = 0.2
LONGEST_PAUSE = 30.0
SETTLED = 60.0  # a child that ran this long may fail again without a growing pause
PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    failures: int = 0
    start_at: float = 0.0

    def start(self, environ: Mapping[str, str], moment: float) -> None:
        self.process = subprocess.Popen(
            self.command,
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            # Ctrl-C reaches the whole group; a child in a session of its own is stopped by us, once and in order.
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )
        self.began = moment

    def note_end(self, moment: float) -> float:
        """Forget the dead process and return the pause before the next start."""
        self.failures = 1 if moment - self.began > SETTLED else self.failures + 1
        self.process = None
        pause = min(2.0 ** (self.failures - 1), LONGEST_PAUSE)
        self.start_at = moment + pause
        return pause


class Supervisor:
    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environ: Mapping[str, str],
        say: Callable[[str], None],
        at_each_glance: Callable[[], None] = lambda: None,
    ) -> None:
        self.children = [Child(name, command) for name, command in commands.items()]
        self.environ = environ
        self.say = say
        self.at_each_glance = at_each_glance
        self.stopping = False

    def run(self) -> None:
        """Run until told to stop; every child is gone when this returns."""
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._stop) for number in signals}
        try:
            while not self.stopping:
                self.look(time.monotonic())
                self.at_each_glance()
                time.sleep(GLANCE)
        finally:
            self.end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def look(self, moment: float) -> None:
        for child in self.children:
            if child.process and child.process.poll() is not None:
                status = child.process.returncode
                pause = child.note_end(moment)
                self.say(f"{child.name} ended ({status}), starting it again in {pause:.0f} s")
            if not child.process and child.start_at <= moment:
                child.start(self.environ, moment)

    def end(self) -> None:
        running = [child.process for child in self.children if child.process]
        for process in running:
            # The main process only: told together with its own children, a worker can hang for minutes.
            process.terminate()
        deadline = time.monotonic() + GRACE
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _kill_session(process)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end_with_parent() -> Callable[[], None] | None:
    """Ask the kernel to stop the child when its parent is gone, even by kill -9. Linux alone can do that."""
    if sys.platform != "linux":
        return None
    parent = os.getpid()
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went between the fork and the asking
            os._exit(1)

    return ask
