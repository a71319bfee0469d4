"""What people have open, read for many of them in one question.

On PostgreSQL each owner's comes as some columns of numbers: a row for each promise would take ten times as long.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from heapq import nlargest
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection
from django.db.backends.utils import CursorWrapper

from promises.forecast import UNKNOWN_HOURS, hours_left
from promises.load import Load, Owed
from promises.models import Promise, Standing

# Of what somebody has in hand, so many of the latest: more would outweigh what they have finished.
IN_HAND_READ = 30
# So that what is read at once stays small, though each has thousands open.
OWNERS_AT_ONCE = 25
# To read what more than so many have open, the table is gone through once, and not once for each of them.
MANY_OWNERS = 75

# The same sum as `owed_of`, step by step, so that both come to the same number to the last bit. Each owner's comes as
# numbers laid end to end, by date and key: to read them as text would take longer.
ONE = """float8send(date_part('epoch', due_at)) || int8send(id) || float8send(coalesce(
    CASE WHEN standing = 'done' OR per_cent = 100 THEN 0 WHEN hours_left IS NOT NULL THEN hours_left::float8
        ELSE estimate_hours::float8 * (1 - coalesce(per_cent, 0)::float8 / 100) END, 'NaN'))"""
OF_EACH = """
SELECT owners.id, theirs.* FROM unnest(%s::bigint[]) AS owners (id) CROSS JOIN LATERAL (
    SELECT string_agg({one}, '' ORDER BY due_at, id){in_hand} FROM promises_promise
    WHERE owner_id = owners.id AND ended_at IS NULL
) AS theirs
"""
OF_MANY = """
SELECT owner_id, string_agg({one}, '' ORDER BY due_at, id){in_hand} FROM promises_promise
WHERE owner_id = ANY(%s::bigint[]) AND ended_at IS NULL GROUP BY owner_id
"""
OF_THOSE_IN_HAND = """, array_agg(id), array_agg(date_part('epoch', made_at)),
        array_agg(estimate_hours::float8), array_agg(date_part('epoch', first_due_at))"""
ROWS = (
    "owner_id",
    "made_at",
    "estimate_hours",
    "first_due_at",
    "due_at",
    "pk",
    "estimate_hours",
    "hours_left",
    "per_cent",
    "standing",
)


class InHand(NamedTuple):
    """A promise as a job that was begun: when it was made, its estimate and its first date."""

    made_at: datetime
    estimate: float | None
    first_due_at: datetime


class Open(NamedTuple):
    """What somebody has open, and the latest of it; None where that was not asked for."""

    load: Load
    in_hand: list[InHand] | None


def read_open(owners: Sequence[int], *, in_hand: bool = True) -> Iterator[tuple[int, Open]]:
    nothing = dict.fromkeys(owners)
    for owner, found in _read(owners, in_hand):
        nothing.pop(owner, None)
        yield owner, found
    yield from ((owner, Open(Load((), UNKNOWN_HOURS), [])) for owner in nothing)


def _read(owners: Sequence[int], in_hand: bool) -> Iterator[tuple[int, Open]]:
    if connection.vendor == "postgresql" and len(owners) > MANY_OWNERS:
        # Their rows stay with the server until they are fetched, unless a pool stands between.
        is_kept_back = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
        with connection.chunked_cursor() if is_kept_back else connection.cursor() as cursor:
            yield from _columns(cursor, OF_MANY, owners, in_hand)
        return
    for first in range(0, len(owners), OWNERS_AT_ONCE):
        some = owners[first : first + OWNERS_AT_ONCE]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                yield from _columns(cursor, OF_EACH, some, in_hand)
        else:
            yield from _rows(some, in_hand)


def _columns(cursor: CursorWrapper, statement: str, owners: Sequence[int], in_hand: bool) -> Iterator[tuple[int, Open]]:
    cursor.execute(statement.format(one=ONE, in_hand=OF_THOSE_IN_HAND if in_hand else ""), [list(owners)])
    while rows := cursor.fetchmany(OWNERS_AT_ONCE):
        for owner, numbers, *begun in rows:
            if numbers is not None:
                load = Load.of_columns(*_numbers(numbers), UNKNOWN_HOURS)
                yield owner, Open(load, _latest(zip(*begun, strict=True)) if in_hand else None)


def _numbers(sent: memoryview) -> tuple[array[float], array[int], array[float]]:
    """Dates, keys and hours, as `ONE` has laid them."""
    floats, keys = array("d", bytes(sent)), array("q", bytes(sent))
    if sys.byteorder == "little":
        floats.byteswap()
        keys.byteswap()
    return floats[0::3], keys[1::3], floats[2::3]


def _latest(rows: Iterable[tuple[int, float | None, float | None, float]]) -> list[InHand]:
    known = ((pk, made, estimate, due) for pk, made, estimate, due in rows if made is not None)
    latest = nlargest(IN_HAND_READ, known, key=itemgetter(0))
    return [InHand(_moment(made), estimate, _moment(due)) for _pk, made, estimate, due in latest]


def _rows(owners: Sequence[int], in_hand: bool) -> Iterator[tuple[int, Open]]:
    owed: dict[int, list[Owed]] = {owner: [] for owner in owners}
    made: dict[int, list[tuple[int, InHand]]] = {owner: [] for owner in owners}
    rows = Promise.objects.open().filter(owner__in=owners).order_by()
    for owner, made_at, estimate, first_due_at, *row in rows.values_list(*ROWS).iterator():
        owed[owner].append(owed_of(*row))
        if made_at:
            made[owner].append((row[1], InHand(made_at, as_float(estimate), first_due_at)))
    for owner, theirs in owed.items():
        latest = nlargest(IN_HAND_READ, made[owner], key=itemgetter(0))
        yield owner, Open(Load(theirs, UNKNOWN_HOURS), [one for _pk, one in latest] if in_hand else None)


def owed_of(
    due_at: datetime,
    pk: int,
    estimate: Decimal | None,
    said: Decimal | None,
    per_cent: int | None,
    standing: str,
) -> Owed:
    if standing == Standing.DONE or per_cent == 100:
        return Owed(due_at, pk, 0.0)
    return Owed(due_at, pk, hours_left(as_float(estimate), as_float(said), per_cent))


def as_float(value: Any) -> float | None:
    return None if value is None else float(value)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
