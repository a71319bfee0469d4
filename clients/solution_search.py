"""Finding solutions by words: a full-text index of the database in use, and one order for both.

Which rows hold a word is asked of the index: FTS5 on SQLite, GIN on PostgreSQL. Both hold words that we have made
plain ourselves (`solution_words`), so that no database's own idea of letters decides what is found.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Case, Expression, IntegerField, Q, Value, When
from django.db.models.expressions import RawSQL

from clients.models.solution import Solution, SolutionQuerySet
from clients.solution_words import asked_words, telling_words

SQLITE = "SELECT rowid FROM clients_solution_words WHERE clients_solution_words MATCH %s"
# As the migration's index says it, or the index is not used. No parser comes between: the words are lexemes already.
POSTGRESQL = "SELECT id FROM clients_solution WHERE array_to_tsvector(string_to_array(words, ' ')) @@ %s::tsquery"

# A word in the title says more than one in the middle of an answer.
IN_TITLE, IN_HELPS_WHEN, ANYWHERE = 4, 2, 1


def search(words: str, limit: int, among: SolutionQuerySet | None = None) -> list[Solution]:
    """Solutions that hold every word, or the beginning of one; where there is none, those that hold any.

    The best come first. `among` is what is looked through, else everything that is not archived.
    """
    rows = Solution.objects.current() if among is None else among
    asked = asked_words(words)
    if not asked:
        return []
    every = list(_ranked(rows, asked, all_of_them=True)[:limit])
    return every or list(_ranked(rows, telling_words(words), all_of_them=False)[:limit])


def _ranked(rows: SolutionQuerySet, asked: Sequence[str], *, all_of_them: bool) -> SolutionQuerySet:
    weights = {"title_words": IN_TITLE, "helps_when_words": IN_HELPS_WHEN, "words": ANYWHERE}
    held = _sum([_if(_begins("words", word), 1) for word in asked])
    weight = _sum([_if(_begins(name, word), much) for word in asked for name, much in weights.items()])
    found = rows.filter(pk__in=_holding(asked, all_of_them))
    return found.annotate(held=held, weight=weight).order_by("-held", "-weight", "title_words", "pk")


def _holding(asked: Sequence[str], all_of_them: bool) -> RawSQL:
    """Letters and figures are all there is in a word, so none can end its quotes."""
    if connection.vendor == "postgresql":
        return RawSQL(POSTGRESQL, [(" & " if all_of_them else " | ").join(f"'{word}':*" for word in asked)])
    return RawSQL(SQLITE, [(" AND " if all_of_them else " OR ").join(f'"{word}"*' for word in asked)])


def _begins(name: str, word: str) -> Q:
    return Q(**{f"{name}__startswith": word}) | Q(**{f"{name}__contains": f" {word}"})


def _if(condition: Q, much: int) -> Expression:
    return Case(When(condition, then=Value(much)), default=Value(0), output_field=IntegerField())


def _sum(parts: Sequence[Expression]) -> Expression:
    total: Expression = parts[0]
    for part in parts[1:]:
        total = total + part
    return total
