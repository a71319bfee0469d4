from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from clients.actions.links import link_address
from clients.models import PrivateLink
from engagement.outbox.models import Message
from engagement.outbox.signals import message_leaving

PLACEHOLDER = re.compile(r"\[progress page (\d+)\]")


@receiver(message_leaving)
def put_in_links(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """Put the private address into the text that leaves. The stored text keeps the mark, so it opens nothing."""
    addresses = {}
    for pk in PLACEHOLDER.findall(message.body):
        link = PrivateLink.objects.open(now).filter(pk=pk).select_related("client").first()
        address = link_address(link) if link else None
        if address is None:
            return _("The link in it has been revoked or has expired. Write it again with a new link.")
        addresses[pk] = address
    message.outgoing_body = PLACEHOLDER.sub(lambda mark: addresses[mark[1]], message.outgoing_body)
    return None
