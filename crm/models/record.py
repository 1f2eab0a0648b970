"""What every record that people work with has: owner, team, origin, dates."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..events import Origin
from ..fields import LocalDayField, LocalDayMixin


class Record(LocalDayMixin):
    """Base of companies, people, leads and deals.

    `team` is the owner's team when the owner was set; `created_at` the business date of creation, which an import may set;
    `origin` the door it came through, so that "created by a human" can be told from imports and automations.
    """

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    created_day = LocalDayField(of="created_at", db_index=True)
    undated = models.BooleanField(
        default=False, editable=False, help_text=_("Imported without its date: in stocks since the import, in no flow.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_by_team = models.ForeignKey("crm.Team", models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        abstract = True


class Counter(models.Model):
    """The last number given out, one row a series."""

    name = models.CharField(max_length=30, primary_key=True)
    value = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.value}"


def next_number(series: str, count: int = 1) -> int:
    """The next free number of a series (the first of `count`); unique under concurrent writers."""
    Counter.objects.get_or_create(name=series)
    row = Counter.objects.select_for_update().get(name=series)
    Counter.objects.filter(name=series).update(value=row.value + count)
    return row.value + 1


def fresh_number(model: type[models.Model], series: str, prefix: str) -> str:
    """The next number of a series that no record has yet; imports may have brought some of them."""
    while True:
        number = f"{prefix}{next_number(series)}"
        if not model._default_manager.filter(number=number).exists():
            return number
