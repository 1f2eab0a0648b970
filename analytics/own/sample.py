"""Sample own numbers: two that a manager would make."""

from __future__ import annotations

from crm import site
from crm.sample.context import Sample, months_before

from ..models import OwnNumber
from ..registry import kpis
from .grammar import parse, refs_of
from .services import SAID

OWN = (
    {
        "name": "Won amount for each step in the pipeline",
        "name_fr": "Montant gagné par action dans le pipeline",
        "name_es": "Importe ganado por acción en el pipeline",
        "definition": "What a call, a mail, a meeting or a move of a deal brings in.",
        "formula": "won_amount / pipeline_activities",
        "unit": "money",
        "direction": "higher",
    },
    {
        "name": "Share of the last 90 days' leads",
        "name_fr": "Part des prospects des 90 derniers jours",
        "name_es": "Proporción de prospectos de los últimos 90 días",
        "definition": "How many of the leads of the 90 days up to the end came in the period.",
        "formula": "100 * leads_created / leads_created@trailing(90)",
        "unit": "percent",
        "direction": "neutral",
    },
)


def fill(sample: Sample) -> None:
    """Made by the manager half a year ago."""
    maker = sample.users.get("manager") or sample.users.get("admin")
    for values in OWN:
        if not all(ref.key in kpis for ref in refs_of(parse(values["formula"]))):
            continue
        own = OwnNumber(**values, owner=maker, team=maker.team if maker else None)
        own.created_at = sample.moment(months_before(sample.today, 6))
        sample.stamp(own, own.created_at, maker)
        own.save()
        new = {name: str(getattr(own, name)) for name in SAID}
        sample.event("ownnumber.created", own, own.created_at, maker, new=new)


site.samples.register("own_numbers", fill)
