"""Costs: list, page, form."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q, Sum
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy

from crm.filters import by_id_or_none
from crm.history import changes_of
from crm.models import Organisation
from crm.money import Rates
from crm.paging import CAP
from crm.views.generic import DeleteView, DetailView, FormView, ListView

from .. import services
from ..columns import COSTS
from ..filters import CostFilter
from ..forms import CostForm
from ..models import Campaign, Cost


class CostList(ListView):
    model = Cost
    filterset_class = CostFilter
    columns = COSTS
    rows_template = "marketing/_cost_rows.html"
    new_url = reverse_lazy("marketing:cost_new")
    new_label = gettext_lazy("New cost")
    icon = "receipt"
    empty_title = gettext_lazy("No costs yet")
    empty_text = gettext_lazy("What you spend on winning and keeping customers stands here. Enter it, or import it from a file.")

    def count(self, found: Any) -> tuple[int, Any]:
        """Count, sum in base currency and what could not be converted, in one query over no more rows than the cap."""
        sums = found.order_by()[: CAP + 1].aggregate(
            n=Count("pk"), value=Sum("base_amount"), unconverted=Count("pk", filter=Q(base_amount__isnull=True))
        )
        return sums["n"], {**sums, "currency": Organisation.current().base_currency}


class CostPage(DetailView):
    model = Cost
    template = "marketing/cost.html"

    def base(self) -> Any:
        return Cost.objects.for_list().select_related("created_by")

    def extra(self, cost: Any) -> dict:
        rates = Rates.load()
        return {
            "base": rates.base,
            "rate": rates.rate(cost.currency, cost.posted_on) if cost.currency != rates.base else None,
            "changes": changes_of(cost),
        }


class CostEdit(FormView):
    model = Cost
    form_class: Any = CostForm
    template = "marketing/cost_form.html"

    def save(self, form: Any) -> Cost:
        changes = form.changes()
        if self.creates:
            changes.setdefault("owner", self.user)
        return services.save_cost(form.record, **changes)

    def list_url(self) -> str:
        return reverse("marketing:costs")


class CostNew(CostEdit):
    creates = True

    def initial(self, record: Any) -> dict:
        """From a campaign's page the cost starts with its campaign, channel and currency."""
        campaign = by_id_or_none(Campaign.objects.visible_to(self.user), self.request.GET.get("campaign"))
        return {} if campaign is None else {"campaign": campaign.pk, "channel": campaign.channel, "currency": campaign.currency}


class CostDelete(DeleteView):
    model = Cost
    remove = staticmethod(services.delete_cost)
    list_url = "marketing:costs"
