"""What each touch before an order has of its revenue."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class TouchKind(models.TextChoices):
    """What recorded a touch."""

    LEAD = "lead", _("Lead")
    MEMBER = "member", _("Answer to a campaign")
    VISIT = "visit", _("Visit")
    FORM = "form", _("Form sent")


class TouchShare(models.Model):
    """One touch before an order, with its part of the order's revenue and margin by each model: all to the first, all to the last,
    evenly, or 40 % to the first, 40 % to the last and the rest to those between.

    The parts of an order add up to its `base` exactly; a credit note has the touches of its order. An order to which no touch leads
    has one row that is not `touched`, so that all rows add up to revenue. Money is in minor units of the base currency, null where
    the order has no rate; margin is over lines whose cost is known. Kept by `deals.attribution.shares`, never edited.
    """

    order = models.ForeignKey(
        "deals.Order", models.CASCADE, related_name="touch_shares", verbose_name=pgettext_lazy("sale", "order")
    )
    position = models.PositiveIntegerField()
    touched = models.BooleanField(default=True)
    marketing = models.BooleanField(default=False)
    paid = models.BooleanField(default=False)
    kind = models.CharField(_("type"), max_length=6, choices=TouchKind, blank=True)
    at = models.DateTimeField(_("when"), null=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    channel = models.CharField(_("channel"), max_length=80, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    first = models.BigIntegerField(null=True)
    last = models.BigIntegerField(null=True)
    even = models.BigIntegerField(null=True)
    ends = models.BigIntegerField(null=True)
    margin_first = models.BigIntegerField(null=True)
    margin_last = models.BigIntegerField(null=True)
    margin_even = models.BigIntegerField(null=True)
    margin_ends = models.BigIntegerField(null=True)

    class Meta:
        verbose_name = _("touch before an order")
        verbose_name_plural = _("touches before orders")
        ordering = ["order_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="touch_share_once"),
            models.CheckConstraint(condition=Q(touched=False) | Q(at__isnull=False), name="touch_has_moment"),
        ]

    def __str__(self) -> str:
        return " · ".join(filter(None, (self.source, self.channel, self.campaign))) or "—"
