import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLE = "promises_capacityoverride"
SAID = "overrides of the diary are append-only"


def freeze(apps, schema_editor):
    for verb in ("UPDATE", "DELETE"):
        name = f"{TABLE}_frozen_{verb.lower()}"
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
                f" BEGIN RAISE EXCEPTION '{SAID}'; END $$",
                None,
            )
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {name}()", None
            )
        else:
            schema_editor.execute(
                f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} BEGIN SELECT RAISE(ABORT, '{SAID}'); END", None
            )


def thaw(apps, schema_editor):
    postgresql = schema_editor.connection.vendor == "postgresql"
    for verb in ("UPDATE", "DELETE"):
        name = f"{TABLE}_frozen_{verb.lower()}"
        schema_editor.execute(f"DROP TRIGGER {name}" + (f" ON {TABLE}" if postgresql else ""))
        if postgresql:
            schema_editor.execute(f"DROP FUNCTION {name}()")


class Migration(migrations.Migration):
    dependencies = [
        ("promises", "0006_lines_not_needed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CapacityOverride",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("due_at", models.DateTimeField()),
                ("free_hours", models.FloatField(verbose_name="free hours")),
                ("hours", models.FloatField(null=True, verbose_name="hours needed")),
                ("chance", models.FloatField(verbose_name="chance of slipping")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "override of the diary",
                "verbose_name_plural": "overrides of the diary",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="LoadChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "load change",
                "verbose_name_plural": "load changes",
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="PastJob",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner_name", models.CharField(max_length=150, verbose_name="owner's name")),
                ("kind", models.CharField(blank=True, max_length=200, verbose_name="kind of work")),
                (
                    "estimate_hours",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=7,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="estimate, hours",
                    ),
                ),
                (
                    "actual_hours",
                    models.DecimalField(
                        blank=True,
                        decimal_places=2,
                        max_digits=7,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="hours it took",
                    ),
                ),
                ("made_on", models.DateField(verbose_name="promised on")),
                ("started_on", models.DateField(blank=True, null=True, verbose_name="started on")),
                ("finished_on", models.DateField(verbose_name="finished on")),
                (
                    "working_days",
                    models.FloatField(
                        validators=[django.core.validators.MinValueValidator(0)], verbose_name="working days it took"
                    ),
                ),
                (
                    "days_given",
                    models.FloatField(
                        blank=True,
                        null=True,
                        validators=[django.core.validators.MinValueValidator(0)],
                        verbose_name="working days it was given",
                    ),
                ),
                (
                    "hours_a_day",
                    models.FloatField(
                        validators=[django.core.validators.MinValueValidator(0)], verbose_name="hours a day"
                    ),
                ),
                ("fingerprint", models.CharField(blank=True, editable=False, max_length=64)),
            ],
            options={
                "verbose_name": "past job",
                "verbose_name_plural": "past jobs",
                "ordering": ["-finished_on", "-pk"],
            },
        ),
        migrations.AddField(
            model_name="riskreading",
            name="days_left",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="riskreading",
            name="due_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="riskreading",
            index=models.Index(fields=["due_at"], name="risk_reading_due"),
        ),
        migrations.AddField(
            model_name="capacityoverride",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="capacityoverride",
            name="promise",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="overrides", to="promises.promise"
            ),
        ),
        migrations.AddField(
            model_name="loadchange",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="load_changes", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="pastjob",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="past_jobs",
                to=settings.AUTH_USER_MODEL,
                verbose_name="owner",
            ),
        ),
        migrations.AddField(
            model_name="pastjob",
            name="promise",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="past_job",
                to="promises.promise",
                verbose_name="promise",
            ),
        ),
        migrations.AddIndex(
            model_name="pastjob",
            index=models.Index(fields=["-finished_on", "-id"], name="past_job_latest"),
        ),
        migrations.AddIndex(
            model_name="pastjob",
            index=models.Index(fields=["owner", "-finished_on", "-id"], name="past_job_of_owner"),
        ),
        migrations.AddConstraint(
            model_name="pastjob",
            constraint=models.CheckConstraint(
                condition=models.Q(("finished_on__gte", models.F("made_on"))),
                name="promises_past_job_ends_after_it_was_made",
            ),
        ),
        migrations.AddConstraint(
            model_name="pastjob",
            constraint=models.UniqueConstraint(
                condition=models.Q(("fingerprint", ""), _negated=True),
                fields=("fingerprint",),
                name="promises_past_job_once",
            ),
        ),
        migrations.RunPython(freeze, thaw),
    ]
