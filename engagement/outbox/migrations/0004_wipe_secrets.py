from django.db import migrations


def wipe(apps, schema_editor):
    """Secret texts that left together with others, as into a folder, were kept until now."""
    messages = apps.get_model("outbox", "Message").objects.filter(is_secret=True, state__in=["sent", "failed", "dropped"])
    messages.exclude(body="").update(body="")


class Migration(migrations.Migration):
    dependencies = [("outbox", "0003_unsent")]

    operations = [migrations.RunPython(wipe, migrations.RunPython.noop)]
