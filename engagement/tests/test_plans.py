"""How PostgreSQL finds what a page shows, for every address that there is: never by reading all of what grows.

Around the world of the matrix lies a firm with years behind it. The client and the owner whose pages are asked for have
far more than their share. Each question of each page, and of the pages that its own filters and its next page lead to,
is put to the planner, which carries it out and says how many rows it looked at. So is each that is asked where a
page is sent.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from html import unescape
from itertools import chain
from urllib.parse import parse_qsl, urljoin

import pytest
from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import F

from bench.generate import BIG_CLIENT, FIRST_OWNER, Plan, fill
from conftest import NOW
from engagement.staff.models import Firm
from engagement.tests.matrix import TABLE, a_world, addresses, holds_token, read_table, undone
from engagement.tests.test_matrix_fields import TYPED, body
from engagement.tests.test_questions import one_more
from promises.models import Band, Promise

pytestmark = [pytest.mark.servers, pytest.mark.django_db]

PLAN = Plan(20_000, NOW)
# What the generator leaves nearly empty is filled up to this with what the world has of it.
ENOUGH = 4000
GROWN = 300
# As large as the firm, or as its settings are many: these have no history.
SMALL = {
    "auth_group",
    "auth_permission",
    "clients_scopetemplate",
    "clients_sealcertificate",
    "django_content_type",
    "outbox_heartbeat",
    "outbox_hold",
    "promises_upload",
    "staff_absence",
    "staff_firm",
    "staff_firmlogo",
    "staff_recoverycode",
    "staff_secondstep",
    "staff_user",
    "staff_workingweek",
}
# So many rows of one table may be looked at for one question: figures are counted up to a thousand.
MOST = 1100
# What looks at more, and why it may.
ALLOWED = {
    ("board.csv", "promises_promise"): "an export is every row that the filter leaves",
    ("board.csv", "clients_client"): "an export is every row that the filter leaves",
    ("board/", "promises_promise"): "each of its figures is counted up to a thousand, all in one statement",
    ("board/record/", "promises_outcometally"): "a roll-up: some rows a day, however many promises end on it",
    ("board/record/", "promises_promise"): "left out: added up from all that has ended of the fifty clients of a page",
    ("foresight/", "promises_promise"): "left out: adds up what is open; what is over is not read",
    ("import/<int:pk>/", "clients_client"): "a file is checked against every name that there is",
    ("my-day/", "clients_client"): "left out: lines without their promise are looked for in all scopes in force",
    ("my-day/", "clients_scope"): "left out: lines without their promise are looked for in all scopes in force",
    ("my-day/", "clients_scopeline"): "left out: lines without their promise are looked for in all scopes in force",
    ("my-day/", "clients_solution"): "as many as are due to be read again",
    ("promises/<int:pk>/chance/", "promises_promise"): "the latest six hundred open ones, found by their numbers",
    ("promises/read-line/", "clients_client"): "left out: a name anywhere in the line may be a client's",
    ("scopes/<int:pk>/promises/", "promises_promise"): "the latest six hundred open ones, found by their numbers",
    ("scopes/<int:pk>/renewal/", "promises_extension"): "decided with exact figures of all that was promised since",
    ("scopes/<int:pk>/renewal/", "promises_promise"): "decided with exact figures of all that was promised since",
    ("solutions/", "clients_solution"): "as many as are due to be read again are counted",
    ("team/", "promises_promise"): "hours of what is open, for the forty people of a page",
    ("POST clients/<int:pk>/edit/", "clients_client"): "its name is compared with every other",
    ("POST foresight/", "promises_promise"): "whatever is open is weighed anew",
    ("POST promises/<int:pk>/extend/", "promises_promise"): "the latest six hundred open ones, found by their numbers",
    ("POST promises/new/", "promises_promise"): "the latest six hundred open ones, found by their numbers",
    ("POST promises/quick/", "clients_client"): "a name anywhere in the line may be a client's",
    (
        "POST scopes/<int:pk>/renewal/",
        "promises_extension",
    ): "decided with exact figures of all that was promised since",
    ("POST scopes/<int:pk>/renewal/", "promises_promise"): "decided with exact figures, as its page is",
}
# Nothing of these in the world: what is asked of them is asked of empty tables.
EMPTY = {
    "clients_addendumline",
    "clients_renewal",
    "django_admin_log",
    "django_session",
    "promises_addendummove",
    "promises_capacityoverride",
    "promises_datemove",
    "promises_extensionanswer",
    "promises_internalnote",
    "promises_linenotneeded",
    "promises_nextscope",
    "promises_reminder",
    "promises_riskreading",
    "staff_accountevent",
}
OTHERS_BEGIN = 20_000_000
CHANGES = re.compile(r"\b(INSERT INTO|UPDATE|DELETE FROM) ")
TEXTS = ("CharField", "EmailField", "TextField")


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), transaction.atomic():
        _count_from_one()
        fill(PLAN, bar=False)
        Firm.objects.all().delete()  # the world brings its own
        with a_world() as built, connection.cursor() as cursor:
            one_more(built, 0)
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL session_replication_role = replica")
            _hand_over(cursor, built)
            _put_at_risk()
            for model in apps.get_models():
                if model._meta.db_table not in SMALL:
                    _multiply(cursor, model)
            cursor.execute("SET LOCAL session_replication_role = origin; SET CONSTRAINTS ALL DEFERRED; ANALYZE")
            _by_rows_alone(cursor)
            yield built
        transaction.set_rollback(True)


def _count_from_one():
    """A world that was here before, and is gone, counted from afar."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), apps.get_models()):
            cursor.execute(statement)


