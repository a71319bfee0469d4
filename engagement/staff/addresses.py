"""Addresses of ours with one number in them: lists have three in every row, and to reverse each takes its time."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.urls import get_script_prefix, get_urlconf, reverse

# Nothing else in an address looks like it.
A_NUMBER = 9_081_726_354


def numbered(name: str, number: int) -> str:
    before, after = _around(name, get_script_prefix(), get_urlconf() or settings.ROOT_URLCONF)
    return f"{before}{number:d}{after}"


@lru_cache(maxsize=128)
def _around(name: str, _prefix: str, _urlconf: str) -> tuple[str, str]:
    before, _, after = reverse(name, args=[A_NUMBER]).partition(str(A_NUMBER))
    return before, after
