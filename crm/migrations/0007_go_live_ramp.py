import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('crm', '0006_acted_days'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='crm_savings',
            field=models.PositiveBigIntegerField(default=0, help_text='An assumption, in whole units of the base currency, for the return on the CRM.', validators=[django.core.validators.MaxValueValidator(1000000000000)], verbose_name='yearly savings thanks to the CRM'),
        ),
        migrations.AddField(
            model_name='organisation',
            name='go_live_ramp',
            field=models.PositiveSmallIntegerField(default=3, help_text='Before and after are compared without them.', validators=[django.core.validators.MaxValueValidator(24)], verbose_name='months to settle in after that'),
        ),
    ]
