from django.db import migrations
from django.utils import timezone


def derive(apps, schema_editor):
    """Deals that are there get their freshness from a job."""
    if apps.get_model('deals', 'Deal').objects.exists():
        apps.get_model('crm', 'Job').objects.create(kind='deals.derive', payload={'after': 0}, run_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ('contacts', '0004_data_quality'),
        ('deals', '0008_touch_shares'),
    ]

    operations = [
        migrations.RunPython(derive, migrations.RunPython.noop, elidable=True),
    ]
