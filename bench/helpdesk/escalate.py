"""Escalates what is due in some of the queues, and says how many tickets that were and how long it took."""

import json
import sys
import time

import django

django.setup()

from django.core.management import call_command  # noqa: E402  after Django is set up
from helpdesk.models import Ticket  # noqa: E402

if __name__ == "__main__":
    began = time.perf_counter()
    call_command("escalate_tickets", queues=sys.argv[1:])
    seconds = time.perf_counter() - began
    sys.stdout.write(json.dumps({"seconds": seconds, "rows": Ticket.objects.exclude(last_escalation=None).count()}))
