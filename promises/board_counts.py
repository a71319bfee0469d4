"""The figures of the board in one statement. Its conditions are those of `promises.models.promise`, in words of SQL:
to put them together from those for each page would take longer than to count. A test holds the two together.

Each count walks an index no further than a thousand rows, and none looks at a row itself. Only for the coming weeks are
hours added up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import chain, takewhile
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import DateField, DateTimeField, QuerySet

from engagement.staff.statement import Given, SqlText
from promises.coming_weeks import Promised
from promises.models import OutcomeTally, Promise
from promises.models.hours_left import HOURS_LEFT
from promises.models.promise import DUE_SOON, NOT_MOVING_DUE_WITHIN, NOT_MOVING_SILENT_FOR
from promises.paging import EARLIEST_ZONE, LATEST_ZONE
from promises.renewals import ending_by

MOST_COUNTED = 1000
# Each is looked up in three tables: they are one line, not a card.
MOST_SCOPES = 100
COMING_WEEKS = 4
DAY, WEEK = timedelta(days=1), timedelta(days=7)
# Days past the date, by bars: the most and the least of each.
AGES: dict[str, tuple[int | None, int]] = {"2": (2, 0), "7": (7, 3), "30": (30, 8), "more": (None, 31)}

# The moment; the day on which it falls and the Monday before, each also as its midnight in UTC.
NOW = Given("now", DateTimeField())
TODAY, MIDNIGHT = Given("today", DateField()), Given("midnight", DateTimeField())
MONDAY, MONDAYS_MIDNIGHT = Given("monday", DateField()), Given("mondays_midnight", DateTimeField())

LATE, AHEAD = "due_at <= %s", "due_at > %s"
UNTOLD, TOLD, RISKY = "told_at IS NULL", "told_at IS NOT NULL", "band = 'at_risk'"
# Of what the figures consist that are not counted for themselves: each part has an index of its own.
SUMS = {
    "not_told": ("late_untold", "risky_untold"),
    "overdue": ("late_untold", "late_told"),
    "overdue_week": ("age_30", "age_more"),
    "at_risk": ("risky_untold", "risky_told"),
}
# Not counted where one of the others alone is more than is counted: by then, their sum is known.
NEEDLESS = {"late_told": ["late_untold"], "risky_told": ["risky_untold"]}
# The chart of the coming weeks ends before the first with too much in it, and what is overdue is all in the first.
NEEDLESS |= {f"week_{n}": ["late_untold", *(f"week_{before}" for before in range(n))] for n in range(COMING_WEEKS)}
NUMBER_ALONE = "COUNT(*) AS number, 0 AS none, 0 AS hours"
SUMS_OF_HOURS = "COUNT(*) AS number, COUNT(*) - COUNT(to_do) AS none, COALESCE(SUM(to_do), 0) AS hours"

# By day, how many ended with which outcome.
Ended = Mapping[date, Sequence[tuple[str, int]]]
# A condition, and the moments and days it speaks of.
Condition = tuple[str, list[Given]]
# Words of SQL, and what stands at their places.
Text = tuple[str, list[Any]]


class Counted(NamedTuple):
    figures: dict[str, Promised]
    # Where the tallies were asked for.
    ended: Ended


def _due_in(day: Given, midnight: Given, first: timedelta | None, last: timedelta) -> list[Condition]:
    """Due on these days of their own zones: first what is so wherever it is due, then what lies about the midnights.

    Around a midnight, a walk passes over as many rows as fall due in a day before it finds one. It is needed by those
    alone who have not found enough between the midnights.
    """
    ends = midnight + (last + DAY)
    until, about_end = ends - EARLIEST_ZONE, ends + LATEST_ZONE
    sure: Condition = ("due_at < %s", [until])
    end: Condition = ("due_on <= %s AND due_at >= %s AND due_at <= %s", [day + last, until, about_end])
    if first is None:
        return [sure, end]
    about_begin, since = midnight + (first - EARLIEST_ZONE), midnight + (first + LATEST_ZONE)
    begin: Condition = ("due_on >= %s AND due_at >= %s AND due_at <= %s", [day + first, about_begin, since])
    return [("due_at > %s AND due_at < %s", [since, until]), begin, end]


def _counts() -> dict[str, list[Condition]]:
    counts: dict[str, list[Condition]] = {
        "late_untold": [(f"{UNTOLD} AND {LATE}", [NOW])],
        "late_told": [(f"{TOLD} AND {LATE}", [NOW])],
        "risky_untold": [(f"{UNTOLD} AND {RISKY} AND {AHEAD}", [NOW])],
        "risky_told": [(f"{TOLD} AND {RISKY} AND {AHEAD}", [NOW])],
        "not_moving": [
            (
                f"{AHEAD} AND {LATE} AND last_update_at <= %s",
                [NOW, NOW + NOT_MOVING_DUE_WITHIN, NOW - NOT_MOVING_SILENT_FOR],
            )
        ],
        "due_7_days": [(f"{AHEAD} AND {LATE}", [NOW, NOW + DUE_SOON])],
    }
    for name, (oldest, youngest) in AGES.items():
        first = None if oldest is None else -oldest * DAY
        days = _due_in(TODAY, MIDNIGHT, first, -youngest * DAY)
        # Days after its day a promise is late, wherever it was due: only of the first bar that has to be asked.
        counts[f"age_{name}"] = days if youngest else [(f"{LATE} AND {sql}", [NOW, *given]) for sql, given in days]
    return counts


def _weeks() -> dict[str, list[Condition]]:
    """What is overdue is to be done this week too."""
    return {
        f"week_{n}": _due_in(MONDAY, MONDAYS_MIDNIGHT, n * WEEK if n else None, n * WEEK + 6 * DAY)
        for n in range(COMING_WEEKS)
    }


COUNTS, WEEKS = _counts(), _weeks()
NAMES = (*COUNTS, *WEEKS, "near_end")


def question(rows: QuerySet[Promise], with_tallies: bool) -> SqlText:
    """Of open promises, and of scopes near their end, each figure exact up to a thousand; and the tallies.

    Of the coming weeks only those of `weeks_known` say anything: the others need not be walked.
    """
    begun, parts = list[Text](), list[Text]()
    every = _sql(rows.order_by().values("pk", "due_at", "due_on", "last_update_at", "band", "told_at"))
    with_hours = _sql(rows.order_by().annotate(to_do=HOURS_LEFT).values("pk", "due_at", "due_on", "to_do"))
    for place, (name, conditions) in enumerate({**COUNTS, **WEEKS}.items()):
        source, sums = (with_hours, SUMS_OF_HOURS) if name in WEEKS else (every, NUMBER_ALONE)
        for number, condition in enumerate(conditions):
            called, needless = f"{name}_{number}", [*NEEDLESS.get(name, []), *([name] if number else [])]
            walk = _walk(source, sums, condition, called, needless)
            if not number and (len(conditions) > 1 or name in chain.from_iterable(NEEDLESS.values())):
                begun.append((f"{called} AS ({walk[0]})", walk[1]))
                walk = f"SELECT number, none, hours FROM {called}", []
            parts.append((f"SELECT {place}, '', '', number, none, hours FROM ({walk[0]}) AS of_{called}", walk[1]))
    parts.append(_near_end(len(NAMES) - 1))
    if with_tallies:
        parts.append(_tallies())
    text = f"WITH {', '.join(text for text, _ in begun)} {' UNION ALL '.join(text for text, _ in parts)}"
    return SqlText(text, [value for _, values in (*begun, *parts) for value in values])


def _walk(source: Text, sums: str, condition: Condition, called: str, needless_after: Sequence[str]) -> Text:
    where, given = condition
    # Asked once, before the first row: where one does not hold, the database does not begin.
    where = " AND ".join([*(f"(SELECT number FROM {name}_0) <= {MOST_COUNTED}" for name in needless_after), where])
    shown = "to_do" if sums == SUMS_OF_HOURS else "1"
    some = f"SELECT {shown} FROM ({source[0]}) AS every_{called} WHERE {where} {_first('pk')}"
    return f"SELECT {sums} FROM ({some}) AS some_{called}", [*source[1], *_places(given)]


def _near_end(place: int) -> Text:
    ending = ending_by(Given("ends_by", DateField())).order_by().values("pk")
    sql, params = _sql(ending[: MOST_SCOPES + 1])
    return f"SELECT {place}, '', '', COUNT(*), 0, 0 FROM ({sql}) AS scopes", params


def _tallies() -> Text:
    table = connection.ops.quote_name(OutcomeTally._meta.db_table)
    # There is none of a day to come. Between two days, PostgreSQL expects few, and goes by the index.
    where = "day >= %s AND day <= %s"
    values = _places([Given("since", DateField()), TODAY])
    return f"SELECT -1, CAST(day AS text), outcome, count, 0, 0 FROM {table} WHERE {where}", values


def counted(found: list[tuple[Any, ...]]) -> Counted:
    """What the answer to that question says."""
    figures = dict.fromkeys(NAMES, Promised())
    for place, _, _, n, none, hours in found:
        if place >= 0:
            others = figures[NAMES[place]]
            figures[NAMES[place]] = Promised(others.count + n, others.hours + float(hours), others.unestimated + none)
    sums = {name: Promised(sum(figures[part].count for part in parts)) for name, parts in SUMS.items()}
    ended = by_day((date.fromisoformat(day), what, n) for place, day, what, n, *_ in found if place < 0)
    return Counted({**figures, **sums}, ended)


def weeks_known(figures: Mapping[str, Promised]) -> list[Promised]:
    """The coming weeks up to the first of which more is due than is counted: its hours are not known, and neither is
    what flows over into later ones. None where more than that is overdue, which is all to be done this week.
    """
    if figures["late_untold"].count > MOST_COUNTED:
        return []
    weeks = (figures[f"week_{number}"] for number in range(COMING_WEEKS))
    return list(takewhile(lambda week: week.count <= MOST_COUNTED, weeks))


def by_day(found: Iterable[tuple[date, str, int]]) -> Ended:
    ended = defaultdict[date, list[tuple[str, int]]](list)
    for day, outcome, count in found:
        ended[day].append((outcome, count))
    return ended


def _first(key: str) -> str:
    """In the order of the indexes: without one, the database would gather all there are before it counts."""
    return f"ORDER BY due_at, {key} LIMIT {MOST_COUNTED + 1}"


def _places(given: Sequence[Given]) -> list[Any]:
    return [value.place for value in given]


def _sql(rows: QuerySet[Any, Any]) -> Text:
    sql, params = rows.query.get_compiler(connection=connection).as_sql()
    return sql, list(params)
