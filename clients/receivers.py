from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver
from django.utils.translation import gettext as _

from clients.actions.links import PLACEHOLDER, link_address
from clients.models import PrivateLink
from engagement.outbox.models import Audience, Message
from engagement.outbox.signals import message_leaving


@receiver(message_leaving)
def put_in_links(sender: type[Message], message: Message, now: datetime, **kwargs: Any) -> str | None:
    """Put the private address into the text that leaves. The stored text keeps the mark, so it opens nothing."""
    if message.audience != Audience.CLIENT:
        return None
    addresses = {}
    for pk in PLACEHOLDER.findall(message.body):
        link = PrivateLink.objects.open(now).filter(pk=pk).select_related("client", "contact").first()
        address = link_address(link) if link and _is_theirs(link, message) else None
        if address is None:
            return _("The link in it has been revoked or has expired. Write it again with a new link.")
        addresses[pk] = address
    message.outgoing_body = PLACEHOLDER.sub(lambda mark: addresses[mark[1]], message.outgoing_body)
    return None


def _is_theirs(link: PrivateLink, message: Message) -> bool:
    """Anybody can type a mark: it becomes the address of a page only for those whose page it is."""
    to_this_client = message.kind == f"client {link.client_id}"
    return to_this_client or bool(link.contact and link.contact.email == message.address)
