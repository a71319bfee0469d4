"""What was sent stays as it was sent, and what was signed stays signed, whoever has the database in their hands."""

from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from clients import actions
from clients.agreement_rules import RULES, State
from clients.models import (
    Addendum,
    AddendumLine,
    Agreement,
    Renewal,
    Scope,
    ScopeFile,
    ScopeLine,
    SealedDocument,
    SentVersion,
    Signature,
)
from clients.tests.agreements import LINES, addendum_to, countersign, draft, put, send, sign, signed
from conftest import NOW

OTHERS = [state for state in State if state != State.DRAFT]
STAYS = "a scope that was sent does not change"
ADDENDUM_STAYS = "an addendum that was sent does not change"
LINES_STAY = "lines of what was sent do not change"
PAPER_STAYS = "the signed paper stays"
SIGNED_STAYS = "what was signed stays signed"
NO_STEP = "an agreement takes no such step"
# Where the firm has not signed yet, the client's signature leads here.
STEPS = {(old, found.to) for (old, _step), found in RULES.items()} | {(State.SENT, State.ACCEPTED)}
TEXT = "'another word'"
DATE = "'2031-01-01'"


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("clients.actions.sending.render", lambda *args, **kwargs: b"%PDF-1.7")


def run(sql, *values):
    """As somebody with the database in their hands would; undone again, so that the next one finds the same."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, values)
        changed = cursor.rowcount
        transaction.set_rollback(True)
    return changed


@contextmanager
def refused(words):
    with pytest.raises(DatabaseError, match=words), transaction.atomic():
        yield


def in_state(agreement, state):
    """Put there by hand: what is asked is what the database then allows, not how it came to be so."""
    put(agreement, state)


@pytest.fixture
def scope(karoo, thandi):
    scope = draft(karoo, thandi)
    ScopeFile.objects.create(scope=scope, name="a.pdf", content=b"%PDF", size=4, sha256="0" * 64, added_at=NOW)
    return scope


@pytest.fixture
def addendum(karoo, lena, thandi):
    return addendum_to(signed(karoo, lena, thandi), thandi, [{"act": "add", "service": "Shelves", "price": 300}])


# The text of a scope

OF_A_SCOPE = {
    "number": TEXT,
    "title": TEXT,
    "summary": TEXT,
    "not_included": TEXT,
    "timeline": TEXT,
    "terms": TEXT,
    "currency": "'XXX'",
    "starts_on": DATE,
    "ends_on": DATE,
}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("column", [*OF_A_SCOPE, "agreement_id", "client_id"])
def test_the_text_of_a_scope_changes_in_a_draft_alone(scope, karoo, secret, thandi, state, column):
    other = draft(karoo, thandi).agreement
    value = {"agreement_id": other.pk, "client_id": secret.pk}.get(column) or OF_A_SCOPE[column]
    if column == "agreement_id":
        # Its own scope makes room for this one.
        Scope.objects.filter(agreement=other).delete()
    in_state(scope.agreement, state)
    sql = f"UPDATE clients_scope SET {column} = {value} WHERE id = %s"

    if state == State.DRAFT:
        assert run(sql, scope.pk) == 1
        return
    with refused(STAYS):
        run(sql, scope.pk)


def test_every_column_of_a_scope_is_guarded_or_named_here():
    """Who adds a column says whether it is part of what is signed."""
    free = {"id", "signed_on", "vouched_by_id", "made_at"}

    assert {field.column for field in Scope._meta.concrete_fields} == {*OF_A_SCOPE, "agreement_id", "client_id", *free}


@pytest.mark.parametrize("state", OTHERS)
def test_the_day_of_signing_is_written_once(scope, state):
    in_state(scope.agreement, state)
    Scope.objects.filter(pk=scope.pk).update(signed_on=NOW.date())

    for value in (DATE, "NULL"):
        with refused(STAYS):
            run(f"UPDATE clients_scope SET signed_on = {value} WHERE id = %s", scope.pk)


@pytest.mark.parametrize("state", State)
def test_a_scope_is_removed_as_a_draft_alone(karoo, thandi, state):
    scope = draft(karoo, thandi, lines=[])
    in_state(scope.agreement, state)

    if state == State.DRAFT:
        assert run("DELETE FROM clients_scope WHERE id = %s", scope.pk) == 1
        return
    with refused("a scope that was sent stays"):
        run("DELETE FROM clients_scope WHERE id = %s", scope.pk)


def test_changing_nothing_is_not_a_change(scope):
    in_state(scope.agreement, State.SIGNED)

    assert run("UPDATE clients_scope SET title = title, starts_on = starts_on WHERE id = %s", scope.pk) == 1


# The text of an addendum

OF_AN_ADDENDUM = {"seq": "99", "title": TEXT, "reason": TEXT, "terms": TEXT}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("column", [*OF_AN_ADDENDUM, "agreement_id", "scope_id"])
def test_the_text_of_an_addendum_changes_in_a_draft_alone(addendum, karoo, lena, thandi, state, column):
    other = {"scope_id": signed(karoo, lena, thandi).pk, "agreement_id": draft(karoo, thandi).agreement_id}
    value = other.get(column) or OF_AN_ADDENDUM[column]
    in_state(addendum.agreement, state)
    sql = f"UPDATE clients_addendum SET {column} = {value} WHERE id = %s"

    if state == State.DRAFT:
        assert run(sql, addendum.pk) == 1
        return
    with refused(ADDENDUM_STAYS):
        run(sql, addendum.pk)


def test_every_column_of_an_addendum_is_guarded_or_named_here():
    columns = {field.column for field in Addendum._meta.concrete_fields}

    assert columns == {*OF_AN_ADDENDUM, "agreement_id", "scope_id", "id", "made_at"}


@pytest.mark.parametrize("state", State)
def test_an_addendum_is_removed_as_a_draft_alone(karoo, lena, thandi, state):
    addendum = addendum_to(signed(karoo, lena, thandi), thandi, [])
    in_state(addendum.agreement, state)

    if state == State.DRAFT:
        assert run("DELETE FROM clients_addendum WHERE id = %s", addendum.pk) == 1
        return
    with refused("an addendum that was sent stays"):
        run("DELETE FROM clients_addendum WHERE id = %s", addendum.pk)


# Lines

OF_A_LINE = {
    "number": "77",
    "kind": "'tax'",
    "service": TEXT,
    "description": TEXT,
    "quantity": "3",
    "unit": TEXT,
    "price": "1",
    "rate": "1",
    "turnaround_days": "1",
}
LINE_TABLES = {"clients_scopeline": ScopeLine, "clients_addendumline": AddendumLine}


@pytest.fixture
def line_of(request):
    """A line, its agreement, the column that says whose it is, and a draft that it could be given to."""

    def make(table):
        karoo, lena, thandi = (request.getfixturevalue(name) for name in ("karoo", "lena", "thandi"))
        if table == "clients_scopeline":
            scope = request.getfixturevalue("scope")
            return scope.lines.first(), scope.agreement, "scope_id", draft(karoo, thandi, lines=[]).pk
        addendum = request.getfixturevalue("addendum")
        empty = addendum_to(signed(karoo, lena, thandi), thandi, [])
        return addendum.changes.get(), addendum.agreement, "addendum_id", empty.pk

    return make


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("table", LINE_TABLES)
def test_lines_change_come_and_go_in_a_draft_alone(line_of, state, table):
    line, agreement, whose, draft_pk = line_of(table)
    in_state(agreement, state)
    columns = [
        field.column for field in LINE_TABLES[table]._meta.concrete_fields if field.column not in ("id", "number")
    ]
    copied = ", ".join(columns)
    from_draft = ", ".join(str(draft_pk) if column == whose else column for column in columns)
    acts = [f"UPDATE {table} SET {column} = {value} WHERE id = %s" for column, value in OF_A_LINE.items()]
    acts += [
        f"UPDATE {table} SET {whose} = {draft_pk} WHERE id = %s",
        f"DELETE FROM {table} WHERE id = %s",
        f"INSERT INTO {table} (number, {copied}) SELECT 78, {copied} FROM {table} WHERE id = %s",
    ]
    if "act" in columns:
        acts.append(f"UPDATE {table} SET act = 'remove' WHERE id = %s")

    for sql in acts:
        if state == State.DRAFT:
            assert run(sql, line.pk) == 1, sql
            continue
        with refused(LINES_STAY):
            run(sql, line.pk)
    # Of the draft beside it there can be lines all the while.
    assert run(f"INSERT INTO {table} (number, {copied}) SELECT 78, {from_draft} FROM {table} WHERE id = %s", line.pk)


@pytest.mark.parametrize("table", LINE_TABLES)
def test_every_column_of_a_line_was_tried(table):
    tried = {*OF_A_LINE, "id", "scope_id" if table == "clients_scopeline" else "addendum_id"}

    assert {field.column for field in LINE_TABLES[table]._meta.concrete_fields} - {"act"} == tried


@pytest.mark.parametrize("state", OTHERS)
def test_a_line_of_a_draft_is_not_moved_into_what_was_sent(scope, karoo, thandi, state):
    other = draft(karoo, thandi, lines=[*LINES, *LINES])
    in_state(scope.agreement, state)

    with refused(LINES_STAY):
        run("UPDATE clients_scopeline SET scope_id = %s WHERE id = %s", scope.pk, other.lines.last().pk)


# The signed paper


@pytest.mark.parametrize("state", State)
def test_the_paper_is_replaced_in_a_draft_alone(scope, state):
    in_state(scope.agreement, state)
    acts = [
        f"UPDATE clients_scopefile SET {column} = {value} WHERE scope_id = %s"
        for column, value in {"name": TEXT, "content": "'x'", "size": "9", "sha256": TEXT}.items()
    ]

    for sql in [*acts, "DELETE FROM clients_scopefile WHERE scope_id = %s"]:
        if state == State.DRAFT:
            assert run(sql, scope.pk) == 1
            continue
        with refused(PAPER_STAYS):
            run(sql, scope.pk)


# The agreement


@pytest.mark.parametrize("to", State)
def test_what_is_signed_becomes_nothing_but_ended(scope, to):
    in_state(scope.agreement, State.SIGNED)
    sql = "UPDATE clients_agreement SET state = %s WHERE id = %s"

    if to in (State.SIGNED, State.ENDED):
        assert run(sql, to, scope.agreement_id) == 1
        return
    with refused(SIGNED_STAYS):
        run(sql, to, scope.agreement_id)


@pytest.mark.parametrize("to", State)
def test_what_has_ended_becomes_nothing_else(scope, to):
    in_state(scope.agreement, State.ENDED)
    sql = "UPDATE clients_agreement SET state = %s WHERE id = %s"

    if to == State.ENDED:
        assert run(sql, to, scope.agreement_id) == 1
        return
    with refused(SIGNED_STAYS):
        run(sql, to, scope.agreement_id)


@pytest.mark.parametrize("to", State)
@pytest.mark.parametrize("state", State)
def test_an_agreement_takes_the_steps_that_there_are_and_no_other(scope, state, to):
    in_state(scope.agreement, state)
    sql = "UPDATE clients_agreement SET state = %s WHERE id = %s"

    if to == state or (state, to) in STEPS:
        assert run(sql, to, scope.agreement_id) == 1
        return
    with refused(SIGNED_STAYS if state in (State.SIGNED, State.ENDED) else NO_STEP):
        run(sql, to, scope.agreement_id)


def test_what_the_client_has_signed_is_no_draft_again(karoo, lena, thandi):
    agreement = draft(karoo, thandi).agreement
    sign(agreement, send(agreement, lena, thandi, name=""))

    for state in (State.ACCEPTED, State.WITHDRAWN):
        in_state(agreement, state)
        with refused(NO_STEP):
            run("UPDATE clients_agreement SET state = 'draft' WHERE id = %s", agreement.pk)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("column", ["client_id", "kind"])
def test_an_agreement_stays_with_its_client_and_what_it_is(scope, secret, state, column):
    value = secret.pk if column == "client_id" else "'addendum'"
    in_state(scope.agreement, state)

    with refused(SIGNED_STAYS):
        run(f"UPDATE clients_agreement SET {column} = {value} WHERE id = %s", scope.agreement_id)


@pytest.mark.parametrize("value", ["NULL", "'2020-01-01 00:00:00+00:00'"])
def test_the_moment_of_signing_is_written_once(karoo, lena, thandi, value):
    agreement = signed(karoo, lena, thandi).agreement

    with refused(SIGNED_STAYS):
        run(f"UPDATE clients_agreement SET signed_at = {value} WHERE id = %s", agreement.pk)


def test_an_agreement_is_not_removed_from_under_what_was_sent(karoo, lena, thandi):
    agreement = signed(karoo, lena, thandi).agreement

    def remove():
        Agreement.objects.filter(pk=agreement.pk)._raw_delete("default")
        # What hangs on it is looked at when the transaction ends.
        connection.check_constraints()

    with pytest.raises(DatabaseError), transaction.atomic():
        remove()


# What is only added to


@pytest.fixture
def whole(karoo, lena, thandi):
    """A row in each table that is only added to."""
    scope = signed(karoo, lena, thandi)
    agreement = scope.agreement
    SealedDocument.objects.create(
        agreement=agreement,
        content=b"%PDF",
        size=4,
        sha256="a" * 64,
        fingerprint="b" * 64,
        is_timestamped=False,
        head_seq=1,
        head_hash="c" * 64,
        made_at=NOW,
    )
    Renewal.objects.create(scope=scope, decision="renew", words="Again?", by=thandi, at=NOW)
    return scope


@pytest.mark.parametrize("model", [SentVersion, Signature, SealedDocument, Renewal])
def test_rows_are_only_added(whole, model):
    table = model._meta.db_table
    columns = [field.column for field in model._meta.concrete_fields]
    assert model.objects.exists()

    for column in columns:
        with refused(f"{table} is append-only"):
            run(f"UPDATE {table} SET {column} = {column}")
    with refused(f"{table} is append-only"):
        run(f"DELETE FROM {table}")


def test_what_was_sent_is_refused_through_our_own_models_too(whole):
    version, signature = SentVersion.objects.get(), Signature.objects.first()
    version.content["title"] = "Another one"

    for change in (version.save, signature.save, version.delete, signature.delete):
        with pytest.raises(DatabaseError, match=r"append-only|protected"), transaction.atomic():
            change()


# Through the front doors, once more


def test_what_was_taken_back_can_be_changed_and_what_was_sent_of_it_stays(karoo, lena, thandi):
    scope = draft(karoo, thandi)
    first = send(scope.agreement, lena, thandi)
    with pytest.raises(actions.Refused):
        actions.save_draft(scope, {"title": "Another"}, LINES, by=thandi, now=NOW)

    actions.revise(scope.agreement, by=thandi, now=NOW)
    actions.save_draft(scope, {"title": "Another"}, LINES, by=thandi, now=NOW)

    assert Scope.objects.get(pk=scope.pk).title == "Another"
    assert SentVersion.objects.get(pk=first.pk).content["title"] == "Shop fittings"


def test_all_that_is_done_after_signing_is_allowed(karoo, lena, thandi):
    """The frozen parts hinder nothing that goes on: countersigning, sealing, ending."""
    scope = draft(karoo, thandi)
    sign(scope.agreement, send(scope.agreement, lena, thandi, name=""))
    countersign(scope.agreement, thandi)
    actions.make_documents(NOW)

    actions.end(scope.agreement, why="Done.", by=thandi, now=NOW)

    assert Agreement.objects.get(pk=scope.agreement_id).state == "ended"
    assert SealedDocument.objects.count() == 1
