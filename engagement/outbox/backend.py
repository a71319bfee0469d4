from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from engagement.outbox import actions
from engagement.outbox.models import Audience


class OutboxBackend(BaseEmailBackend):
    """Django's own mails (invitation, password) take the same way out as everything else.

    They carry links that open an account, so their text is kept only until it has been sent.
    """

    def __init__(self, fail_silently: bool = False, **kwargs: Any) -> None:
        super().__init__(fail_silently=fail_silently)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        now = timezone.now()
        written = 0
        for mail in email_messages:
            for address in mail.recipients():
                actions.write(
                    occasion=f"mail:{uuid.uuid4()}",
                    now=now,
                    audience=Audience.STAFF,
                    address=address,
                    subject=mail.subject,
                    body=mail.body,
                    kind="account",
                    is_secret=True,
                )
                written += 1
        return written
