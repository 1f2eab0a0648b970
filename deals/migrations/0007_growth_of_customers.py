from django.db import migrations, models
from django.utils import timezone


def derive(apps, schema_editor):
    """Lines that are there get theirs from a job: the customers' histories are read again."""
    if apps.get_model("deals", "OrderLine").objects.exists():
        job = apps.get_model("crm", "Job")
        job.objects.create(kind="deals.derive_spells", payload={"after": 0}, run_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0004_customer_window'),
        ('deals', '0006_customer_value'),
    ]

    operations = [
        migrations.AddField(
            model_name='orderline',
            name='growth',
            field=models.CharField(blank=True, choices=[('cross', 'A family that is new to the customer'), ('upsell', 'More, or dearer, of what the customer has'), ('unknown', 'Not known: it names no product')], editable=False, max_length=7),
        ),
        migrations.RunPython(derive, migrations.RunPython.noop),
    ]
