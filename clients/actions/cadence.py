from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Q

from clients.diary import client_calendar
from clients.models import Client
from engagement.staff.calendars import end_of_working_day
from engagement.staff.models import Firm


def next_word(client: Client, since: datetime, firm: Firm) -> datetime | None:
    """When the agreed cadence owes the next word after word was given at `since`; None without a cadence."""
    day = since.astimezone(client.zoneinfo).date()
    if client.word_every_days is not None:
        day += timedelta(days=client.word_every_days)
    elif client.word_on is not None:
        day += timedelta(days=(client.word_on - day.weekday() - 1) % 7 + 1)
    else:
        return None
    return end_of_working_day(client_calendar(client, firm), day)


def word_given(client: Client, at: datetime) -> None:
    """The client heard from us: the next word is owed from here. An older word changes nothing."""
    newer = Client.objects.filter(pk=client.pk).filter(Q(last_word_at=None) | Q(last_word_at__lt=at))
    newer.update(last_word_at=at, next_word_at=next_word(client, at, Firm.get()))


def word_taken_back(client: Client, heard_at: datetime | None) -> None:
    """What we took for heard came back: the next word is owed from the one before it, if there was any."""
    owed_at = next_word(client, heard_at or client.made_at, Firm.get())
    Client.objects.filter(pk=client.pk).update(last_word_at=heard_at, next_word_at=owed_at)


def set_cadence_hint(client: Client, now: datetime) -> None:
    client.next_word_at = next_word(client, client.last_word_at or now, Firm.get())
    client.save(update_fields=["next_word_at"])
