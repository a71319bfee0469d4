"""Addresses of ours that stand on a page many times: to reverse each, or to copy what was asked for, takes its time."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import get_script_prefix, get_urlconf, reverse

# Where a page of a list begins: behind this row, or before it.
CURSORS = ("after", "before")
# Nothing else in an address looks like it.
A_NUMBER = 9_081_726_354


def numbered(name: str, number: int) -> str:
    """Of a page of ours whose address has one number in it: a list has three of them in every row."""
    before, after = _around(name, get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF)
    return f"{before}{number:d}{after}"


@lru_cache(maxsize=128)
def _around(name: str, _prefix: str, _urlconf: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[A_NUMBER]).partition(str(A_NUMBER))
    return before, after


def query_of(request: HttpRequest, **changes: str) -> str:
    """What was asked for, from the first page on, with these parts changed, and without those that are empty."""
    kept = {name: values for name, values in request.GET.lists() if name not in CURSORS and name not in changes}
    return urlencode(kept | {name: [value] for name, value in changes.items() if value}, doseq=True)


def changed(request: HttpRequest, **changes: str) -> str:
    """The address of the page that was asked for, changed so."""
    query = query_of(request, **changes)
    return f"{request.path}?{query}" if query else request.path


def first_page(request: HttpRequest) -> str:
    """Of the list that was asked for. Nothing where it is the first page that is shown."""
    return changed(request) if any(request.GET.get(name) for name in CURSORS) else ""
