from django.db import migrations, models

FOLLOW = """
    UPDATE deals_dealstate SET again_at = later.at
    FROM (SELECT id, min(start) FILTER (WHERE status = 'open') OVER (
            PARTITION BY deal_id ORDER BY start, id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS at
          FROM deals_dealstate) later
    WHERE later.id = deals_dealstate.id AND later.at IS NOT NULL
"""


class Migration(migrations.Migration):

    dependencies = [
        ('deals', '0012_contract_value'),
    ]

    operations = [
        migrations.AddField(
            model_name='dealstate',
            name='again_at',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(FOLLOW, migrations.RunSQL.noop, elidable=True),
    ]
