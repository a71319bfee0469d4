"""What browsers are told of every answer, also of those that no view gave: files, refusals, faults."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

# What no page of ours uses, none may: neither ours nor what somebody brings into one.
_UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "fullscreen", "geolocation"),
    *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "picture-in-picture"),
    *("publickey-credentials-get", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
HEADERS = {
    # "Copy the link" writes to the clipboard of whoever pressed it.
    "Permissions-Policy": ", ".join([*(f"{name}=()" for name in _UNUSED), "clipboard-write=(self)"]),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not no-referrer: a POST is asked where it came from.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # Nothing here is for those who look for something else.
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}


class HeadersMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
