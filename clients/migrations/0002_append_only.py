"""Append-only where it may be disputed, below every form and every line of our own code."""

from django.db import migrations

TABLES = ["clients_entry"]

SQLITE = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END
"""

POSTGRESQL = """
CREATE TRIGGER {table}_no_{verb_lower} BEFORE {verb} ON {table}
FOR EACH ROW EXECUTE FUNCTION clients_refuse()
"""

POSTGRESQL_FUNCTION = """
CREATE FUNCTION clients_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$
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


def remove(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table in TABLES:
        for verb in ("update", "delete"):
            on = f" ON {table}" if postgresql else ""
            schema_editor.execute(f"DROP TRIGGER {table}_no_{verb}{on}")
    if postgresql:
        schema_editor.execute("DROP FUNCTION clients_refuse()")


class Migration(migrations.Migration):
    dependencies = [("clients", "0001_initial")]

    operations = [migrations.RunPython(add, remove)]
