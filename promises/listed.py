"""As much of a promise as a row of a list shows, its client and its owner with it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db.models import QuerySet

from clients.models import Client
from engagement.staff.models import User
from engagement.staff.statement import Part
from promises.models import Promise

ROW = Part(
    Promise,
    *("id", "client_id", "owner_id", "what", "zone", "due_on", "due_time", "due_at", "first_due_on", "moves"),
    *("made_at", "last_update_at", "standing", "waiting_for", "told_at", "told_how", "tell_by_at"),
    *("announced_for", "announced_ready"),
    *("band", "chance", "sentence", "ended_at", "withdrawn_at", "outcome"),
)
CLIENT, OWNER = Part(Client, "id", "name"), Part(User, "id", "name", "email")
COLUMNS = [*ROW.columns, *CLIENT.under("client"), *OWNER.under("owner")]


def read(rows: QuerySet[Promise]) -> list[Promise]:
    """To make whole promises, clients and people of what the database gives takes three times as long."""
    return list(map(made, rows.values_list(*COLUMNS)))


def made(values: Sequence[Any]) -> Promise:
    """Of the values of `COLUMNS`. Any other column is read if somebody asks for it."""
    of = iter(values)
    promise = ROW.made(list(islice(of, len(ROW.columns))))
    client = CLIENT.made(list(islice(of, len(CLIENT.columns))))
    owner = OWNER.made(list(of))
    assert promise
    assert client
    assert owner
    promise.client, promise.owner = client, owner
    return promise
