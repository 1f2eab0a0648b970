"""Importing subscriptions: one row is one subscription. The same file again changes nothing; another price holds from today on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.common import owner_of
from contacts.models import Company
from crm.imports.engine import Step, refuse_by
from crm.imports.index import Index
from crm.imports.parsing import fold, squash
from crm.imports.registry import Field, Kind, Row, register
from crm.periods import today

from ..choices import CancelReason, Interval
from ..models import Subscription
from ..subscriptions import services
from .orders import LARGEST_QUANTITY, Buyers
from .products import References as Products

#: What other programs call the intervals.
WORDS = (
    (Interval.MONTH, gettext_lazy("monthly")),
    (Interval.QUARTER, gettext_lazy("quarterly")),
    (Interval.YEAR, gettext_lazy("yearly")),
    (Interval.YEAR, gettext_lazy("annual")),
)
COLUMNS = {"start": "started_at", "ended_on": "ended_at", "day": "ended_at", "company": "customer"}
PRICE = ("plan", "product", "interval", "amount", "quantity")


def unnumbered_key(company: int | None, plan: str, start: dt.date) -> str:
    return f"t:{company or ''}|{fold(plan)}|{start.isoformat()}"


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Subscription.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for pk, number, company, plan, start in rows.values_list("pk", "number", "company_id", "plan", "start").iterator():
        yield pk, keys(number, company, plan, start)


def keys(number: str, company: int, plan: str, start: dt.date) -> tuple[str, ...]:
    """By number; for files that have none by company, plan and start."""
    return f"n:{number.lower()}", unnumbered_key(company, plan, start)


def index_of(step: Step) -> Index:
    return step.index("subscriptions", load)


def reason_of(text: str) -> tuple[str, str]:
    """(reason, note): a reason of the list in any of its words, else another one with the words as a note."""
    for value, label in CancelReason.choices:
        if squash(text) in (squash(value), squash(str(label))):
            return value, ""
    return (CancelReason.OTHER, text) if text else ("", "")


def _at_columns(error: ValidationError) -> ValidationError:
    """The error with the file's names of the fields."""
    if not hasattr(error, "error_dict"):
        return error
    return ValidationError({COLUMNS.get(name, name): errors for name, errors in error.error_dict.items()})


