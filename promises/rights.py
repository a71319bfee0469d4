"""Who may do what to a promise they can see. Whatever is not here, everybody who sees it may do."""

from django.core.exceptions import PermissionDenied

from engagement.staff.models import User
from promises.models import Promise


def may_decide(user: User, promise: Promise) -> bool:
    """Withdraw it, hand it over, call it an error: its owner, the client's lead, a manager."""
    return user.is_manager or user.pk in (promise.owner_id, promise.client.lead_id)


def must_decide(user: User, promise: Promise) -> None:
    if not may_decide(user, promise):
        raise PermissionDenied