def _hand_over(cursor, world):
    """What the largest client and the busiest owner have becomes theirs whose pages are asked for."""
    heirs = {
        "clients.client": (BIG_CLIENT, world.quiet["client"].pk),
        "staff.user": (FIRST_OWNER, world.thandi.pk),
    }
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.related_model and (heir := heirs.get(field.related_model._meta.label_lower)):
                # Two places in one record, and two main contacts, there cannot be.
                apart = {"clients.Entry": ", seq = seq + 1000000", "clients.Contact": ", is_main = false"}
                cursor.execute(
                    f"UPDATE {model._meta.db_table} SET {field.column} = %s{apart.get(model._meta.label, '')}"
                    f" WHERE {field.column} = %s",
                    [heir[1], heir[0]],
                )


def _put_at_risk():
    """A third of what is still to come, as the watch would have found it."""
    to_come = Promise.objects.open().filter(due_at__gt=NOW)
    to_come.alias(third=F("pk") % 3).filter(third=0).update(band=Band.AT_RISK)


def _multiply(cursor, model):
    """Fill a table with what is in it, each row said of other clients, promises and people too."""
    table = model._meta.db_table
    cursor.execute(f"SELECT count(*) FROM {table}")
    (held,) = cursor.fetchone()
    if not held or held >= ENOUGH:
        return
    sources = [f"{table} AS held", f"generate_series(1, {-(-ENOUGH // held)}) AS turn"]
    apart = _apart(cursor, table)
    values = {field.column: _other(cursor, field, apart, sources) for field in model._meta.concrete_fields}
    columns = ", ".join(map(connection.ops.quote_name, values))
    cursor.execute(
        f"INSERT INTO {table} ({columns}) SELECT {', '.join(values.values())} FROM {', '.join(sources)}"
        " ON CONFLICT DO NOTHING"
    )


def _apart(cursor, table):
    """A column of each unique index, to tell rows apart by."""
    cursor.execute(
        "SELECT max(a.attname::text) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum > 0"
        " WHERE i.indrelid = %s::regclass AND i.indisunique AND NOT i.indisprimary"
        " AND split_part(pg_get_indexdef(i.indexrelid), ' WHERE ', 1) ~ ('[(, ]' || a.attname || '[),:]')"
        " GROUP BY i.indexrelid",
        [table],
    )
    return {column for (column,) in cursor.fetchall()}


def _other(cursor, field, apart, sources):
    column, kind = f"held.{connection.ops.quote_name(field.column)}", field.get_internal_type()
    if field.column in apart or field.primary_key:
        other = f"{column} + turn"
        if field.is_relation or kind == "BigAutoField":
            other = f"{OTHERS_BEGIN} + {column} * 10000 + turn"
        elif kind == "DateTimeField":
            other = f"{column} + turn * interval '1 second'"
        elif kind in TEXTS:
            other = f"left({column}, {max(1, min(field.max_length or 60, 60) - 6)}) || lpad(turn::text, 6, '0')"
        # What is not there need not differ.
        given = f"{column} <> ''" if kind in TEXTS else f"{column} IS NOT NULL"
        return f"CASE WHEN {given} THEN {other} ELSE {column} END"
    if not field.is_relation:
        return column
    target, whose = field.related_model._meta, f"of_{field.column}"
    cursor.execute(f"SELECT count(*) FROM {target.db_table}")
    (many,) = cursor.fetchone()
    if not many:
        return column
    sources.append(f"(SELECT array_agg({field.target_field.column}) AS ids FROM {target.db_table}) AS {whose}")
    # One in ten stays theirs.
    stays = " OR turn % 10 = 0" if target.label in ("clients.Client", "staff.User") else ""
    return f"CASE WHEN {column} IS NULL{stays} THEN {column} ELSE {whose}.ids[1 + (turn * 7919) % {many}] END"


