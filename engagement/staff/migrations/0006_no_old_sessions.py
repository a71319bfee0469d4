from django.db import migrations


def end_old_sessions(apps, schema_editor):
    """Sessions lie in a table of their own since the last step, hashed. The keys in the old one would go into every copy."""
    apps.get_model("sessions", "Session").objects.using(schema_editor.connection.alias).all().delete()


class Migration(migrations.Migration):
    dependencies = [("staff", "0005_signing_in"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(end_old_sessions, migrations.RunPython.noop)]
