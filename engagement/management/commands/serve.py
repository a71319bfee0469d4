"""The whole product from one command: database, files, web and worker."""

import os
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from engagement.collected import collect_if_changed
from engagement.staff.models import User
from engagement.supervisor import Supervisor
from promises.demo import data
from promises.management.commands.demo import sign_ins

PYTHON = sys.executable
# In a container people are root; Celery would say at each start that they should not be.
QUIET_CELERY = [PYTHON, "-W", "ignore:::celery.platforms", "-m", "celery", "-q", "-A", "engagement"]


class Command(BaseCommand):
    help = "Runs web and worker together and keeps them running. Ctrl-C stops them."
    # A production check that fails is shown by `check --deploy`; it is no reason to leave clients without their page.
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--empty", action="store_true", help="Leave an empty database empty: no demonstration.")

    def handle(self, *args: Any, empty: bool, **options: Any) -> None:
        refuse_a_taken_port(settings.BIND, settings.PORT)
        try:
            self.prepare(empty)
        except KeyboardInterrupt:
            raise SystemExit(130) from None
        self.supervise()

    def prepare(self, empty: bool) -> None:
        self.say(_("Preparing the database and the files…"))
        call_command("migrate", verbosity=0, interactive=False)
        collect_if_changed()
        if not empty and not User.objects.exists():
            call_command("demo", stdout=self.stdout)
        elif User.objects.filter(email=data.PEOPLE[0].email).exists():
            self.say(sign_ins())

    def supervise(self) -> None:
        announce = once_reachable(
            settings.BIND,
            settings.PORT,
            lambda: self.say(_("Open %(address)s in a browser. Ctrl-C stops it.") % {"address": settings.SITE_URL}),
        )
        Supervisor(commands(), os.environ, self.say, announce).run()
        self.say(_("Stopped."))

    def say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def refuse_a_taken_port(host: str, port: int) -> None:
    with socket.socket() as listener:
        # A port that the last run left a moment ago is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise CommandError(
                _("Port %(port)s is in use or not open to you. Choose another one: make run PORT=%(other)s")
                % {"port": port, "other": port + 1 if 1024 <= port < 65535 else 8001}
            ) from error


def once_reachable(host: str, port: int, tell: Callable[[], None]) -> Callable[[], None]:
    told = False

    def glance() -> None:
        nonlocal told
        if not told and answers(host, port):
            told = True
            tell()

    return glance


def answers(host: str, port: int) -> bool:
    with socket.socket() as caller:
        caller.settimeout(0.2)
        return caller.connect_ex((host, port)) == 0


def commands() -> dict[str, list[str]]:
    if not settings.REDIS_URL:
        return {"web": web(), "worker": worker("-P", "threads", "-c", "2")}
    beat = [*QUIET_CELERY, "beat", "-l", "WARNING", "-s", str(settings.VAR_DIR / "beat-schedule"), "--pidfile="]
    return {"web": web(), "worker": worker("-P", "prefork", "-c", "2"), "beat": beat}


def web() -> list[str]:
    address = f"{settings.BIND}:{settings.PORT}"
    processes = str(settings.WEB_PROCESSES)
    options = ["--threads", "8", "--graceful-timeout", "10", "--log-level", "warning", "--no-control-socket"]
    options += ["--logger-class", "engagement.server_log.Logger"]
    # Left to itself it believes whoever comes from this machine that they came by https; BEHIND_PROXY says whom we do.
    options += ["--forwarded-allow-ips", ""]
    return [PYTHON, "-m", "gunicorn", "engagement.wsgi", "-k", "gthread", "-b", address, "-w", processes, *options]


def worker(*pool: str) -> list[str]:
    lone = ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    return [*QUIET_CELERY, "worker", "-l", "WARNING", *pool, *lone]
