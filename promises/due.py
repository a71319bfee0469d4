from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from clients.diary import client_calendar
from clients.models import Client
from engagement.staff.calendars import Calendar, end_of_working_day, mean_hours
from engagement.staff.diary import firm_calendar
from engagement.staff.models import Firm
from engagement.staff.worktime import tell_by


@dataclass(frozen=True, slots=True)
class Due:
    """A date as it was given, in the client's zone, and the instant it means."""

    on: date
    time: time | None
    at: datetime


def due_for(client: Client, firm: Firm, on: date, at_time: time | None) -> Due:
    """A date without a time ends with the client's working day. An hour the clocks skip means the hour after it."""
    return due_by(client_calendar(client, firm), on, at_time)


def due_by(theirs: Calendar, on: date, at_time: time | None) -> Due:
    """The same, for whoever asks of many days by one client's calendar."""
    if at_time is None:
        return Due(on, None, end_of_working_day(theirs, on))
    return Due(on, at_time, datetime.combine(on, at_time, tzinfo=theirs.zone).astimezone(UTC))


def tell_by_for(firm: Firm, made_at: datetime | None, due_at: datetime) -> datetime:
    """Law 5: the firm's working days before the due instant, or its share of the time promised if longer.

    In the firm's own hours: it is somebody here who has to pick up the phone.
    """
    calendar = firm_calendar(firm)
    hours = mean_hours(calendar.weeks[0])
    return tell_by(calendar, made_at, due_at, float(firm.tell_by_days), float(firm.tell_by_share), hours)
