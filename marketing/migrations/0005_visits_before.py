from django.db import migrations, models

FOLLOW = """
    UPDATE marketing_visit SET earlier_at = before.at
    FROM (SELECT id, lag(started_at) OVER (PARTITION BY visitor ORDER BY started_at, id) AS at
          FROM marketing_visit WHERE visitor <> '') before
    WHERE before.id = marketing_visit.id AND before.at IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('marketing', '0004_campaign_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='visit',
            name='earlier_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop, elidable=True),
    ]
