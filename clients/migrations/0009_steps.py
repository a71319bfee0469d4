"""An agreement goes from one state to another by the steps that there are, whoever has the database in their hands.

Rows that come in signed, as those recorded by hand did, are not a step.
"""

from django.db import migrations

TABLE = "clients_agreement"
NAME = f"{TABLE}_steps_update"
SAID = "an agreement takes no such step"
# What is signed or has ended is guarded already, by 0005_frozen.
STEPS = [
    ("draft", "sent"),
    ("draft", "signed"),
    ("draft", "withdrawn"),
    ("sent", "accepted"),
    ("sent", "signed"),
    ("sent", "declined"),
    ("sent", "lapsed"),
    ("sent", "withdrawn"),
    ("sent", "draft"),
    ("accepted", "signed"),
    ("accepted", "withdrawn"),
    ("declined", "draft"),
    ("lapsed", "draft"),
    ("withdrawn", "draft"),
]
KNOWN = ", ".join(f"'{old}>{new}'" for old, new in STEPS)
CONDITION = (
    "OLD.state <> NEW.state AND OLD.state NOT IN ('signed', 'ended')"
    f" AND ((OLD.state || '>' || NEW.state) NOT IN ({KNOWN})"
    # Once the client has signed, not even what was withdrawn is a draft again.
    " OR (NEW.state = 'draft' AND EXISTS"
    " (SELECT 1 FROM clients_signature AS s WHERE s.agreement_id = OLD.id AND s.side = 'client')))"
)


def add(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN IF {CONDITION} THEN RAISE EXCEPTION '{SAID}'; END IF; RETURN NEW; END $$",
            None,
        )
        schema_editor.execute(
            f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {NAME}()", None
        )
    else:
        schema_editor.execute(
            f"CREATE TRIGGER {NAME} BEFORE UPDATE ON {TABLE} WHEN {CONDITION} BEGIN SELECT RAISE(ABORT, '{SAID}'); END",
            None,
        )


def remove(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    schema_editor.execute(f"DROP TRIGGER {NAME}" + (f" ON {TABLE}" if postgresql else ""))
    if postgresql:
        schema_editor.execute(f"DROP FUNCTION {NAME}()")


class Migration(migrations.Migration):
    dependencies = [("clients", "0008_find_agreements")]

    operations = [migrations.RunPython(add, remove)]
