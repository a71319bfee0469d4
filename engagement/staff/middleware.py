from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from engagement.staff import sessions


class PersonMiddleware:
    """Shows pages in the signed-in person's zone and language; strangers get the settings' own. What clients read
    says itself in which language it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated:
            with translation.override(settings.LANGUAGE_CODE):
                return self.get_response(request)
        sessions.seen(request, timezone.now())
        with timezone.override(user.zoneinfo), translation.override(user.language):
            response = self.get_response(request)
        # What a person sees after signing in stays out of shared caches and of the back button of the next one.
        response.headers.setdefault("Cache-Control", "no-store")
        return response