def _by_rows_alone(cursor):
    """At this size a whole table costs no more than a few places in an index. At a million rows it does."""
    cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL jit = off")
    cursor.execute("SET LOCAL random_page_cost = 0.01; SET LOCAL seq_page_cost = 0.01")


@pytest.fixture(scope="module")
def looked_at(world):
    """By address and table, the most rows that one question looked at, and the question."""
    found, known = {}, set()
    for place, sql, params in chain(_asked_by_pages(world), _asked_where_sent(world)):
        if (asked := (place, sql, repr(params))) not in known:
            known.add(asked)
            for table, rows in _looked_at(sql, params).items():
                found[place, table] = max(found.get((place, table), (0, "")), (rows, sql))
    return found


def _asked_by_pages(world):
    for route in addresses():
        if route.startswith("admin/"):
            continue
        roles = ["admin", "lead"]
        if holds_token(route):
            roles = ["link" if route.startswith("p/") else "signing"]
        for role in roles:
            yield from ((route, *asked) for asked in _questions(world, route, role))


def _asked_where_sent(world):
    """What is asked before and beside what is written. It is looked at while that is there, and then taken back."""
    table = read_table(TABLE.read_text())
    for route in TYPED:
        role = next(role for role in ("admin", "manager", "lead") if table[route, "POST"][role] in ("200", "302"))
        asked = []
        with undone():
            path, data = world.path(route, role), body(world, table, route, role)
            with connection.execute_wrapper(_kept_in(asked)):
                world.ask("POST", path, role, data)
            yield from ((f"POST {route}", *each) for each in asked)


def _questions(world, route, role):
    """Of the page, and of one page for each set of filters that it leads to."""
    waiting, followed = [world.path(route, role)], set()
    while waiting:
        path, asked = waiting.pop(), []
        with connection.execute_wrapper(_kept_in(asked)):
            response = world.ask("GET", path, role)
        yield from asked
        if response.status_code != 200 or response.streaming or "html" not in response["Content-Type"]:
            continue
        for link in re.findall(r'href="([^"]*\?[^"]+)"', response.content.decode()):
            address, _, query = urljoin(path, unescape(link)).partition("?")
            names = frozenset(name for name, _value in parse_qsl(query))
            if address == path.partition("?")[0] and len(names) < 2 and names not in followed:
                followed.add(names)
                waiting.append(f"{address}?{query}")


def _kept_in(asked):
    def see(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(("SELECT", "WITH")) and not CHANGES.search(sql):
            asked.append((sql, params))
        return execute(sql, params, many, context)

    return see


def _looked_at(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params)
        (plan,) = cursor.fetchone()
    rows = Counter()
    waiting = [(json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]]
    while waiting:
        step = waiting.pop()
        waiting += step.get("Plans", ())
        if table := step.get("Relation Name"):
            passed_over = step.get("Rows Removed by Filter", 0) + step.get("Rows Removed by Index Recheck", 0)
            rows[table] += round((step["Actual Rows"] + passed_over) * step["Actual Loops"])
    return rows


def test_no_page_looks_at_more_rows_than_it_needs(looked_at):
    too_many = {
        place: (rows, sql)
        for place, (rows, sql) in looked_at.items()
        if rows > MOST and place[1] not in SMALL and place not in ALLOWED
    }

    assert {place: rows for place, (rows, _sql) in too_many.items()} == {}, too_many


def test_what_may_look_at_more_does(looked_at):
    assert {place for place in ALLOWED if looked_at.get(place, (0, ""))[0] <= MOST} == set()


def test_every_table_that_grows_has_grown(world):
    sizes = {}
    with connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
            sizes[model._meta.db_table] = cursor.fetchone()[0]

    assert {table for table, size in sizes.items() if size < GROWN} - SMALL == EMPTY
