from django import template
from django.utils.translation import gettext as _

from engagement.outbox.models import Message, State

register = template.Library()


@register.filter
def delivery(message: Message | None) -> str:
    """What became of a message, in words: "Accepted by the mail server", "Bounced: no such address"."""
    if message is None:
        return ""
    if message.bounced_at:
        return _("Bounced: %(why)s") % {"why": message.error} if message.error else _("Bounced")
    return str(message.get_state_display())


@register.filter
def is_trouble(message: Message | None) -> bool:
    return message is not None and message.state in (State.FAILED, State.IN_DOUBT)
