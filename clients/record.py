"""The chain of a client's record: one hash over the one before, so that nothing can be quietly rewritten."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Model

from clients.models import Client, Entry
from engagement.staff.copy_in import copy_in
from engagement.staff.models import User


class ChainMoved(RuntimeError):
    """The chain of this client does not end where its locked row says."""


@dataclass(frozen=True)
class Event:
    """What is to be written. `data` holds plain JSON values."""

    subject: str
    kind: str
    at: datetime
    by: User | None = None
    data: dict[str, Any] = field(default_factory=dict)


class Link(NamedTuple):
    """An entry as its columns, for those who write thousands."""

    client_id: int
    seq: int
    subject: str
    kind: str
    at: datetime
    by_id: int | None
    by_name: str
    data: dict[str, Any]
    salt: str
    digest: str
    hash: str


# How many entries a chain has, and the hash of the last.
Head = tuple[int, str]
_as_text = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
# So many rows go in with the move of the head, where a database can do several things in one question.
AT_ONCE = 8
MOVED = f"""moved AS (
    UPDATE {Client._meta.db_table} SET entries = %s, head = %s WHERE id = %s AND entries = %s AND head = %s RETURNING id
)"""
MOVED_ALL = f"""
UPDATE {Client._meta.db_table} AS held SET entries = moved.entries, head = moved.head
FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS moved (entries, head, id) WHERE held.id = moved.id
"""


def write(client_id: int, *events: Event, head: Head | None = None, beside: Sequence[Model] = ()) -> list[Entry]:
    """Append to the client's chain, in the transaction of what happened, and only together with it.

    Whoever has just read the client says where the chain ended. Where somebody has written since, or nobody knows, it
    is read again with the client's row locked. On both databases a second entry in one place is refused by constraint.

    `beside` are new rows of other tables that go with the entries.
    """
    with transaction.atomic(savepoint=False):
        entries = _moved(client_id, head, events, beside) if head else None
        if entries is None:
            held = Client.objects.select_for_update(no_key=True).values_list("entries", "head").get(pk=client_id)
            entries = _moved(client_id, held, events, beside)
            if entries is None:
                # Nobody can move it now. Without its entry, what happened must not be kept either.
                raise ChainMoved(client_id)
    return entries


def write_all(events: Mapping[int, Sequence[Event]]) -> None:
    """To the chains of many clients, as `write` does to one. They come in one order, so that nobody waits in a ring."""
    if not events:
        return
    with transaction.atomic():
        held = Client.objects.select_for_update(no_key=True).filter(pk__in=events).order_by("pk")
        links, heads = list[Link](), list[tuple[int, str, int]]()
        for client_id, seq, head in list(held.values_list("pk", "entries", "head")):
            links += _linked(client_id, seq, head, events[client_id])
            heads.append((links[-1].seq, links[-1].hash, client_id))
        copy_in(Entry, Link._fields, links)
        _move_heads(heads)


def _move_heads(heads: Sequence[tuple[int, str, int]]) -> None:
    """Django's bulk_update takes as long as all the entries."""
    if not heads:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(MOVED_ALL, [list(column) for column in zip(*heads, strict=True)])
        else:
            cursor.executemany(f"UPDATE {Client._meta.db_table} SET entries = %s, head = %s WHERE id = %s", heads)


def _moved(client_id: int, head: Head, events: Sequence[Event], beside: Sequence[Model]) -> list[Entry] | None:
    """The entries that follow this head, written, and the client pointing to the last.

    None, and nothing is written, where it is the head no more.
    """
    entries = list(_chained(client_id, *head, events))
    if len(entries) + len(beside) <= AT_ONCE and connection.vendor == "postgresql":
        return entries if _moved_at_once(client_id, head, entries, beside) else None
    here = Client.objects.filter(pk=client_id, entries=head[0], head=head[1])
    if not here.update(entries=entries[-1].seq, head=entries[-1].hash):
        return None
    for row in beside:
        row.save(force_insert=True)
    Entry.objects.bulk_create(entries, batch_size=500)
    return entries


def _moved_at_once(client_id: int, head: Head, entries: Sequence[Entry], beside: Sequence[Model]) -> bool:
    """In one question instead of two or more, each of which would wait for its answer with the client's row held."""
    parts = [MOVED]
    values: list[Any] = [entries[-1].seq, entries[-1].hash, client_id, *head]
    for number, row in enumerate((*beside, *entries)):
        fields = [field for field in row._meta.concrete_fields if not field.primary_key]
        columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
        table, places = connection.ops.quote_name(row._meta.db_table), ", ".join(["%s"] * len(fields))
        parts.append(f"row_{number} AS (INSERT INTO {table} ({columns}) SELECT {places} FROM moved)")
        values += [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {', '.join(parts)} SELECT count(*) FROM moved", values)
        return bool(cursor.fetchone()[0])


def _chained(client_id: int, seq: int, previous: str, events: Sequence[Event]) -> Iterator[Entry]:
    for event, link in zip(events, _linked(client_id, seq, previous, events), strict=True):
        entry = Entry(**link._asdict())
        entry.by = event.by
        yield entry


def _linked(client_id: int, seq: int, previous: str, events: Iterable[Event]) -> Iterator[Link]:
    for event in events:
        seq += 1
        salt, at = secrets.token_hex(16), event.at.astimezone(UTC)
        by_id, by_name = (event.by.pk, event.by.name) if event.by else (None, "")
        digest = _digest(salt, event.subject, event.kind, at, by_name, event.data)
        previous = _hash(previous, client_id, seq, digest)
        yield Link(client_id, seq, event.subject, event.kind, at, by_id, by_name, event.data, salt, digest, previous)


def digest_of(entry: Entry) -> str:
    """Salted digest of everything a person could read in the entry."""
    return _digest(entry.salt, entry.subject, entry.kind, entry.at, entry.by_name, entry.data)


def _digest(salt: str, subject: str, kind: str, at: datetime, by_name: str, data: dict[str, Any]) -> str:
    text = _as_text([salt, [subject, kind, at.astimezone(UTC).isoformat(), by_name, data]])
    return hashlib.sha256(text.encode()).hexdigest()


def hash_of(entry: Entry, previous: str) -> str:
    return _hash(previous, entry.client_id, entry.seq, entry.digest)


def _hash(previous: str, client_id: int, seq: int, digest: str) -> str:
    return hashlib.sha256(f"{previous}|{client_id}|{seq}|{digest}".encode()).hexdigest()


def verify(client: Client) -> Iterator[str]:
    """Read the chain and say each thing that does not hold; nothing said means nothing was touched."""
    previous, seq = "", 0
    for entry in client.record.order_by("seq").iterator():
        seq += 1
        if entry.seq != seq:
            yield f"{client.name}: entry {seq} is missing"
            seq = entry.seq
        if entry.digest != digest_of(entry):
            yield f"{client.name}: the words of entry {entry.seq} ({entry.kind}, {entry.subject}) were changed"
        if entry.hash != hash_of(entry, previous):
            yield f"{client.name}: entry {entry.seq} does not follow from the one before it"
        previous = entry.hash
    if (seq, previous) != (client.entries, client.head):
        yield f"{client.name}: the chain ends at entry {seq}, its head says {client.entries}"
