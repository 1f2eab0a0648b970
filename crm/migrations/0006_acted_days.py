from zoneinfo import ZoneInfo

from django.db import migrations, models


def read_the_log(apps, schema_editor):
    from crm.presence import derive_acted

    zones = list(apps.get_model('crm', 'Organisation').objects.values_list('time_zone', flat=True))
    if zones:
        derive_acted(ZoneInfo(zones[0]), apps.get_model('crm', 'ActiveDay').objects, apps.get_model('crm', 'Event').objects)


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0005_attribution_settings'),
    ]

    operations = [
        migrations.AddField(
            model_name='activeday',
            name='acted',
            field=models.BooleanField(default=False),
        ),
        migrations.RunPython(read_the_log, migrations.RunPython.noop, elidable=True),
    ]
