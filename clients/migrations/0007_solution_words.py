"""The full-text index of the solutions library, kept by the database itself, and what was asked kept as it was."""

from django.db import migrations

SQLITE = [
    """
    CREATE VIRTUAL TABLE clients_solution_words USING fts5(
        words, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3 4'
    )
    """,
    "INSERT INTO clients_solution_words (rowid, words) SELECT id, words FROM clients_solution",
    # OR REPLACE: where rows were taken away without triggers, what is left of them here must not stop a new one.
    """
    CREATE TRIGGER clients_solution_words_added AFTER INSERT ON clients_solution
    BEGIN INSERT OR REPLACE INTO clients_solution_words (rowid, words) VALUES (NEW.id, NEW.words); END
    """,
    """
    CREATE TRIGGER clients_solution_words_changed AFTER UPDATE OF words ON clients_solution
    BEGIN INSERT OR REPLACE INTO clients_solution_words (rowid, words) VALUES (NEW.id, NEW.words); END
    """,
    """
    CREATE TRIGGER clients_solution_words_removed AFTER DELETE ON clients_solution
    BEGIN DELETE FROM clients_solution_words WHERE rowid = OLD.id; END
    """,
    """
    CREATE TRIGGER clients_request_stays BEFORE UPDATE ON clients_outsiderequest
    WHEN NEW.what IS NOT OLD.what OR NEW.asked_on IS NOT OLD.asked_on
        OR NEW.client_id IS NOT OLD.client_id OR NEW.made_at IS NOT OLD.made_at
    BEGIN SELECT RAISE(ABORT, 'what was asked never changes'); END
    """,
]
SQLITE_BACK = [
    "DROP TRIGGER clients_request_stays",
    "DROP TRIGGER clients_solution_words_removed",
    "DROP TRIGGER clients_solution_words_changed",
    "DROP TRIGGER clients_solution_words_added",
    "DROP TABLE clients_solution_words",
]

POSTGRESQL = [
    """
    CREATE INDEX clients_solution_words ON clients_solution
    USING gin (array_to_tsvector(string_to_array(words, ' ')))
    """,
    """
    CREATE FUNCTION clients_request_stays() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'what was asked never changes'; END $$
    """,
    """
    CREATE TRIGGER clients_request_stays BEFORE UPDATE ON clients_outsiderequest
    FOR EACH ROW WHEN (
        NEW.what IS DISTINCT FROM OLD.what OR NEW.asked_on IS DISTINCT FROM OLD.asked_on
        OR NEW.client_id IS DISTINCT FROM OLD.client_id OR NEW.made_at IS DISTINCT FROM OLD.made_at
    ) EXECUTE FUNCTION clients_request_stays()
    """,
]
POSTGRESQL_BACK = [
    "DROP TRIGGER clients_request_stays ON clients_outsiderequest",
    "DROP FUNCTION clients_request_stays()",
    "DROP INDEX clients_solution_words",
]


def add(apps, schema_editor):
    run(schema_editor, POSTGRESQL if schema_editor.connection.vendor == "postgresql" else SQLITE)


def remove(apps, schema_editor):
    run(schema_editor, POSTGRESQL_BACK if schema_editor.connection.vendor == "postgresql" else SQLITE_BACK)


def run(schema_editor, statements):
    for statement in statements:
        # None, not the default (): with parameters, however few, a % in the text would be one of them.
        schema_editor.execute(statement, None)


class Migration(migrations.Migration):
    dependencies = [("clients", "0006_requests_and_solutions")]

    operations = [migrations.RunPython(add, remove)]
