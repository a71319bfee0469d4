"""A year of finished jobs from before the first promise, as a firm brings them in with a file."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from engagement.staff.calendars import Calendar
from engagement.staff.diary import firm_calendar
from engagement.staff.worktime import working_day_after
from promises.actions.past_jobs import JobImporter
from promises.demo import data, texts
from promises.demo.cast import OPENING, Cast
from promises.demo.stage import days_for, hours_for
from promises.importing.jobs import JobReading, JobRow

SEED = "the year before"
JOBS = 160
YEAR = 365
# Most are finished on the day, some before it, and one in ten after.
OFF = (-3, -2, -1, -1, 0, 0, 0, 0, 0, 2)


def keep_record(cast: Cast) -> None:
    rng = random.Random(SEED)
    opened = cast.days[-OPENING]
    made_on = sorted(opened - timedelta(days=rng.randint(30, YEAR + 30)) for _job in range(JOBS))
    calendar = firm_calendar(cast.firm)
    rows = [_row(cast, calendar, number, day, rng) for number, day in enumerate(made_on, 1)]
    JobImporter().bring_in([JobReading(row) for row in rows])


def _row(cast: Cast, calendar: Calendar, number: int, made: date, rng: random.Random) -> JobRow:
    owner, trade = rng.choice(list(data.TRADES.items()))
    _what, hours = rng.choice(texts.JOBS[trade])
    days = days_for(hours) + rng.choice(OFF)
    return JobRow(
        line=number + 1,
        owner=cast.people[owner].name,
        kind=data.KINDS[trade],
        estimate=Decimal(hours),
        actual_hours=hours_for(hours, rng),
        made=made,
        started=working_day_after(calendar, made, 1),
        finished=working_day_after(calendar, made, days),
        fingerprint=f"demonstration {number}",
    )
