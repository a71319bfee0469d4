"""A worker that does nothing but send, until it is killed or nothing is due: `python bench/sender.py`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.settings")


def main() -> None:
    import django

    django.setup()
    from django.utils import timezone

    from engagement.outbox.actions import send_waiting
    from engagement.outbox.models import Message

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while Message.objects.ready(timezone.now()).exists():
        send_waiting(timezone.now())


if __name__ == "__main__":
    main()
