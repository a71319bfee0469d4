"""Who may open which address, by which method: the answers of the code against the table that a person has read."""

import os
from pathlib import Path

import pytest

from engagement.tests.matrix import (
    HOLE,
    LOOKING,
    METHODS,
    ROLES,
    SESSIONS,
    TABLE,
    THINGS,
    Table,
    a_world,
    addresses,
    kept,
    questions,
    read_table,
    roles_of,
    undone,
    write_table,
    written,
)

pytestmark = pytest.mark.django_db

# The whole of it is asked by `make soak`, and when the answers are to be written down beside the table: all of them, or
# those of the addresses that begin as MATRIX_AT says.
WHOLE, TO, AT = (os.environ.get(name, "") for name in ("WHOLE_MATRIX", "MATRIX_TO", "MATRIX_AT"))
HOW_TO = (
    "MATRIX_TO=answers.tsv .venv/bin/python -m pytest -n 0 engagement/tests/test_matrix.py; then read the difference"
)
REFUSED = ("sign in", "403", "404", "405")
SENDING = tuple(method for method in METHODS if method not in LOOKING)
# Whoever knows the address may send to it: the address is what no other page knows (see `clients.views.visit`).
WITHOUT_FORM_TOKEN = {route for route in addresses() if route.startswith(("s/", "document/"))} | {"p/<path:token>/"}
# What belongs to a client. Whoever may not see the client cannot tell that it exists.
OF_A_CLIENT = set(THINGS) - {"absences", "import", "people", "scope-templates", "solutions", "weeks"}
NOBODY_IS_THIS = 10**9


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), a_world() as built:
        yield built


@pytest.fixture(scope="module")
def table():
    return read_table(TABLE.read_text())


@pytest.fixture(scope="module")
def answers():
    """What the code says, kept for whoever wants to compare it. The table itself is changed by people alone."""
    found: Table = {}
    yield found
    if TO:
        Path(TO).write_text(write_table(found))


def test_every_address_stands_in_the_table_once(table):
    routes = addresses()

    assert sorted(set(routes)) == sorted(routes)
    assert {route for route, _method in table} == set(routes), HOW_TO


def test_every_cell_says_something_and_no_other_is_there(table):
    expected = {(route, method): set(roles_of(route)) for route in addresses() for method in METHODS}

    assert {place: set(cells) for place, cells in table.items()} == expected, HOW_TO


@pytest.mark.parametrize("role", ROLES)
def test_the_code_answers_as_the_table_says(world, table, answers, role):
    found, faults = {}, []

    for route, method, _role in questions(role, at=tuple(AT.split(",")), whole=bool(WHOLE or TO)):
        word, writes = world.answer(route, method, role)
        answers.setdefault((route, method), {})[role] = word
        if word != table.get((route, method), {}).get(role):
            found[f"{method} {route}"] = word
        if writes and (method in LOOKING or word in REFUSED):
            faults.append((method, route, word, writes[0]))

    assert faults == []
    assert found == {}, HOW_TO


def test_looking_at_everything_leaves_every_row_as_it_was(world):
    before = kept(*SESSIONS)

    faulty = []
    for route in addresses():
        if not route.startswith("admin/"):
            page = world.ask("GET", world.path(route, "lead"), "lead")
            # Whoever only looks has made no mistake yet.
            faulty += [route] if not page.streaming and b"There is a problem" in page.content else []

    assert faulty == []
    assert kept(*SESSIONS) == before


@pytest.mark.parametrize("role", ["nobody", "admin"])
def test_nothing_is_sent_without_the_token_of_a_form(world, role):
    refused, faults = set(), []

    for route in addresses():
        for method in SENDING if WHOLE else SENDING[:1]:
            word, writes = world.answer(route, method, role, strict=True)
            refused |= {route} if word == "403" else set()
            faults += [(method, route, word, writes)] if (word == "403") == (route in WITHOUT_FORM_TOKEN) else []

    assert faults == []
    assert refused == set(addresses()) - WITHOUT_FORM_TOKEN


def test_what_is_of_a_client_is_not_there_for_a_stranger(table):
    cells = {
        (route, method): cells["outsider"]
        for (route, method), cells in table.items()
        if route.partition("/")[0] in OF_A_CLIENT and HOLE.search(route)
    }

    assert len(cells) > 400
    assert {place: cell for place, cell in cells.items() if cell not in ("404", "405")} == {}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_stranger_is_answered_as_if_nobody_had_that_number(world, table, method):
    places = [route for (route, asked), cells in table.items() if asked == method and cells["outsider"] == "404"]
    own = [route for route in places if "<int:" in route]

    def content(path):
        with undone(), written() as writes:
            response = world.ask(method, path, "outsider")
        assert writes == []
        return response.status_code, response.content, {**response.headers, "Content-Security-Policy": ""}

    differ = [
        route
        for route in own
        if content(world.path(route, "outsider"))
        != content(world.path(route, "outsider", pk=NOBODY_IS_THIS, person_pk=NOBODY_IS_THIS))
    ]

    assert len(own) > 30
    assert differ == []
