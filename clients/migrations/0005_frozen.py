"""What was sent stays as it was sent, and what was signed stays signed, below every form and line of our own code."""

import django.db.models.deletion
from django.db import migrations, models

APPEND_ONLY = ["clients_sentversion", "clients_signature", "clients_sealeddocument", "clients_renewal"]

SCOPE = [
    "agreement_id",
    "client_id",
    "number",
    "title",
    "summary",
    "not_included",
    "timeline",
    "terms",
    "currency",
    "starts_on",
    "ends_on",
]
ADDENDUM = ["agreement_id", "scope_id", "seq", "title", "reason", "terms"]

OF_SCOPE = (
    "(SELECT a.state FROM clients_scope AS p JOIN clients_agreement AS a ON a.id = p.agreement_id WHERE p.id = {})"
)
OF_ADDENDUM = (
    "(SELECT a.state FROM clients_addendum AS p JOIN clients_agreement AS a ON a.id = p.agreement_id WHERE p.id = {})"
)
OF_AGREEMENT = "(SELECT a.state FROM clients_agreement AS a WHERE a.id = {})"


def differs(columns):
    return " OR ".join(f"OLD.{name} IS DISTINCT FROM NEW.{name}" for name in columns)


def frozen(which, row):
    return f"{which.format(row)} <> 'draft'"


# Table, verb, when it is refused, and what is said.
RULES = [
    *[(table, verb, "1 = 1", f"{table} is append-only") for table in APPEND_ONLY for verb in ("UPDATE", "DELETE")],
    (
        "clients_agreement",
        "UPDATE",
        "OLD.client_id <> NEW.client_id OR OLD.kind <> NEW.kind"
        " OR (OLD.state = 'signed' AND NEW.state NOT IN ('signed', 'ended'))"
        " OR (OLD.state = 'ended' AND NEW.state <> 'ended')"
        " OR (OLD.signed_at IS NOT NULL AND OLD.signed_at IS DISTINCT FROM NEW.signed_at)",
        "what was signed stays signed",
    ),
    (
        "clients_scope",
        "UPDATE",
        f"({frozen(OF_AGREEMENT, 'OLD.agreement_id')} AND ({differs(SCOPE)}))"
        " OR (OLD.signed_on IS NOT NULL AND OLD.signed_on IS DISTINCT FROM NEW.signed_on"
        f" AND {frozen(OF_AGREEMENT, 'OLD.agreement_id')})",
        "a scope that was sent does not change",
    ),
    (
        "clients_addendum",
        "UPDATE",
        f"{frozen(OF_AGREEMENT, 'OLD.agreement_id')} AND ({differs(ADDENDUM)})",
        "an addendum that was sent does not change",
    ),
    ("clients_scope", "DELETE", frozen(OF_AGREEMENT, "OLD.agreement_id"), "a scope that was sent stays"),
    ("clients_addendum", "DELETE", frozen(OF_AGREEMENT, "OLD.agreement_id"), "an addendum that was sent stays"),
    ("clients_scopefile", "UPDATE", frozen(OF_SCOPE, "OLD.scope_id"), "the signed paper stays"),
    ("clients_scopefile", "DELETE", frozen(OF_SCOPE, "OLD.scope_id"), "the signed paper stays"),
]
for table, which, column in (
    ("clients_scopeline", OF_SCOPE, "scope_id"),
    ("clients_addendumline", OF_ADDENDUM, "addendum_id"),
):
    said = "lines of what was sent do not change"
    RULES += [
        (table, "INSERT", frozen(which, f"NEW.{column}"), said),
        (table, "UPDATE", f"{frozen(which, f'OLD.{column}')} OR {frozen(which, f'NEW.{column}')}", said),
        (table, "DELETE", frozen(which, f"OLD.{column}"), said),
    ]


def add(apps, schema_editor):
    for table, verb, condition, said in RULES:
        name = f"{table}_frozen_{verb.lower()}"
        if schema_editor.connection.vendor == "postgresql":
            back = "OLD" if verb == "DELETE" else "NEW"
            # None, not the default (): with parameters, however few, a % in the text would be one of them.
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
                f" BEGIN IF {condition} THEN RAISE EXCEPTION '{said}'; END IF; RETURN {back}; END $$",
                None,
            )
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()", None
            )
        else:
            condition = condition.replace("IS DISTINCT FROM", "IS NOT")
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{said}'); END",
                None,
            )


def remove(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for table, verb, _condition, _said in RULES:
        name = f"{table}_frozen_{verb.lower()}"
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if postgresql else ""))
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [("clients", "0004_scopes_have_agreements")]

    operations = [
        migrations.AlterField(
            model_name="scope",
            name="agreement",
            field=models.OneToOneField(
                editable=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="scope",
                to="clients.agreement",
            ),
        ),
        migrations.RunPython(add, remove),
    ]
