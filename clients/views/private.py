"""What pages behind a private address share: what they say to machines, and the one answer to wrong addresses."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from engagement.staff.http import visitor_address
from engagement.staff.models import Firm
from engagement.staff.throttle import Limit

WRONG_LINKS = Limit("wrong private link", 30, timedelta(minutes=10))

PRIVATE = {
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    # Not no-referrer: a POST is asked where it came from.
    "Referrer-Policy": "same-origin",
}

View = Callable[..., HttpResponse]


def kept_private(view: View) -> View:
    """Whatever is answered here stays out of caches, search engines and the addresses that others see."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        for name, value in PRIVATE.items():
            response[name] = value
        return response

    return answer


def for_strangers(view: View) -> View:
    """Kept private; and while nobody knows who reads, in the language that their browser asks for."""

    @kept_private
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            return view(request, *args, **kwargs)

    return answer


def no_page(request: HttpRequest, firm: Firm | None = None) -> HttpResponse:
    """The same to the last letter, whichever kind of address it was and whatever was wrong with it.

    To be asked for after the address was looked up: one that opens does so whatever others at the same place tried.
    """
    if WRONG_LINKS.is_reached(visitor_address(request)):
        return too_often(WRONG_LINKS)
    WRONG_LINKS.count(visitor_address(request))
    return HttpResponse(render_to_string("clients/link_gone.html", {"firm": firm or Firm.get()}), status=404)


def too_often(limit: Limit) -> HttpResponse:
    seconds = int(limit.within.total_seconds())
    page = render_to_string("clients/link_too_often.html", {"firm": Firm.get()})
    return HttpResponse(page, status=429, headers={"Retry-After": str(seconds)})