@register
class Subscriptions(Kind):
    """Subscriptions, one a row; the same one has that number, else that company, plan and start."""

    key = "subscriptions"
    label = gettext_lazy("Subscriptions")
    needs = (("subscription", "add"),)
    required = (("number", "customer"), ("amount",), ("started_at",))
    fields = (
        Field(
            "number",
            gettext_lazy("Number"),
            limit=40,
            headings=("subscription", "subscription id", "contract", "contract number"),
        ),
        Field(
            "customer",
            gettext_lazy("Customer"),
            headings=("company", "account", "client", "customer name", "customer id", "email"),
            help=gettext_lazy("A company by name or domain, or a person of it by e-mail."),
        ),
        Field("plan", gettext_lazy("Plan"), limit=120, headings=("plan name", "tier", "package")),
        Field("product", gettext_lazy("Product"), limit=160, headings=("product name", "sku")),
        Field(
            "amount",
            gettext_lazy("Amount"),
            "money",
            headings=("price", "recurring amount", "value"),
            help=gettext_lazy("Of one interval: net of discounts, without tax."),
        ),
        Field("quantity", gettext_lazy("Quantity"), "decimal", headings=("seats", "qty", "licences", "licenses")),
        Field("currency", gettext_lazy("Currency"), "currency", headings=("currency code",)),
        Field(
            "interval",
            gettext_lazy("Billed per"),
            "choice",
            choices=(*Interval.choices, *WORDS),
            headings=("billing interval", "billing period", "period", "frequency"),
        ),
        Field("started_at", gettext_lazy("Start"), "day", headings=("start date", "started", "start", "created")),
        Field("trial_end", gettext_lazy("First paid day"), "day", headings=("trial end", "trial ends")),
        Field(
            "term_end", gettext_lazy("End of the term"), "day", headings=("renewal date", "term end", "expires", "end of term")
        ),
        Field(
            "ended_at",
            gettext_lazy("Ends on"),
            "day",
            headings=("end date", "ended", "cancelled at", "canceled at", "cancel date"),
        ),
        Field("cancel_reason", gettext_lazy("Reason"), limit=2000, headings=("reason", "churn reason", "cancellation reason")),
        Field("owner", gettext_lazy("Owner"), headings=("account owner", "subscription owner")),
    )

    def identities(self, row: Row) -> list[str]:
        number = row.text("number")
        own = f"t:{fold(row.text('customer'))}|{fold(row.text('plan'))}|{row.get('started_at') or ''}"
        return [f"n:{number.lower()}" if number else own]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        buyers, products = Buyers(step, rows), Products(step, rows)
        fresh: list[tuple[Row, Subscription]] = []
        for row in rows:
            if row.refused:
                continue
            company = self._company(row, buyers)
            found = None if row.refused else self._find(row, company, step)
            if row.refused:
                continue
            if found is None:
                self._new(row, step, company, products, fresh)
            else:
                self._change(row, step, found, company, products)
        services.post([services.NewSubscription(made) for _row, made in fresh])
        index = index_of(step)
        for row, made in fresh:
            index.add(made.pk, keys(made.number, made.company_id, made.plan, made.start))
            row.result = "created"

    @staticmethod
    def _company(row: Row, buyers: Buyers) -> Company | None:
        buyer = buyers.get(row)
        if buyer is not None and not isinstance(buyer, Company):
            row.refuse("customer", _("is a person without a company"))
            return None
        return buyer

    @staticmethod
    def _find(row: Row, company: Company | None, step: Step) -> Subscription | None:
        number, start = row.text("number"), row.get("started_at")
        if number:
            found = index_of(step).find(f"n:{number.lower()}")
        elif company is not None and start is not None:
            plan = row.text("plan") or row.text("product")
            found = index_of(step).find(unnumbered_key(company.pk, plan, start))
        else:
            return None
        if found and found.several:
            row.refuse("number", _("fits more than one subscription: give the number"))
        return Subscription.objects.select_related("company").get(pk=found.pk) if found and not found.several else None

    # --- values ------------------------------------------------------------------------------------------------------

    @staticmethod
    def _values(row: Row, currency: str, products: Products) -> dict[str, Any]:
        """What the row says, by field of the model; blank cells say nothing."""
        values: dict[str, Any] = {
            name: row.values[name] for name in ("plan", "interval", "trial_end", "term_end") if row.get(name)
        }
        if row.get("started_at"):
            values["start"] = row.values["started_at"]
        if (product := products.get(row)) is not None:
            values["product"] = product
        if (amount := row.minor("amount", currency)) is not None:
            values["amount"] = amount
        if row.get("quantity") is not None:
            quantity: Decimal = row.values["quantity"]
            if not 0 <= quantity < LARGEST_QUANTITY:
                row.refuse("quantity", _("is not a quantity"))
            else:
                values["quantity"] = quantity.quantize(Decimal("0.001"))
        return values

    def _new(
        self, row: Row, step: Step, company: Company | None, products: Products, fresh: list[tuple[Row, Subscription]]
    ) -> None:
        currency = row.currency_of("amount", step.organisation.base_currency)
        values = self._values(row, currency, products)
        for key, name in (("amount", "amount"), ("started_at", "start")):
            if name not in values:
                row.refuse(key, _("is missing"))
        if company is None:
            row.refuse("customer", _("is missing"))
        owner = owner_of(row, step, "subscription", new=True)
        if row.refused:
            return
        made = Subscription(company=company, owner=owner, currency=currency, number=row.text("number"), **values)
        if row.get("ended_at"):
            made.ended_on = made.cancelled_on = row.values["ended_at"]
            made.cancel_reason, made.cancel_note = reason_of(row.text("cancel_reason"))
        try:
            services.complete(made)
            services.check(made)
        except ValidationError as error:
            refuse_by(row, self, _at_columns(error))
            return
        fresh.append((row, made))

    def _change(self, row: Row, step: Step, there: Subscription, company: Company | None, products: Products) -> None:
        currency = row.currency_of("amount", there.currency)
        owner = owner_of(row, step, "subscription", new=False)
        values = self._values(row, there.currency, products) | ({"owner": owner} if owner else {})
        if currency != there.currency:
            row.refuse("currency", _("differs from the subscription's, which stays"))
        if company is not None and company.pk != there.company_id:
            row.refuse("customer", _("differs from the subscription's, which stays"))
        if row.refused:
            return
        changes = {name: value for name, value in values.items() if getattr(there, name) != value}
        end = row.get("ended_at")
        ends = end is not None and end != there.ended_on
        if (changes or ends) and not step.may_change(there, "subscription"):
            row.refuse("number", _("exists already and belongs to another team"))
            return
        try:
            if changes:
                services.change(there, **changes)
                if set(changes) & set(PRICE) and there.start <= today():
                    step.note("from_today", _("Other plans, prices and quantities hold from today on."))
            if ends:
                reason, note = reason_of(row.text("cancel_reason"))
                services.cancel(there, day=end, reason=reason, note=note, told_on=end)
        except ValidationError as error:
            refuse_by(row, self, _at_columns(error))
            return
        row.result = "updated" if changes or ends else "unchanged"
