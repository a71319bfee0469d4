"""The other end of a dispatch: takes messages in no time, and writes down what it took."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class Recorder(BaseEmailBackend):
    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for mail in email_messages:
            line = json.dumps([mail.extra_headers["Message-ID"], *mail.to, mail.subject, mail.body])
            # One write, so that neither a second worker nor death tears a line.
            descriptor = os.open(settings.RECORDED, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(descriptor, line.encode() + b"\n")
            os.close(descriptor)
        return len(email_messages)
