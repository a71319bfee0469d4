"""A worker without its broker: for each place it reads, a child of its own sends what is due, and dies there.

Says how each child ended. Django is loaded once, so that a hundred deaths take seconds.
"""

import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engagement.settings")
    django.setup()
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            from engagement.outbox import failpoint
            from engagement.outbox.tasks import send_waiting

            failpoint.NAMED = line.strip()
            send_waiting()
            os._exit(0)
        _pid, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
