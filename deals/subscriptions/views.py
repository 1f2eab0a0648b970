"""Subscriptions: list, page, forms, and what is done with them."""

from __future__ import annotations

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

from contacts.models import Company
from contacts.services import save_company
from crm.access import may
from crm.filters import by_id_or_none
from crm.history import changes_of
from crm.models import Organisation
from crm.once import once, sent_before
from crm.paging import CAP
from crm.periods import today
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, ListView, RecordView

from ..models import Deal
from . import services
from .columns import SUBSCRIPTIONS
from .filters import SubscriptionFilter
from .forms import CancelForm, DayForm, NewSubscriptionForm, RenewForm, SubscriptionForm
from .models import Subscription

SHOWN = 60


class SubscriptionList(ListView):
    model = Subscription
    filterset_class = SubscriptionFilter
    columns = SUBSCRIPTIONS
    rows_template = "deals/_subscription_rows.html"
    new_url = reverse_lazy("deals:subscription_new")
    new_label = gettext_lazy("New subscription")
    icon = "repeat"
    empty_title = gettext_lazy("No subscriptions yet")
    empty_text = gettext_lazy(
        "What companies pay again and again stands here: recurring revenue and renewals are counted from it."
    )

    def count(self, found: Any) -> tuple[int, Any]:
        """Count and recurring revenue in the base currency in one query, which looks at no more rows than the cap."""
        now = Q(spans__end__isnull=True, spans__isnull=False)
        sums = (
            found.order_by()
            .annotate(base_now=Sum("spans__base", filter=now))[: CAP + 1]
            .aggregate(n=Count("pk"), value=Sum("base_now"), unconverted=Count("pk", filter=Q(rate__isnull=True)))
        )
        return sums["n"], {**sums, "currency": Organisation.current().base_currency}


class SubscriptionPage(DetailView):
    model = Subscription
    template = "deals/subscription.html"

    def base(self) -> Any:
        return Subscription.objects.select_related(
            "company", "product", "deal", "renewal_deal", "renewed_from", "renewal", "owner", "owner__team", "team", "created_by"
        )

    def extra(self, subscription: Any) -> dict:
        renewal = getattr(subscription, "renewal", None)
        seen = {
            "company": self._sees(subscription.company),
            "deal": self._sees(subscription.deal),
            "renewal_deal": self._sees(subscription.renewal_deal),
            "renewed_from": self._sees(subscription.renewed_from),
            "renewal": self._sees(renewal),
        }
        movements = subscription.movements.valid().order_by("-day", "-pk")[: SHOWN + 1]
        steps = subscription.steps.select_related("product", "owner").order_by("-day")[: SHOWN + 1]
        return {
            "seen": seen,
            "renewal": renewal,
            "movements": list(movements)[:SHOWN],
            "steps": list(steps)[:SHOWN],
            "verbs": self._verbs(subscription, renewal) if self.may("change", subscription) else set(),
            "base_currency": Organisation.current().base_currency,
            "changes": changes_of(subscription),
        }

    def _verbs(self, subscription: Subscription, renewal: Any) -> set[str]:
        """What can be done with it now."""
        if renewal is not None:
            return set()
        end, now = subscription.natural_end, today()
        over = end is not None and end <= now
        found = {"reactivate"} if subscription.ended_on is not None else set() if over else {"cancel"}
        if subscription.term_end is not None and subscription.ended_on is None and may(self.user, "subscription", "add"):
            found.add("renew")
        if not over:
            found.add("resume" if subscription.status == "paused" else "pause")
        return found

    def _sees(self, record: Any) -> bool:
        return record is not None and type(record).objects.visible_to(self.user).filter(pk=record.pk).exists()


class SubscriptionEdit(FormView):
    model = Subscription
    form_class: Any = SubscriptionForm
    template = "deals/subscription_form.html"

    def save(self, form: Any) -> Subscription:
        return services.change(form.record, day=form.cleaned_data.get("day"), **form.changes())

    def list_url(self) -> str:
        return reverse("deals:subscriptions")


class SubscriptionNew(SubscriptionEdit):
    form_class = NewSubscriptionForm
    creates = True

    def deal(self) -> Any:
        """The deal the subscription is from, when one is named and the user may see it."""
        return by_id_or_none(Deal.objects.visible_to(self.user).won(), self.request.GET.get("deal"))

    def initial(self, record: Any) -> dict:
        """From a company's or deal's page the subscription starts with what is known."""
        deal = self.deal()
        company = by_id_or_none(Company.objects.visible_to(self.user), self.request.GET.get("company"))
        found: dict[str, Any] = {"company": company}
        if deal is not None:
            found |= {"company": deal.company, "owner": deal.owner, "deal": deal, "product": deal.product}
        values = {name: row.pk for name, row in found.items() if row is not None}
        return values | ({"currency": deal.currency, "source": deal.source} if deal is not None else {})

    def save(self, form: Any) -> Subscription:
        values = form.changes()
        company = form.cleaned_data["company"]
        if company.pk is None:
            company = save_company(Company(), name=company.name, domain=company.domain, owner=values["owner"])
        return services.start(Subscription(**{**values, "company": company}))


