"""A question to the database whose text is put together once. What it asks by is filled in whenever it is asked.

For the pages that are opened most: to put the text together takes Django longer than the database takes to answer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial, wraps
from itertools import count
from typing import Any, Generic, ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.backends.signals import connection_created
from django.db.models import BooleanField, Expression, Field, Model, QuerySet, Value
from django.db.models.base import ModelState
from django.dispatch import receiver

P = ParamSpec("P")
Made = TypeVar("Made", bound=Model)
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """Among the parameters of a text: what is to stand there."""

    name: str
    field: Field[Any, Any]
    shift: timedelta

    @property
    def type(self) -> str:
        return str(self.field.db_type(connection))

    def filled(self, given: dict[str, Any]) -> Any:
        value = given[self.name]
        return self.field.get_db_prep_value(value + self.shift if self.shift else value, connection)


@dataclass(frozen=True, slots=True)
class _PlaceOfKey:
    """One of many keys. Where there are fewer, the last stands in for the rest."""

    name: str
    number: int
    type = "bigint"

    def filled(self, given: dict[str, Any]) -> Any:
        keys = given[self.name]
        return keys[self.number] if self.number < len(keys) else keys[-1]


PLACES = (_Place, _PlaceOfKey)
_numbers = count()
# Left to itself it plans each text five times, and one with twenty figures anew whenever somebody has less than most:
# that takes longer than to answer. Each part of ours has its index, whoever it asks about.
PLAN_ONCE = "SET plan_cache_mode = force_generic_plan"
# By connection, what it has been told. The texts are as few as there are shapes of questions.
_prepared: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


def _can_prepare(over: Any = connection) -> bool:
    # Between the server and us, a pool may give each transaction another connection: this setting says so.
    return over.vendor == "postgresql" and not over.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")


@receiver(connection_created)
def plan_once(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Before any transaction, which would take it back where it fails."""
    if _can_prepare(connection):
        with connection.connection.cursor() as cursor:
            cursor.execute(PLAN_ONCE)


class Given(Value):
    """A value that is named when the question is asked. A moment can be counted on from, as any moment."""

    def __init__(self, name: str, output_field: Field[Any, Any], shift: timedelta = timedelta(0)) -> None:
        super().__init__(name, output_field)
        self.shift = shift

    @property
    def place(self) -> _Place:
        """For a text that is written by hand."""
        return _Place(self.value, self.output_field, self.shift)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, timedelta):
            return NotImplemented
        return Given(self.value, self.output_field, self.shift + other)

    def __sub__(self, other: Any) -> Any:
        return self + -other if isinstance(other, timedelta) else NotImplemented

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self.place,)


class AmongGiven(Expression):
    """Whether a column of keys holds one of those given: at least one, and at most so many."""

    output_field = BooleanField()
    conditional = True

    def __init__(self, column: Any, name: str, most: int) -> None:
        super().__init__()
        self.column, self.name, self.most = column, name, most

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, expressions: Sequence[Any]) -> None:
        (self.column,) = expressions

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = compiler.compile(self.column)
        places = [_PlaceOfKey(self.name, number) for number in range(self.most)]
        return f"{sql} IN ({', '.join(['%s'] * self.most)})", (*params, *places)


