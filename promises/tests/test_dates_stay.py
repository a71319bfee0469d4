"""A day that was typed is the same day in the table, on the page, in the file, and back in the form.

`ROUND_TRIPS=100000` makes the long form of it, as `make soak` does.
"""

import os
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from django.utils import translation

from conftest import DAY, NOW
from engagement.staff.fields import DateTextField, TimeTextField
from engagement.staff.tests.test_worktime import ALL_DAY, EIGHT_TO_SIX, WITH_LUNCH, ZONES, calendar_of
from engagement.staff.tests.test_worktime_zones import around
from engagement.staff.when import iso_due, speak_date, speak_due
from promises.csv_out import lines
from promises.due import due_by
from promises.importing import rows, table
from promises.models import Promise

ROUND_TRIPS = int(os.environ.get("ROUND_TRIPS", "1000"))
AT_ONCE = 1000
LANGUAGES = ("en", "af", "nl")
FIRST, LAST = date(2024, 1, 1), date(2032, 12, 31)
MIDNIGHT = time(0)
HOURS = (MIDNIGHT, time(0, 30), time(1, 30), time(2, 30), time(9), time(17), time(23, 30), time(23, 59))
DAY_WEEKS = (EIGHT_TO_SIX, WITH_LUNCH, ALL_DAY)
# The most that any of these clocks is put forward: Troll.
TWO_HOURS = timedelta(hours=2)


def drawn():
    """Half of them where a day goes astray if it ever does: beside a change of clocks, or at the turn of a year."""
    chance = Random(ROUND_TRIPS)
    edges = [(zone, change.astimezone(ZoneInfo(zone)).date()) for zone in ZONES for change in around(zone)]
    for _ in range(ROUND_TRIPS):
        zone, day = chance.choice(edges)
        day += chance.randint(-1, 1) * DAY
        if chance.random() < 0.5:
            zone, day = chance.choice(ZONES), FIRST + chance.randrange((LAST - FIRST).days) * DAY
        at = chance.choice(HOURS) if chance.random() < 0.5 else None
        calendar = calendar_of(*chance.choice(DAY_WEEKS), days=7, zone=ZoneInfo(zone))
        yield zone, due_by(calendar, day, at), chance.choice(LANGUAGES)


def retyped(promise, language):
    """What the form shows of a date, and what a page says in words, sent back as they stand."""
    field, hour = DateTextField(today=promise.due_on - 30 * DAY), TimeTextField(required=False)
    with translation.override(language):
        spoken = speak_date(promise.due_on, today=None, language=language)
        again = hour.clean(hour.prepare_value(promise.due_time))
        return field.clean(field.prepare_value(promise.due_on)), field.clean(spoken), again


def from_a_file(promises):
    """Out as the board writes it, in as an import reads it."""
    headings = ("reference", "client", "what", "owner", "due")
    cells = ((f"R{each.pk}", "Karoo", "Draft", "Thandi", each.due_on.isoformat()) for each in promises)
    read = table.read("".join(lines([headings, *cells])).encode(), "promises.csv")
    return [reading.row.due_on for reading in rows.readings(read, read.guess(), LAST)]


def where_it_changed(promise, zone, due, language):
    if (promise.due_on, promise.due_time, promise.due_at, promise.zone) != (due.on, due.time, due.at, zone):
        yield "table"
    if retyped(promise, language) != (due.on, due.on, due.time):
        yield "form"
    # Midnight is the end of the day before, to people.
    day = due.on - DAY if due.time == MIDNIGHT else due.on
    if speak_date(day, today=None, language=language) not in speak_due(
        promise.due_on, promise.due_time, promise.zone, now=None, language=language
    ):
        yield "page"
    if not iso_due(promise.due_on, promise.due_time, promise.zone).startswith(due.on.isoformat()):
        yield "page, for machines"
    there = ZoneInfo(zone)
    if due.time is None:
        # A day's work that ends with the day itself ends with the first instant of the next, however that is called.
        begins, ends = (datetime.combine(day, MIDNIGHT, there).astimezone(UTC) for day in (due.on, due.on + DAY))
        is_right = begins < promise.due_at <= ends
    else:
        # An hour that the clocks skip is the hour after.
        local = promise.due_at.astimezone(there).replace(tzinfo=None)
        is_right = timedelta(0) <= local - datetime.combine(due.on, due.time) <= TWO_HOURS
    if not is_right:
        yield "instant"


def test_no_day_changes_on_its_way(karoo, thandi):
    trips, changed, left = 0, Counter(), drawn()

    while some := list(islice(left, AT_ONCE)):
        Promise.objects.bulk_create(
            Promise(
                client=karoo, owner=thandi, made_by=thandi, made_at=NOW, what="Draft", zone=zone,
                due_on=due.on, due_time=due.time, due_at=due.at, tell_by_at=due.at,
                first_due_on=due.on, first_due_time=due.time, first_due_at=due.at,
            )
            for zone, due, _language in some
        )  # fmt: skip
        kept = list(Promise.objects.order_by("-pk")[: len(some)])[::-1]
        for promise, sent in zip(kept, some, strict=True):
            changed.update(where_it_changed(promise, *sent))
        changed["file"] += sum(day != due.on for day, (_, due, _) in zip(from_a_file(kept), some, strict=True))
        trips += len(kept)

    assert trips == ROUND_TRIPS
    assert not +changed
