import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("staff", "0002_firm_logo")]

    operations = [
        migrations.AddField(
            model_name="firm",
            name="renewal_days",
            field=models.PositiveSmallIntegerField(
                default=60,
                help_text="From then on its lead is asked whether to renew, renegotiate or part.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(730),
                ],
                verbose_name="decide about a scope, days before it ends",
            ),
        ),
    ]
