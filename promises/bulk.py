"""Many rows at once: one statement on PostgreSQL, one prepared statement for all of them on SQLite.

Django's bulk_update builds a CASE for each column and row: four times dearer than the arrays used here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import CharField, Field, Model, QuerySet, TextField
from django.db.models.expressions import RawSQL

from engagement.staff.copy_in import copy_in

Row = Sequence[Any]


def among(keys: Sequence[int] | Sequence[str], kind: str = "bigint") -> Any:
    """To find rows by a thousand keys: on PostgreSQL one array, for Django looks at each parameter by itself."""
    return RawSQL(f"SELECT unnest(%s::{kind}[])", [_array_of(keys)]) if connection.vendor == "postgresql" else keys


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
        _run(f"INSERT INTO {table} ({columns}) SELECT * FROM unnest({_arrays(fields)}) {onto}", rows)
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
            rows,
        )
    else:
        sets = ", ".join(f"{_column(field)} = %s" for field in fields)
        _run_each(f"UPDATE {table} SET {sets} WHERE {_column(key)} = %s", places, rows)


class Besides(NamedTuple):
    """Rows of another model that belong to rows that are updated: the first column says to which.

    `taken`: further columns, each with the column of the updated row that it has its value from. `same`: those in
    which all of them are the same.
    """

    model: type[Model]
    names: Sequence[str]
    rows: Sequence[Row]
    taken: Mapping[str, str] = {}
    same: Mapping[str, Any] = {}


class Needed(NamedTuple):
    """Rows without which nothing is written: the question has to find so many.

    On PostgreSQL they are held before any other; on SQLite whoever writes is alone anyway.
    """

    rows: QuerySet[Any]
    number: int


def update_unchanged(
    model: type[Model],
    names: Sequence[str],
    guard: str,
    rows: Sequence[Row],
    besides: Sequence[Besides],
    needed: Needed | None = None,
) -> int:
    """Update those rows whose guard is what it was when they were read, and that nobody works on just now.

    Each row is the values of these columns, then what the guard was, and the key last. What stands besides is inserted
    for those that are updated. Returns how many these are: none, where one that is needed is not there any more. On
    PostgreSQL it is one statement, so that they are held no longer than it takes.
    """
    if not rows:
        return 0
    besides = [one for one in besides if one.rows]
    # What is taken from a row and is not updated is what it holds.
    held = sorted({name for one in besides for name in one.taken.values()}.difference(names))
    if connection.vendor == "postgresql":
        return _update_unchanged(model, names, guard, rows, besides, held, needed)
    if needed and needed.rows.count() != needed.number:
        return 0
    found = model._default_manager.filter(pk__in=[row[-1] for row in rows]).values_list("pk", guard, *held)
    holds = {(pk, was): values for pk, was, *values in found}
    mine = {
        row[-1]: dict(zip([*names, *held], [*row[:-2], *values], strict=True))
        for row in rows
        for values in [holds.get((row[-1], row[-2]))]
        if values is not None
    }
    for one in besides:
        columns = [_field(one.model, name).attname for name in (*one.names, *one.taken)]
        theirs = [(*row, *map(mine[row[0]].__getitem__, one.taken.values())) for row in one.rows if row[0] in mine]
        same = {_field(one.model, name).attname: value for name, value in one.same.items()}
        copy_in(one.model, columns, theirs, **same)
    update_rows(model, names, [(*row[:-2], row[-1]) for row in rows if row[-1] in mine])
    return len(mine)


def _update_unchanged(
    model: type[Model],
    names: Sequence[str],
    guard: str,
    rows: Sequence[Row],
    besides: Sequence[Besides],
    held: Sequence[str],
    needed: Needed | None,
) -> int:
    fields, was, key = [_field(model, name) for name in names], _field(model, guard), model._meta.pk
    assert key
    table, pk, places = _quoted(model._meta.db_table), _column(key), [*fields, was, key]
    columns = ", ".join([*map(_column, fields), "was", pk])
    kept = ", ".join(f"held.{_column(field)}" for field in [key, *(_field(model, name) for name in held)])
    parts: list[str] = []
    params: list[Any] = []
    if_all_are_there = ""
    if needed:
        question, params = _question_that_holds(needed.rows)
        parts.append(f"needed AS ({question})")
        if_all_are_there = f"WHERE (SELECT count(*) FROM needed) = {needed.number:d}"
    parts += [
        f"given ({columns}) AS (SELECT * FROM unnest({_arrays(places)}))",
        f"mine AS (SELECT {kept} FROM {table} AS held JOIN given ON held.{pk} = given.{pk}"
        f" AND held.{_column(was)} = given.was {if_all_are_there} FOR NO KEY UPDATE OF held SKIP LOCKED)",
    ]
    params += _columns_of(rows)
    for number, one in enumerate(besides):
        theirs = [_field(one.model, name) for name in one.names]
        same = [_field(one.model, name) for name in one.same]
        into = ", ".join(map(_column, [*theirs, *(_field(one.model, name) for name in one.taken), *same]))
        values = [f"one.{_column(field)}" for field in theirs]
        values += [
            f"{'mine' if name in held else 'given'}.{_column(_field(model, name))}" for name in one.taken.values()
        ]
        values += [f"%s::{_kind(field)}" for field in same]
        parts.append(
            f"beside_{number} AS (INSERT INTO {_quoted(one.model._meta.db_table)} ({into}) SELECT {', '.join(values)}"
            f" FROM unnest({_arrays(theirs)}) AS one ({', '.join(map(_column, theirs))})"
            f" JOIN mine ON mine.{pk} = one.{_column(theirs[0])} JOIN given ON given.{pk} = mine.{pk})"
        )
        params += [*one.same.values(), *_columns_of(one.rows)]
    sets = ", ".join(f"{_column(field)} = given.{_column(field)}" for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(parts)} UPDATE {table} AS held SET {sets} FROM given JOIN mine ON mine.{pk} = given.{pk}"
            f" WHERE held.{pk} = given.{pk}",
            params,
        )
        return int(cursor.rowcount)


def _question_that_holds(rows: QuerySet[Any]) -> tuple[str, list[Any]]:
    keys = rows.select_for_update(no_key=True).order_by("pk").values("pk")
    question, params = keys.query.sql_with_params()
    return question, list(params)


def _columns_of(rows: Sequence[Row]) -> list[str]:
    return [_array_of(values) for values in zip(*rows, strict=True)]


def _array_of(values: Iterable[Any]) -> str:
    """As PostgreSQL reads an array: one constant, where the driver would make one of each value.

    Of None, and of what PostgreSQL reads as Python writes it: texts, numbers, truths, moments and days.
    """
    return f"{{{','.join(map(_element_of, values))}}}"


def _element_of(value: Any) -> str:
    if value is None:
        return "NULL"
    text = str(value)
    if '"' in text or "\\" in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _run(statement: str, rows: Sequence[Row]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, _columns_of(rows))


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
