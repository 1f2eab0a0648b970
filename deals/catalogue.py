"""What administrators do with products, pipelines, stages and loss reasons."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from crm import events
from crm.changes import apply, clean, refuse_delete
from crm.models import Organisation

from .models import LossReason, Pipeline, Product, Stage

E = TypeVar("E", Pipeline, Stage, LossReason, Product)


@transaction.atomic
def save_entry(entry: E, **changes: Any) -> E:
    """Creates or changes a pipeline, stage, loss reason or product. There is one default pipeline: the last one chosen."""
    is_new = entry.pk is None
    old, new = apply(entry, changes)
    if isinstance(entry, Pipeline) and entry.is_default:
        Pipeline.objects.exclude(pk=entry.pk).filter(is_default=True).update(is_default=False)
    clean(entry)
    entry.save()
    if is_new or new:
        kind = _kind(entry)
        events.record(f"{kind}.created" if is_new else f"{kind}.changed", entry, old=old, new=new)
    return entry


@transaction.atomic
def delete_entry(entry: Pipeline | Stage | LossReason | Product) -> None:
    """Deletes what no deal uses; what is used can be switched off instead."""
    events.record(f"{_kind(entry)}.deleted", entry, old={"name": str(entry)})
    try:
        entry.delete()
    except ProtectedError:
        refuse_delete(entry, _("deals or orders use it"))


def save_product(product: Product, **changes: Any) -> Product:
    """Creates or changes a product, priced in the organisation's currency unless another is given."""
    if not product.currency and not changes.get("currency"):
        changes["currency"] = Organisation.current().base_currency
    return save_entry(product, **changes)


def delete_product(product: Product) -> None:
    """Deletes a product that no deal uses."""
    delete_entry(product)


def _kind(entry: models.Model) -> str:
    return entry._meta.model_name or ""
