"""Promises that were delivered before there was a track record are put on it.

What a working day is, is spelled out here once more: a migration outlives the code it came with.
"""

from bisect import bisect_right
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import holidays
from django.db import migrations, transaction
from django.db.models import F

BATCH = 1000
DAY = timedelta(days=1)


class Diary:
    def __init__(self, zone, weeks, away, is_holiday):
        self.zone = zone
        self.weeks = weeks  # (valid from, hours of each weekday, share), in order
        self.away = away
        self.is_holiday = is_holiday
        self.years = {}

    def working_days(self, first, last):
        whole = sum(len(self.year(year)) for year in range(first.year, last.year))
        return whole + bisect_right(self.year(last.year), last) - bisect_right(self.year(first.year), first)

    def hours_a_day(self, day):
        _valid_from, hours, share = self.week(day)
        days = [sum(length(*span) for span in spans) for spans in hours if spans]
        return (sum(days) / len(days) if days else 8.0) * float(share)

    def week(self, day):
        return self.weeks[max(bisect_right(self.weeks, day, key=lambda week: week[0]) - 1, 0)]

    def year(self, year):
        if year not in self.years:
            days = (date(year, 1, 1) + DAY * number for number in range(366))
            self.years[year] = [day for day in days if day.year == year and self.works(day)]
        return self.years[year]

    def works(self, day):
        off = self.is_holiday(day) or any(first <= day <= last for first, last in self.away)
        return not off and bool(self.week(day)[1][day.weekday()])


def length(start, end):
    opens = clock(start)
    closes = 24.0 if end == "24:00" or clock(end) in (0, clock("23:59")) else clock(end)
    return closes - opens


def clock(text):
    at = time.fromisoformat(text)
    return at.hour + at.minute / 60


def zone_of(name):
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def holidays_of(region):
    country, _, part = region.partition("-")
    try:
        days = holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return lambda day: False
    return lambda day: day in days


def put_on_record(apps, schema_editor):
    promises, jobs = apps.get_model("promises", "Promise"), apps.get_model("promises", "PastJob")
    missing = promises.objects.filter(delivered_at__gte=F("made_at"), past_job=None).order_by("pk")
    diary_of, after = diaries(apps), 0
    while batch := list(missing.filter(pk__gt=after).select_related("owner")[:BATCH]):
        after = batch[-1].pk
        with transaction.atomic():
            jobs.objects.bulk_create(job_of(apps, jobs, promise, diary_of(promise.owner)) for promise in batch)


def job_of(apps, jobs, promise, diary):
    moments = promise.made_at, promise.delivered_at, promise.first_due_at
    made_on, finished_on, due_on = (at.astimezone(diary.zone).date() for at in moments)
    return jobs(
        promise=promise,
        owner=promise.owner,
        owner_name=promise.owner.name,
        kind=kind_of(apps, promise),
        estimate_hours=promise.estimate_hours or None,
        actual_hours=promise.hours_taken or None,
        made_on=made_on,
        finished_on=finished_on,
        working_days=float(diary.working_days(made_on, finished_on)),
        days_given=float(diary.working_days(made_on, max(due_on, made_on))),
        hours_a_day=diary.hours_a_day(made_on),
    )


def diaries(apps):
    """Each person's is read once. The firm's week stands in for one of their own."""
    models = {name: apps.get_model("staff", name) for name in ("Firm", "WorkingWeek", "Absence")}
    firm = models["Firm"].objects.filter(pk=1).first() or models["Firm"](pk=1)
    is_holiday, known = holidays_of(firm.holiday_region), {}

    def diary_of(person):
        if person.pk not in known:
            weeks = models["WorkingWeek"].objects.filter(user=person).order_by("valid_from")
            own = list(weeks.values_list("valid_from", "hours", "share"))
            away = list(models["Absence"].objects.filter(user=person).values_list("first_day", "last_day"))
            zone = zone_of(person.zone)
            known[person.pk] = Diary(zone, own or [(date.min, firm.hours, firm.share)], away, is_holiday)
        return known[person.pk]

    return diary_of


def kind_of(apps, promise):
    """The service of the scope's line that it delivered, as signed addenda left it."""
    if promise.scope_id is None or promise.scope_line is None:
        return ""
    said = apps.get_model("clients", "AddendumLine").objects.filter(
        addendum__scope=promise.scope_id,
        addendum__agreement__state__in=["signed", "ended"],
        number=promise.scope_line,
    )
    last = said.order_by("-addendum__agreement__signed_at", "-addendum__seq").first()
    if last is not None:
        return "" if last.act == "remove" else last.service
    line = apps.get_model("clients", "ScopeLine").objects.filter(scope=promise.scope_id, number=promise.scope_line)
    return line.values_list("service", flat=True).first() or ""


class Migration(migrations.Migration):
    # A firm may have ended a million promises: each batch is whole, and a second run goes on where one broke off.
    atomic = False

    dependencies = [
        ("clients", "0009_steps"),
        ("promises", "0007_foresight"),
        ("staff", "0004_hour_cost"),
    ]

    operations = [migrations.RunPython(put_on_record, migrations.RunPython.noop)]
