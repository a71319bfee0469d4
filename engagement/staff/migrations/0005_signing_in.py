import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


TABLE = "staff_accountevent"
SAID = "events of accounts are append-only"


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
        ('staff', '0004_hour_cost'),
    ]

    operations = [
        migrations.AddField(
            model_name='firm',
            name='second_step_for',
            field=models.CharField(choices=[('nobody', 'Nobody'), ('managers', 'Managers and administrators'), ('everybody', 'Everybody')], default='nobody', help_text='Whoever has none yet sets it up at the next sign-in, and can do nothing else before.', max_length=10, verbose_name='a second step is asked of'),
        ),
        migrations.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='used')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recovery_codes', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'recovery code',
                'verbose_name_plural': 'recovery codes',
            },
        ),
        migrations.CreateModel(
            name='SecondStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret', models.CharField(max_length=300)),
                ('since', models.DateTimeField(verbose_name='since')),
                ('last_taken', models.BigIntegerField(default=-1, editable=False)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='second_step', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'second step',
                'verbose_name_plural': 'second steps',
            },
        ),
        migrations.CreateModel(
            name='Session',
            fields=[
                ('session_data', models.TextField(verbose_name='session data')),
                ('expire_date', models.DateTimeField(db_index=True, verbose_name='expire date')),
                ('session_key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('begun_at', models.DateTimeField(null=True, verbose_name='signed in')),
                ('seen_at', models.DateTimeField(null=True, verbose_name='last seen')),
                ('address', models.CharField(blank=True, max_length=60, verbose_name='from the address')),
                ('browser', models.CharField(blank=True, max_length=300, verbose_name='browser')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'sign-in',
                'verbose_name_plural': 'sign-ins',
                'ordering': ['-seen_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='AccountEvent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('step_on', 'The second step was turned on'), ('step_moved', 'The second step was moved to another app'), ('step_off', 'The second step was turned off'), ('step_taken', 'An administrator took the second step away'), ('new_codes', 'New recovery codes were made'), ('code_used', 'A recovery code was used'), ('password', 'The password was changed'), ('email', 'The e-mail to sign in with was changed'), ('signed_out', 'Sign-ins were ended on other devices'), ('signed_out_by', 'An administrator signed them out everywhere')], max_length=20, verbose_name='what happened')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='account_events', to=settings.AUTH_USER_MODEL, verbose_name='person')),
            ],
            options={
                'verbose_name': 'event of an account',
                'verbose_name_plural': 'events of accounts',
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['person', '-at', '-id'], name='staff_account_latest')],
            },
        ),
        migrations.RunPython(freeze, thaw),
    ]
