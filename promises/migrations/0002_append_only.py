"""Append-only where it may be disputed, below every form and every line of our own code."""

from django.db import migrations

TABLES = [
    "promises_progressupdate",
    "promises_telling",
    "promises_extension",
    "promises_extensionanswer",
    "promises_datemove",
]

SQLITE = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""

POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION promises_refuse()
"""

POSTGRESQL_FUNCTION = """
CREATE FUNCTION promises_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
"""

# The first date never changes. The date in force moves only with the record of why.
SQLITE_DATES = """
CREATE TRIGGER promises_promise_dates BEFORE UPDATE ON promises_promise
BEGIN
    SELECT RAISE(ABORT, 'the first date of a promise never changes')
    WHERE NEW.first_due_at <> OLD.first_due_at OR NEW.first_due_on <> OLD.first_due_on
        OR NEW.first_due_time IS NOT OLD.first_due_time OR NEW.zone <> OLD.zone;
    SELECT RAISE(ABORT, 'the date of a promise moves by a recorded move alone')
    WHERE (NEW.due_at <> OLD.due_at OR NEW.due_on <> OLD.due_on OR NEW.due_time IS NOT OLD.due_time)
        AND NOT EXISTS (
            SELECT 1 FROM promises_datemove AS move
            WHERE move.promise_id = OLD.id AND move.old_due_at = OLD.due_at AND move.old_due_on = OLD.due_on
                AND move.new_due_at = NEW.due_at AND move.new_due_on = NEW.due_on
                AND move.new_due_time IS NEW.due_time
        );
    SELECT RAISE(ABORT, 'an outcome is frozen when the promise ends')
    WHERE OLD.outcome <> '' AND NEW.outcome <> OLD.outcome AND NEW.ended_at IS NOT NULL;
END
"""

POSTGRESQL_DATES_FUNCTION = """
CREATE FUNCTION promises_promise_dates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.first_due_at <> OLD.first_due_at OR NEW.first_due_on <> OLD.first_due_on
        OR NEW.first_due_time IS DISTINCT FROM OLD.first_due_time OR NEW.zone <> OLD.zone THEN
        RAISE EXCEPTION 'the first date of a promise never changes';
    END IF;
    IF (NEW.due_at <> OLD.due_at OR NEW.due_on <> OLD.due_on OR NEW.due_time IS DISTINCT FROM OLD.due_time)
        AND NOT EXISTS (
            SELECT 1 FROM promises_datemove AS move
            WHERE move.promise_id = OLD.id AND move.old_due_at = OLD.due_at AND move.old_due_on = OLD.due_on
                AND move.new_due_at = NEW.due_at AND move.new_due_on = NEW.due_on
                AND move.new_due_time IS NOT DISTINCT FROM NEW.due_time
        ) THEN
        RAISE EXCEPTION 'the date of a promise moves by a recorded move alone';
    END IF;
    IF OLD.outcome <> '' AND NEW.outcome <> OLD.outcome AND NEW.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'an outcome is frozen when the promise ends';
    END IF;
    RETURN NEW;
END $$
"""

POSTGRESQL_DATES = """
CREATE TRIGGER promises_promise_dates BEFORE UPDATE ON promises_promise
FOR EACH ROW EXECUTE FUNCTION promises_promise_dates()
"""


def add(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    if postgresql:
        # None, not the default (): with parameters, however few, the % in the text would be one of them.
        schema_editor.execute(POSTGRESQL_FUNCTION, None)
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            sql = POSTGRESQL if postgresql else SQLITE
            schema_editor.execute(sql.format(table=table, verb=verb, verb_lower=verb.lower()))
    for sql in (POSTGRESQL_DATES_FUNCTION, POSTGRESQL_DATES) if postgresql else (SQLITE_DATES,):
        schema_editor.execute(sql, None)


def remove(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("update", "delete"):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
    schema_editor.execute("DROP TRIGGER promises_promise_dates" + (" ON promises_promise" if postgresql else ""))
    if postgresql:
        schema_editor.execute("DROP FUNCTION promises_promise_dates()")
    if postgresql:
        schema_editor.execute("DROP FUNCTION promises_refuse()")


class Migration(migrations.Migration):
    dependencies = [("promises", "0001_initial")]

    operations = [migrations.RunPython(add, remove)]