class SubscriptionDelete(DeleteView):
    model = Subscription
    remove = staticmethod(services.delete_subscription)
    list_url = "deals:subscriptions"


class DoneView(RecordView):
    """The form of one thing that is done with a subscription."""

    model = Subscription
    template = "deals/subscription_do.html"
    form_class: Any = DayForm
    title: Any = ""
    hint: Any = ""
    button: Any = ""
    danger = False

    def base(self) -> Any:
        return Subscription.objects.select_related("company", "owner", "team")

    def form(self, record: Any, data: Any = None) -> Any:
        return self.form_class(data, record=record)

    def do(self, record: Any, values: dict[str, Any]) -> Any:
        """Calls the service; returns the record whose page is shown."""
        raise NotImplementedError

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.fetch("change")
        return self.draw(record, self.form(record))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.fetch("change")
        if answer := sent_before(request):
            return answer
        form = self.form(record, request.POST)
        if not form.is_valid():
            return self.draw(record, form, 422)
        try:
            with transaction.atomic():
                return once(request, lambda: self.done(record, form))
        except ValidationError as error:
            form.take_errors(error)
            return self.draw(record, form, 422)

    def done(self, record: Any, form: Any) -> HttpResponse:
        saved = self.do(record, form.cleaned_data)
        messages.success(self.request, _("%(name)s saved") % {"name": saved})
        return HttpResponseRedirect(saved.get_absolute_url())

    def draw(self, record: Any, form: Any, status: int = 200) -> HttpResponse:
        context = {"subscription": record, "form": form, "view": self, "cancel_url": record.get_absolute_url()}
        return render(self.request, self.template, context, status=status)


class SubscriptionCancel(DoneView):
    form_class = CancelForm
    title = gettext_lazy("Cancel the subscription")
    hint = gettext_lazy("It is lost on the day it ends, not on the day it was cancelled.")
    button = gettext_lazy("Cancel the subscription")
    danger = True

    def do(self, record: Any, values: dict[str, Any]) -> Any:
        return services.cancel(record, **values)


class SubscriptionPause(DoneView):
    title = gettext_lazy("Pause the subscription")
    hint = gettext_lazy("While it is paused it brings nothing.")
    button = gettext_lazy("Pause")

    def do(self, record: Any, values: dict[str, Any]) -> Any:
        return services.pause(record, values["day"])


class SubscriptionResume(DoneView):
    title = gettext_lazy("Go on with the subscription")
    button = gettext_lazy("Go on")

    def do(self, record: Any, values: dict[str, Any]) -> Any:
        return services.resume(record, values["day"])


class SubscriptionReactivate(DoneView):
    title = gettext_lazy("Take the cancellation back")
    hint = gettext_lazy(
        "Within the grace after its end it goes on as if it had never been cancelled; later a new subscription begins on this day."
    )
    button = gettext_lazy("Take the cancellation back")

    def do(self, record: Any, values: dict[str, Any]) -> Any:
        if not may(self.user, "subscription", "add"):
            raise PermissionDenied
        return services.reactivate(record, values["day"])


class SubscriptionRenew(DoneView):
    form_class = RenewForm
    title = gettext_lazy("Renew the subscription")
    hint = gettext_lazy("The renewal is a subscription of its own. Within the grace after the end no loss is counted in between.")
    button = gettext_lazy("Renew")

    def form(self, record: Any, data: Any = None) -> Any:
        if not may(self.user, "subscription", "add"):
            raise PermissionDenied
        return RenewForm(data, record=record, renewal=services.renewal_of(record))

    def do(self, record: Any, values: dict[str, Any]) -> Any:
        return services.renew(record, day=values.pop("start"), **values)


class DealSubscriptions(ActionView):
    """Makes the subscriptions of a won deal."""

    model = Deal

    def act(self, deal: Any) -> HttpResponse:
        if not may(self.user, "subscription", "add"):
            raise PermissionDenied
        made = services.from_deal(deal)
        messages.success(self.request, _("%(name)s added") % {"name": made[0]})
        return HttpResponseRedirect(made[0].get_absolute_url())
