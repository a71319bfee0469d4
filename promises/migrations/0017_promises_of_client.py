import django.db.models.deletion
from django.db import migrations, models

TABLE, COLUMN = "promises_promise", "client_id"


def drop_its_own(apps, schema_editor):
    """By hand: on SQLite Django would build the table anew for it, without the triggers that keep its dates."""
    with schema_editor.connection.cursor() as cursor:
        found = schema_editor.connection.introspection.get_constraints(cursor, TABLE)
    for name, of in found.items():
        if of["index"] and not of["unique"] and of["columns"] == [COLUMN]:
            schema_editor.execute(f"DROP INDEX {schema_editor.quote_name(name)}")


def make_it_again(apps, schema_editor):
    schema_editor.execute(f"CREATE INDEX promises_promise_client_id ON {TABLE} ({COLUMN})")


class Migration(migrations.Migration):
    dependencies = [("clients", "0011_solutions_by_title"), ("promises", "0016_announced")]

    operations = [
        migrations.AddIndex(
            model_name="promise",
            index=models.Index(fields=["client", "made_at"], name="promise_client_made"),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_its_own, make_it_again)],
            state_operations=[
                migrations.AlterField(
                    model_name="promise",
                    name="client",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="promises",
                        to="clients.client",
                        verbose_name="client",
                    ),
                ),
            ],
        ),
    ]
