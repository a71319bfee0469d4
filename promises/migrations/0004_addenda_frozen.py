"""The dates that an addendum names are part of what was sent: they do not change after that."""

from django.db import migrations

TABLE = "promises_addendummove"
SAID = "dates in what was sent do not change"
STATE = (
    "(SELECT a.state FROM clients_addendum AS p JOIN clients_agreement AS a ON a.id = p.agreement_id"
    " WHERE p.id = {}.addendum_id) <> 'draft'"
)
RULES = [
    ("INSERT", STATE.format("NEW")),
    ("UPDATE", f"{STATE.format('OLD')} OR {STATE.format('NEW')}"),
    ("DELETE", STATE.format("OLD")),
]


def add(apps, schema_editor):
    for verb, condition in RULES:
        name = f"{TABLE}_frozen_{verb.lower()}"
        if schema_editor.connection.vendor == "postgresql":
            back = "OLD" if verb == "DELETE" else "NEW"
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
                f" BEGIN IF {condition} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN {back}; END $$",
                None,
            )
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {name}()", None
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{SAID}'); END",
                None,
            )


def remove(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for verb, _condition in RULES:
        name = f"{TABLE}_frozen_{verb.lower()}"
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {TABLE}" if postgresql else ""))
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("promises", "0003_addenda")]

    operations = [migrations.RunPython(add, remove)]
