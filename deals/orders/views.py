"""Orders: list, page, forms, credit notes, and the order of a won deal."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Company, Person
from contacts.services import save_company
from crm.access import may
from crm.filters import by_id_or_none
from crm.history import changes_of
from crm.models import Organisation
from crm.once import once, sent_before
from crm.paging import CAP
from crm.views.generic import ActionView, DetailView, FormView, ListView, RecordView

from ..models import Deal
from . import services
from .columns import ORDERS
from .filters import OrderFilter
from .forms import CreditForm, NewOrderForm, OrderForm
from .models import Order


class OrderList(ListView):
    model = Order
    filterset_class = OrderFilter
    columns = ORDERS
    rows_template = "deals/_order_rows.html"
    new_url = reverse_lazy("deals:order_new")
    new_label = gettext_lazy("New order")
    icon = "receipt"
    empty_title = gettext_lazy("No orders yet")
    empty_text = gettext_lazy("What you bill stands here: revenue, margins and repeat customers are counted from it.")

    def count(self, found: Any) -> tuple[int, Any]:
        """Count and net revenue in one query, which looks at no more rows than the cap."""
        sums = found.order_by()[: CAP + 1].aggregate(
            n=Count("pk"), value=Sum("base"), unconverted=Count("pk", filter=Q(base__isnull=True))
        )
        return sums["n"], {**sums, "currency": Organisation.current().base_currency}


class OrderPage(DetailView):
    model = Order
    template = "deals/order.html"

    def base(self) -> Any:
        return Order.objects.select_related(
            "company", "person", "deal", "pipeline", "owner", "owner__team", "team", "product", "refund_of", "created_by"
        )

    def extra(self, order: Any) -> dict:
        seen = {name: self._sees(getattr(order, name)) for name in ("company", "person", "deal", "refund_of")}
        return {
            "lines": list(order.lines.select_related("product")),
            "refunds": list(order.refunds.visible_to(self.user).order_by("ordered_at", "pk")),
            "seen": seen,
            "base_currency": Organisation.current().base_currency,
            "may_credit": order.left > 0 and may(self.user, "order", "add") and self.may("change", order),
            "changes": changes_of(order),
        }

    def _sees(self, record: Any) -> bool:
        return record is not None and type(record).objects.visible_to(self.user).filter(pk=record.pk).exists()


class OrderEdit(FormView):
    """Corrects to whom and what an order is ascribed."""

    model = Order
    form_class: Any = OrderForm
    template = "deals/order_form.html"

    def save(self, form: Any) -> Order:
        return services.change_order(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("deals:orders")


class OrderNew(OrderEdit):
    form_class = NewOrderForm
    creates = True

    def deal(self) -> Any:
        """The deal the order is for, when one is named and the user may see it."""
        return by_id_or_none(Deal.objects.visible_to(self.user).won(), self.request.GET.get("deal"))

    def make_form(self, record: Any, data: Any = None) -> Any:
        deal = self.deal() if data is None else None
        lines = [_line_initial(line) for line in deal.lines.all()] if deal is not None else None
        return NewOrderForm(data, instance=record, user=self.user, initial=self.initial(record), lines=lines)

    def initial(self, record: Any) -> dict:
        """From a company's, person's or deal's page the order starts with what is known."""
        known, deal = self.request.GET, self.deal()
        company = by_id_or_none(Company.objects.visible_to(self.user), known.get("company"))
        person = by_id_or_none(Person.objects.visible_to(self.user), known.get("person"))
        found: dict[str, Any] = {"company": company, "person": person, "deal": deal}
        if deal is not None:
            found |= {"company": deal.company, "owner": deal.owner}
        values = {name: row.pk for name, row in found.items() if row is not None}
        if deal is not None:
            values |= {name: getattr(deal, name) for name in ("currency", "source", "campaign")}
        return values

    def save(self, form: Any) -> Order:
        values = form.changes()
        company = form.cleaned_data["company"]
        if company is not None and company.pk is None:
            company = save_company(Company(), name=company.name, domain=company.domain, owner=values["owner"])
        values["company"] = company
        return services.create_order(Order(**values), form.order_lines)


def _line_initial(line: Any) -> dict[str, Any]:
    return {
        "product": line.product_id,
        "quantity": line.quantity + Decimal(0),
        "unit_price": line.unit_price,
        "discount": line.discount or None,
    }


class OrderCredit(RecordView):
    """The form of a credit note: what is left of each line, to be confirmed or lowered."""

    model = Order
    template = "deals/order_credit.html"

    def order(self) -> Any:
        order = self.fetch("change")
        if not may(self.user, "order", "add"):
            raise PermissionDenied
        return order

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = self.order()
        if order.left == 0:
            messages.info(request, _("Nothing of this is left to credit."))
            return HttpResponseRedirect(order.get_absolute_url())
        return self.draw(order, CreditForm(order=order, lines=self.lines(order)))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        order = self.order()
        if answer := sent_before(request):
            return answer
        form = CreditForm(request.POST, order=order, lines=self.lines(order))
        if not form.is_valid():
            return self.draw(order, form, 422)
        try:
            with transaction.atomic():
                return once(request, lambda: self.done(order, form))
        except ValidationError as error:
            form.take_errors(error)
            return self.draw(order, form, 422)

    def done(self, order: Order, form: CreditForm) -> HttpResponse:
        at, why = form.cleaned_data["ordered_at"], form.cleaned_data["description"]
        refund = services.credit_order(order, form.credit_lines, at=at, description=why)
        messages.success(self.request, _("%(name)s added") % {"name": refund})
        return HttpResponseRedirect(refund.get_absolute_url())

    @staticmethod
    def lines(order: Order) -> list[Any]:
        return list(order.lines.select_related("product"))

    def draw(self, order: Order, form: CreditForm, status: int = 200) -> HttpResponse:
        context = {"order": order, "form": form, "left": order.left, "cancel_url": order.get_absolute_url()}
        return render(self.request, self.template, context, status=status)


class DealOrder(ActionView):
    """Makes the order of a won deal."""

    model = Deal

    def act(self, deal: Any) -> HttpResponse:
        if not may(self.user, "order", "add"):
            raise PermissionDenied
        order = services.order_from_deal(deal)
        messages.success(self.request, _("%(name)s added") % {"name": order})
        return HttpResponseRedirect(order.get_absolute_url())
