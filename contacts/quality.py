"""Measures of records entered twice, and the terms of the numbers of data quality."""

from __future__ import annotations

from typing import Any

from analytics.registry import Ref, Term
from analytics.sources import Measure, StockSource, add_source

from . import doubles
from .measures import COMPLETENESS, VALID
from .models import Company, Lead, Person

DOUBLES = {"company": Company, "person": Person, "lead": Lead}


def _count_doubles(entity: str, model: Any) -> None:
    """Its own source: who else has entered the same is nobody's in particular, so it is not cut by owner."""
    key = f"{COMPLETENESS[entity][0]}.surplus"
    add_source(
        StockSource(
            key,
            (Measure(f"{COMPLETENESS[entity][0]}_surplus"),),
            {"source": "source"},
            (model._meta.label_lower, "pk"),
            rows=lambda: doubles.surplus(model),
            start="created_day",
            opened=key,
        )
    )


for _entity, _model in DOUBLES.items():
    _count_doubles(_entity, _model)


def double_terms() -> dict[str, Term]:
    """Numerator and denominator of `duplicate_rate`."""
    plurals = {entity: COMPLETENESS[entity][0] for entity in DOUBLES}
    return {
        "numerator": _sum("surplus", plurals),
        "denominator": _sum("held", plurals),
    }


def fresh_terms() -> dict[str, Term]:
    """Numerator and denominator of `data_freshness` over all entities registered by now."""
    plurals = {entity: plural for entity, (plural, _names) in COMPLETENESS.items()}
    return {"numerator": _sum("fresh", plurals), "denominator": _sum("held", plurals)}


def valid_terms() -> dict[str, Term]:
    """Numerator and denominator of `data_accuracy_rate` over all fields with a test registered by now."""
    top, bottom = [], []
    for entity, names in VALID.items():
        for name in names:
            plural, tags = COMPLETENESS[entity][0], {"entity_type": entity, "field": f"{entity}.{name}"}
            top.append(Ref(f"{plural}_valid_{name}", tags))
            bottom.append(Ref(f"{plural}_with_{name}", tags))
    return {"numerator": Term(tuple(top)), "denominator": Term(tuple(bottom))}


def _sum(what: str, plurals: dict[str, str]) -> Term:
    return Term(tuple(Ref(f"{plural}_{what}", {"entity_type": entity}) for entity, plural in plurals.items()))
