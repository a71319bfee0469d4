"""Many rows at once: one statement on PostgreSQL, one prepared statement for all of them on SQLite.

Django's bulk_update builds a CASE for each column and row: four times dearer than the arrays used here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import CharField, Field, Model, TextField
from django.db.models.expressions import RawSQL

Row = Sequence[Any]


def among(keys: Sequence[int]) -> Any:
    """To find rows by a thousand keys: on PostgreSQL one array, for Django looks at each parameter by itself."""
    return RawSQL("SELECT unnest(%s::bigint[])", [list(keys)]) if connection.vendor == "postgresql" else keys


def insert_rows(model: type[Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Every column has to be named: what the model would fill in by itself stays out."""
    if not rows:
        return
    fields = [_field(model, name) for name in names]
    table, columns = _quoted(model._meta.db_table), ", ".join(_column(field) for field in fields)
    if connection.vendor == "postgresql":
        _run(f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({_arrays(fields)})", fields, rows)
    else:
        _run_each(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})", fields, rows)


def add_rows(model: type[Model], keys: Sequence[str], sums: Sequence[str], rows: Sequence[Row]) -> None:
    """Each row is its keys, which are unique together, and what is added to the sums that stand there, if any do."""
    if not rows:
        return
    fields = [_field(model, name) for name in (*keys, *sums)]
    table, columns = _quoted(model._meta.db_table), ", ".join(_column(field) for field in fields)
    found_by = ", ".join(_column(field) for field in fields[: len(keys)])
    added = ", ".join(
        f"{_column(field)} = {table}.{_column(field)} + excluded.{_column(field)}" for field in fields[len(keys) :]
    )
    onto = f"ON CONFLICT ({found_by}) DO UPDATE SET {added}"
    if connection.vendor == "postgresql":
        _run(f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({_arrays(fields)}) {onto}", fields, rows)
    else:
        _run_each(f"INSERT INTO {table} ({columns}) VALUES ({', '.join(['%s'] * len(fields))}) {onto}", fields, rows)


def update_rows(model: type[Model], names: Sequence[str], rows: Sequence[Row]) -> None:
    """Each row is the values of these columns, and the key last. Rows are held already, or taken in the order given."""
    if not rows:
        return
    fields, key = [_field(model, name) for name in names], model._meta.pk
    assert key
    table, places = _quoted(model._meta.db_table), [*fields, key]
    if connection.vendor == "postgresql":
        sets = ", ".join(f"{_column(field)} = given.{_column(field)}" for field in fields)
        given = ", ".join(_column(field) for field in places)
        _run(
            f"UPDATE {table} AS held SET {sets} FROM unnest({_arrays(places)}) AS given ({given})"
            f" WHERE held.{_column(key)} = given.{_column(key)}",
            places,
            rows,
        )
    else:
        sets = ", ".join(f"{_column(field)} = %s" for field in fields)
        _run_each(f"UPDATE {table} SET {sets} WHERE {_column(key)} = %s", places, rows)


def _run(statement: str, fields: Sequence[Field[Any, Any]], rows: Sequence[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(values) for values in zip(*rows, strict=True)])


def _run_each(statement: str, fields: Sequence[Field[Any, Any]], rows: Sequence[Row]) -> None:
    ready = [
        [field.get_db_prep_save(value, connection) for field, value in zip(fields, row, strict=True)] for row in rows
    ]
    with connection.cursor() as cursor:
        cursor.executemany(statement, ready)


def _arrays(fields: Sequence[Field[Any, Any]]) -> str:
    return ", ".join(f"%s::{_kind(field)}[]" for field in fields)


def _kind(field: Field[Any, Any]) -> str:
    # A cast to varchar(10) would cut what is too long, and say nothing.
    if isinstance(field, CharField | TextField):
        return "text"
    return str(field.rel_db_type(connection) if field.primary_key else field.db_type(connection))


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _column(field: Field[Any, Any]) -> str:
    assert field.column
    return _quoted(field.column)


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