class SqlText:
    """A text, and what it asks by: among its parameters stand the places of what is given.

    PostgreSQL is told the text once for each connection, and plans it once.
    """

    def __init__(self, text: str, params: Sequence[Any]) -> None:
        self.text, self.params = text, params
        self._places = list(dict.fromkeys(param for param in params if isinstance(param, PLACES)))
        self.name = f"asked_{next(_numbers)}"

    def ask(self, **given: Any) -> list[Row]:
        values = {place: place.filled(given) for place in self._places}
        filled = [values[param] if isinstance(param, PLACES) else param for param in self.params]
        with ExitStack() as ends:
            if _can_prepare():
                ends.enter_context(connection.execute_wrapper(partial(self._execute, list(values.values()))))
            cursor = ends.enter_context(connection.cursor())
            cursor.execute(self.text, filled)
            found: list[Row] = cursor.fetchall()
        return found

    def _execute(self, values: list[Any], execute: Any, _text: str, _params: Any, many: bool, context: Any) -> Any:
        """Innermost: whoever listens to what is asked has heard the text itself."""
        known = _prepared.setdefault(connection.connection, set())
        if self.name not in known:
            with connection.wrap_database_errors, connection.connection.cursor() as cursor:
                cursor.execute(self._preparing(cursor))
            known.add(self.name)
        marks = f"({', '.join(['%s'] * len(values))})" if values else ""
        return execute(f"EXECUTE {self.name} {marks}", values, many, context)

    def _preparing(self, cursor: Any) -> bytes:
        # Imported where it is there: SQLite alone does without it.
        from psycopg2.extensions import AsIs

        numbers = {place: AsIs(f"${number}") for number, place in enumerate(self._places, 1)}
        text: bytes = cursor.mogrify(self.text, [numbers[p] if isinstance(p, PLACES) else p for p in self.params])
        types = f"({', '.join(place.type for place in self._places)})" if self._places else ""
        return f"PREPARE {self.name} {types} AS ".encode() + text


class Statement(SqlText):
    """`rows` are plain values (`values_list`); where something is given, a `Given` stands."""

    def __init__(self, rows: QuerySet[Any, Any]) -> None:
        compiler = rows.query.get_compiler(connection=connection)
        super().__init__(*compiler.as_sql())
        self._query, self._columns = rows.query, [column for column, *_rest in compiler.select]
        self._is_converted = bool(compiler.get_converters(self._columns))

    def ask(self, **given: Any) -> list[Row]:
        found = super().ask(**given)
        return self._converted(found) if self._is_converted else found

    def _converted(self, found: list[Row]) -> list[Row]:
        # Made anew for each: a connection belongs to its thread.
        compiler = self._query.get_compiler(connection=connection)
        return list(map(tuple, compiler.apply_converters(found, compiler.get_converters(self._columns))))


class Part(Generic[Made]):
    """Some columns of a model, its key among them, and what they make: any other is read if somebody asks for it."""

    def __init__(self, model: type[Made], *names: str) -> None:
        self.model = model
        # As the model has them.
        self.columns = [field.attname for field in model._meta.concrete_fields if field.attname in names]
        if unknown := {*names}.difference(self.columns):
            raise ValueError(f"{model.__name__} has no column {', '.join(sorted(unknown))}.")
        key = model._meta.pk
        assert key
        if self.columns[0] != key.attname:
            raise ValueError(f"{model.__name__} is known by {key.attname}, which must be the first of its columns.")

    def under(self, path: str) -> list[str]:
        return [f"{path}__{column}" for column in self.columns]

    def made(self, values: Sequence[Any]) -> Made | None:
        """None where there is no row at the other end.

        As Django's `from_db`, which takes longer than to show one, or to look at it. Neither the model's own `__init__`
        nor any receiver of signals hears of it.
        """
        if values[0] is None:
            return None
        made = self.model.__new__(self.model)
        made.__dict__.update(zip(self.columns, values, strict=True))
        made._state = ModelState()
        made._state.adding, made._state.db = False, DEFAULT_DB_ALIAS
        return made


def put_together_once(build: Callable[P, QuerySet[Any, Any] | SqlText]) -> Callable[P, SqlText]:
    """One question for each shape: the arguments say which conditions there are, never what is asked by."""
    kept: dict[Any, SqlText] = {}

    @wraps(build)
    def question(*args: P.args, **kwargs: P.kwargs) -> SqlText:
        key = (*args, *sorted(kwargs.items()))
        if key not in kept:
            built = build(*args, **kwargs)
            kept[key] = built if isinstance(built, SqlText) else Statement(built)
        return kept[key]

    return question
