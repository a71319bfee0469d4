"""Thousands of new rows at once: by COPY on PostgreSQL, by one prepared statement for all of them on SQLite.

An INSERT of arrays costs PostgreSQL three times as much, for each value in them is parsed as an expression by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from io import StringIO
from types import NoneType
from typing import Any

from django.db import connection
from django.db.models import Field, Model

NOTHING = r"\N"
# Signs that mean something to COPY, and how to write them.
INSTEAD = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}
MEANT = re.compile(r"[\\\t\n\r]")
# They hold none of these signs.
WRITE_THEMSELVES = {bool, int, float, Decimal, date, datetime, time}
# The name of the sequence is found once, not for each key.
NEXT_KEYS = """
SELECT nextval(found.name) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) AS found,
generate_series(1, %s)
"""


def keys_ahead(model: type[Model], how_many: int) -> list[int]:
    """Keys that nobody else gets, for rows that have to be spoken of before they are in.

    On SQLite only in a transaction that writes, so that nobody else takes them meanwhile.
    """
    table, key = model._meta.db_table, model._meta.pk
    assert key
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(NEXT_KEYS, [connection.ops.quote_name(table), key.column, how_many])
            return [row[0] for row in cursor]
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = (cursor.fetchone() or [0])[0]
    return list(range(last + 1, last + how_many + 1))


def copy_in(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]], **same: Any) -> None:
    """Each row is the values of these columns, named as attributes; `same` are the columns that are alike in all rows.

    Every column without a default of its own in the database has to be among them.
    """
    columns = list(zip(*rows, strict=True))
    if not columns:
        return
    fields = {field.attname: field for field in model._meta.concrete_fields}
    chosen = [fields[name] for name in (*names, *same)]
    table = connection.ops.quote_name(model._meta.db_table)
    into = f"{table} ({', '.join(connection.ops.quote_name(str(field.column)) for field in chosen)})"
    write = _copy if connection.vendor == "postgresql" else _insert
    write(into, chosen, columns, list(same.values()))


def _copy(into: str, fields: Sequence[Field[Any, Any]], columns: Sequence[Sequence[Any]], same: Sequence[Any]) -> None:
    end = "".join(f"\t{text}" for text in _texts(same)) + "\n"
    lines = map("\t".join, zip(*map(_texts, columns), strict=True))
    content = StringIO(end.join([*lines, ""]))
    with connection.cursor() as cursor, connection.wrap_database_errors:
        cursor.copy_expert(f"COPY {into} FROM STDIN", content)


def _texts(values: Sequence[Any]) -> Sequence[str]:
    kinds = {*map(type, values)}
    if kinds <= WRITE_THEMSELVES:
        return [*map(str, values)]
    if kinds - {NoneType} <= WRITE_THEMSELVES:
        return [NOTHING if value is None else str(value) for value in values]
    if kinds == {str} and not MEANT.search("".join(values)):
        return values
    return [NOTHING if value is None else _text(value) for value in values]


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        value = json.dumps(value)
    # What is chosen from a list is a text, and says something else when it is made one.
    text = value if isinstance(value, str) else str(value)
    return MEANT.sub(lambda found: INSTEAD[found[0]], text) if MEANT.search(text) else text


def _insert(
    into: str, fields: Sequence[Field[Any, Any]], columns: Sequence[Sequence[Any]], same: Sequence[Any]
) -> None:
    ready = [
        [field.get_db_prep_save(value, connection) for value in column]
        for field, column in zip(fields, columns, strict=False)
    ]
    ends = [
        field.get_db_prep_save(value, connection) for field, value in zip(fields[len(columns) :], same, strict=True)
    ]
    places = ", ".join(["%s"] * len(fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {into} VALUES ({places})", [[*row, *ends] for row in zip(*ready, strict=True)])
