"""Rows that several indexes find, each its own: of "this or that", a database would look at all there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet


def keys_of(parts: Sequence[QuerySet[Any]], most: int) -> QuerySet[Any, Any]:
    """The keys of so many rows of each part, in the order of the part. For `pk__in`."""
    # A part of a union cannot be cut off, not in SQLite; what it asks for can.
    cut = [
        part.model._default_manager.order_by().filter(pk__in=part.values("pk")[:most]).values("pk") for part in parts
    ]
    first, *others = cut
    keys: QuerySet[Any, Any] = first.union(*others)
    return keys
