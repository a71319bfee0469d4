"""The figures of the board in one statement. Its conditions are those of `promises.models.promise`, in words of SQL:
to put them together from those for each page would take longer than to count. A test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from promises.coming_weeks import Promised
from promises.models import OutcomeTally, Promise
from promises.models.hours_left import HOURS_LEFT
from promises.models.promise import DUE_SOON, NOT_MOVING_DUE_WITHIN, NOT_MOVING_SILENT_FOR

MOST_COUNTED = 1000
WEEK = timedelta(days=7)
# What the conditions speak of, and what is added up.
COLUMNS = ("pk", "due_at", "due_on", "last_update_at", "band", "told_at", "to_do")

LATE, AHEAD = "due_at <= %s", "due_at > %s"
UNTOLD, RISKY = "told_at IS NULL", "band = 'at_risk'"

Ended = list[tuple[date, str, int]]
# A condition, and the moments and days it speaks of.
Condition = tuple[str, list[Any]]


class Counted(NamedTuple):
    figures: dict[str, Promised]
    # How many ended by day and outcome, where the tallies were asked for.
    ended: Ended


def cards(now: datetime) -> dict[str, Condition]:
    """What the cards count. The two ways not to have been told walk an index each; together they would walk none."""
    moment = _moment(now)
    return {
        "not_told_late": (f"{UNTOLD} AND {LATE}", [moment]),
        "not_told_yet": (f"{UNTOLD} AND {RISKY} AND {AHEAD}", [moment]),
        "overdue": (LATE, [moment]),
        "overdue_week": (LATE, [_moment(now - WEEK)]),
        "at_risk": (f"{RISKY} AND {AHEAD}", [moment]),
        "not_moving": (
            f"{AHEAD} AND {LATE} AND last_update_at <= %s",
            [moment, _moment(now + NOT_MOVING_DUE_WITHIN), _moment(now - NOT_MOVING_SILENT_FOR)],
        ),
        "due_7_days": (f"{AHEAD} AND {LATE}", [moment, _moment(now + DUE_SOON)]),
    }


def due_in(first: date | None, last: date, around: tuple[datetime | None, datetime]) -> Condition:
    """Due on these days of their own zones; the instants around them lead to the place in the index."""
    begins, ends = around
    sql, values = "due_on <= %s AND due_at <= %s", [_day(last), _moment(ends)]
    if first and begins:
        sql, values = f"{sql} AND due_on >= %s AND due_at >= %s", [*values, _day(first), _moment(begins)]
    return sql, values


def count(
    rows: QuerySet[Promise], wanted: Mapping[str, Condition], besides: Mapping[str, QuerySet[Any]], since: date | None
) -> Counted:
    """Of open promises, each figure exact up to a thousand; of other rows all; and the tallies since a day."""
    to_count: Any = rows.order_by().annotate(to_do=HOURS_LEFT).values(*COLUMNS)
    every, values = to_count.query.get_compiler(connection=connection).as_sql()
    parts, params = list[str](), list[Any]()
    for place, (condition, said) in enumerate(wanted.values()):
        some = f"SELECT to_do FROM ({every}) AS every_{place} WHERE {condition} ORDER BY due_at, pk LIMIT %s"
        sums = "COUNT(*), COUNT(*) - COUNT(to_do), COALESCE(SUM(to_do), 0)"
        parts.append(f"SELECT {place}, '', '', {sums} FROM ({some}) AS some_{place}")
        params += [*values, *said, MOST_COUNTED + 1]
    for place, others in enumerate(besides.values(), len(parts)):
        sql, of_them = (
            others.order_by().values("pk")[: MOST_COUNTED + 1].query.get_compiler(connection=connection).as_sql()
        )
        parts.append(f"SELECT {place}, '', '', COUNT(*), 0, 0 FROM ({sql}) AS some_{place}")
        params += of_them
    if since:
        table = connection.ops.quote_name(OutcomeTally._meta.db_table)
        parts.append(f"SELECT -1, CAST(day AS text), outcome, count, 0, 0 FROM {table} WHERE day >= %s")
        params.append(_day(since))
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        found = cursor.fetchall()
    names = [*wanted, *besides]
    figures = {names[place]: Promised(n, float(hours), none) for place, _, _, n, none, hours in found if place >= 0}
    return Counted(figures, [(date.fromisoformat(day), what, n) for place, day, what, n, *_ in found if place < 0])


def _moment(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _day(day: date) -> Any:
    return connection.ops.adapt_datefield_value(day)
