"""Every scope has its agreement. Those that were here were recorded by hand: signed on paper, or not yet."""

from django.db import migrations


def add(apps, schema_editor):
    Scope, Agreement = apps.get_model("clients", "Scope"), apps.get_model("clients", "Agreement")
    for scope in Scope.objects.filter(agreement=None).iterator():
        state = "signed" if scope.signed_on else "draft"
        scope.agreement = Agreement.objects.create(
            client_id=scope.client_id, kind="scope", state=state, made_at=scope.made_at
        )
        scope.save(update_fields=["agreement"])


class Migration(migrations.Migration):
    dependencies = [("clients", "0003_agreement")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
