"""The KPIs of the messages of campaigns."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, add_kpi, total

from . import measures_mail  # noqa: F401  what is counted

SENT = _("the day the message was sent, whenever it was opened or clicked")
MAIL: dict[str, Any] = {
    "area": "email",
    "unit": "percent",
    "kind": "ratio",
    "subset": True,
    "dimensions": ("campaign", "channel", "owner", "team"),
}


def of_delivered(measure: str, **options: Any) -> dict[str, Any]:
    return {"numerator": total(measure, **options), "denominator": total("mail_delivered", **options)}


add_kpi(
    Kpi(
        "email_delivery_rate",
        {"en": "Email delivery rate", "fr": "Taux de délivrabilité", "es": "Tasa de entrega"},
        _("Which share of the messages sent did not come back."),
        _("100 × (messages sent − bounced) / messages sent"),
        SENT,
        direction="higher",
        terms={"numerator": total("mail_delivered"), "denominator": total("mail_sent")},
        left_out_note=_(
            "Whether it lay in the inbox or among the spam, nobody tells. Owner and team are the campaign's when it was sent."
        ),
        order=10,
        **MAIL,
    )
)
add_kpi(
    Kpi(
        "email_open_rate",
        {"en": "Email open rate", "fr": "Taux d’ouverture", "es": "Tasa de apertura"},
        _(
            "Which share of the delivered messages was opened by a reader. Indicative only: many mail programs open by themselves or hide it."
        ),
        _("100 × messages opened at least once within 30 days / messages delivered"),
        SENT,
        direction="higher",
        terms=of_delivered("mail_opened"),
        left_out=((_("Opened by a machine, as the mailing tool tells"), "mail_opened_by_machine"),),
        order=20,
        **MAIL,
    )
)
add_kpi(
    Kpi(
        "email_click_rate",
        {"en": "Email click rate", "fr": "Taux de clic", "es": "Tasa de clics"},
        _("Which share of the delivered messages led to a click."),
        _("100 × messages clicked at least once / messages delivered"),
        SENT,
        direction="higher",
        terms=of_delivered("mail_clicked"),
        left_out=((_("Clicked within two seconds of sending, by a scanner of links"), "mail_scanned"),),
        order=30,
        **MAIL,
    )
)
add_kpi(
    Kpi(
        "email_conversion_rate",
        {
            "en": "Marketing email conversion rate",
            "fr": "Taux de conversion des e-mails",
            "es": "Tasa de conversión de correos",
        },
        _("Which share of the delivered messages was followed by a conversion: do the messages sell?"),
        _(
            "100 × messages whose recipient was converted as a lead within 7 days of the click / messages delivered, once 37 days have passed"
        ),
        SENT,
        direction="higher",
        terms=of_delivered("mail_converted", matures="mail_conversion_days"),
        left_out_note=_(
            "A click counts within 30 days of the sending. Younger messages are pending. The conversion is that of the lead it went to, or of "
            "a lead of the person. Two messages that were clicked before one conversion both count."
        ),
        order=40,
        **MAIL,
    )
)
add_kpi(
    Kpi(
        "unsubscribe_rate",
        {"en": "Unsubscribe rate", "fr": "Taux de désinscription", "es": "Tasa de baja"},
        _("Which share of the delivered messages made somebody opt out."),
        _("100 × messages that led to an opt-out / messages delivered"),
        SENT,
        direction="lower",
        terms=of_delivered("mail_opted_out"),
        order=50,
        **MAIL,
    )
)
