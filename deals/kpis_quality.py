"""KPIs of data quality beside completeness: over all kinds of records, so they stand where the last kind is known."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, add_kpi
from contacts.quality import double_terms, fresh_terms, valid_terms

QUALITY: dict[str, Any] = {"area": "data_quality", "unit": "percent", "kind": "stock", "subset": True}
AS_TODAY = _("the records there were at the period's end, with their fields as they are today")

add_kpi(
    Kpi(
        "duplicate_rate",
        {"en": "Duplicate rate", "fr": "Taux de doublons", "es": "Tasa de duplicados"},
        _("Which share of the records was entered before: what merging would take away."),
        _("100 × records that match an earlier one / records"),
        AS_TODAY,
        direction="lower",
        terms=double_terms(),
        dimensions=("entity_type", "source"),
        left_out_note=_(
            "Two companies match by their name, two people by their name at the same company, two open leads by their e-mail address; case, "
            "accents and signs do not matter. Deals are not compared. Nobody in particular owns a duplicate, so it is shown to those who see "
            "all numbers."
        ),
        order=30,
        **QUALITY,
    )
)
add_kpi(
    Kpi(
        "data_accuracy_rate",
        {"en": "Data validity rate", "fr": "Taux de validité des données", "es": "Tasa de validez de los datos"},
        _("Which share of what is filled in can be right: it passes its field's test. Whether it is true is another question."),
        _("100 × fields that are filled in and pass their test / fields that are filled in"),
        AS_TODAY,
        direction="higher",
        terms=valid_terms(),
        dimensions=("entity_type", "field", "source"),
        left_out_note=_(
            "E-mail addresses must be written as such, phone numbers be dialled, countries be ISO codes, values of deals not be negative. Of a "
            "person with several addresses or numbers each must pass. Other fields have no test."
        ),
        order=40,
        **QUALITY,
    )
)
add_kpi(
    Kpi(
        "data_freshness",
        {"en": "Records touched recently", "fr": "Fraîcheur des données", "es": "Actualidad de los datos"},
        _("Which share of the records somebody looked after in the last half year: the others may have grown old unnoticed."),
        _("100 × records created or changed in the last 180 days / records"),
        _("the state at the period's end, or today while it runs; records with their owner of today"),
        direction="higher",
        terms=fresh_terms(),
        dimensions=("entity_type", "owner", "team"),
        left_out_note=_(
            "Changes by people, imports, the API, mail and forms count, those that Sextant makes by itself do not. A call or a task does not "
            "confirm what is written about the customer."
        ),
        order=50,
        **QUALITY,
    )
)
