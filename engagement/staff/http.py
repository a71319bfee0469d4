from django.conf import settings
from django.http import HttpRequest

from engagement.staff.models import User


class SignedInRequest(HttpRequest):
    user: User


def visitor_address(request: HttpRequest) -> str:
    """Where a visitor comes from. Only what your own proxy wrote last counts; anybody can write the rest."""
    if settings.BEHIND_PROXY:
        return str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
