"""The style guide: every component in its states, for those who build pages. Shown in development and to administrators."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import mark_safe

from ..access import may
from ..cards import Card, Change, Goal
from ..forms import ComboboxWidget, DateInput, DateTimeInput, LocalizedDecimal, MoneyField, MoneyFormMixin
from ..models import User
from ..periodbar import PeriodBar
from ..timeline import Entry
from ..toasts import toast

SPARK = mark_safe(  # noqa: S308  a fixed picture
    '<svg viewBox="0 0 100 32" preserveAspectRatio="none" aria-hidden="true"><path d="M2 26 18 20 34 23 50 14 66 17 82 9 98 6" '
    'fill="none" stroke="currentColor" stroke-width="1.75" vector-effect="non-scaling-stroke"/></svg>'
)
STAGES = [
    ("Qualify", "done", 3),
    ("Demo", "done", 11),
    ("Proposal", "current", 24),
    ("Negotiation", "ahead", None),
    ("Contract", "ahead", None),
]
TONES = ("neutral", "accent", "success", "warning", "danger", "info")
COLOURS = ("canvas", "surface", "surface-2", "surface-3", "line", "text", "text-2", "text-3", "accent")


class SampleForm(MoneyFormMixin, forms.Form):
    """All kinds of fields."""

    title = forms.CharField(label="Title", help_text="As the customer would name it.", max_length=80)
    amount = MoneyField(label="Value", required=False)
    currency = forms.ChoiceField(label="Currency", choices=[("EUR", "EUR"), ("USD", "USD"), ("JPY", "JPY")])
    country = forms.ChoiceField(
        label="Country",
        choices=[("", ""), ("FR", "France"), ("DE", "Germany"), ("ES", "Spain"), ("PT", "Portugal"), ("SE", "Sweden")],
        widget=ComboboxWidget(placeholder="Any country"),
        required=False,
    )
    owner = forms.ChoiceField(label="Owner", choices=[("1", "Ann Weber"), ("2", "Ben Ortiz")])
    close = forms.DateField(label="Expected close", widget=DateInput, required=False)
    at = forms.DateTimeField(label="Meeting", widget=DateTimeInput, required=False)
    discount = LocalizedDecimal(label="Discount in percent", required=False, max_value=100)
    kind = forms.ChoiceField(
        label="Kind", widget=forms.RadioSelect, choices=[("new", "New business"), ("more", "Expansion")], required=False
    )
    note = forms.CharField(label="Note", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    follow = forms.BooleanField(label="Tell me when it changes", required=False, help_text="One mail a day at most.")

    def clean_title(self) -> str:
        if len(self.cleaned_data["title"]) < 3:
            raise ValidationError("Write at least three letters, so that colleagues find it.")
        return self.cleaned_data["title"]


class SampleFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="nothing")
    role = django_filters.ChoiceFilter(label="Role", choices=User._meta.get_field("role").choices)
    team__name = django_filters.CharFilter(label="Team")
    is_active = django_filters.BooleanFilter(label="Active")

    class Meta:
        model = User
        fields = ["q", "role", "team__name", "is_active"]

    def nothing(self, queryset: Any, name: str, value: str) -> Any:
        return queryset


def cards() -> list[Card]:
    """One card for each state."""
    against = "against 1–18 April"
    return [
        Card(
            "Won value",
            url="#kpi",
            value="€182.4K",
            exact="€182,431.50",
            n=38,
            n_label="38 deals",
            spark=SPARK,
            change=Change("+€21.7K", "up", True, against),
            definition="Sum of the values of deals won in the period, at the rate of the day.",
        ),
        Card(
            "Win rate",
            url="#kpi",
            value="34.2%",
            n=111,
            n_label="38 of 111 deals",
            spark=SPARK,
            change=Change("−4.2 points", "down", False, against),
            definition="Deals won out of deals closed.",
            definition_url="#kpi",
        ),
        Card("Sales cycle", url="#kpi", value="41.3 days", n=38, spark=SPARK, change=Change("−3.1 days", "down", True, against)),
        Card(
            "Open pipeline",
            url="#kpi",
            value="€1.24M",
            n=214,
            change=Change("0", "flat", None, against),
            goal=Goal(62, "62% of the target of €2M", 71),
        ),
        Card("Cohort win rate", url="#kpi", reason="No deals were created 90 days ago.", n=0),
        Card(
            "Loss reason share",
            url="#kpi",
            value="50.0%",
            n=4,
            small_sample=True,
            change=Change("+12.5 points", "up", False, against),
        ),
        Card(
            "Deals created",
            url="#kpi",
            value="64",
            n=64,
            status="provisional",
            partial="1–18 May so far",
            change=Change("+9", "up", True, against),
        ),
        Card("Stale deals", url="#kpi", value="17", n=17, status="updating"),
        Card("Revenue per rep", permitted=False),
    ]


def entries() -> list[Entry]:
    """A short history."""
    now = timezone.now()
    return [
        Entry(
            now - dt.timedelta(hours=2), "Moved to Proposal", "arrow-right", "Stage: Demo → Proposal", "Ann Weber", tone="accent"
        ),
        Entry(
            now - dt.timedelta(hours=5),
            "Call, 12 minutes, reached",
            "phone",
            "Wants the offer in two parts; budget is set for June.",
            "Ben Ortiz",
        ),
        Entry(now - dt.timedelta(days=1, hours=3), "E-mail sent", "mail", "", "Ann Weber"),
        Entry(now - dt.timedelta(days=9), "Deal won", "trophy", "€12,400", "Ann Weber", tone="success"),
    ]


def sample_rows() -> list[dict]:
    """Rows of the sample table."""
    names = (
        "Harbour cranes, second lot",
        "Nordlicht Logistik GmbH & Co. KG: fleet tracking for 240 vehicles in four countries",
        "Ferry sensors",
        "Atelier Blanc",
    )
    stages = (("Proposal", "accent"), ("Negotiation", "info"), ("Won", "success"), ("Lost", "danger"))
    return [
        {
            "pk": at,
            "name": name,
            "amount": amount,
            "stage": stage,
            "tone": tone,
            "owner": User(pk=at, name=("Ann Weber", "Ben Ortiz", "Cleo Marchand", "Max Lindqvist")[at]),
            "at": timezone.now() - dt.timedelta(days=at * 9),
        }
        for at, (name, amount, (stage, tone)) in enumerate(zip(names, (1_240_000, 48_250_050, 90_000, None), stages, strict=True))
    ]


def steps(rotten: bool = False) -> list[dict]:
    return [
        {"name": name, "value": at, "state": state, "days": days, "rotten": rotten and state == "current"}
        for at, (name, state, days) in enumerate(STAGES)
    ]


def styleguide(request: HttpRequest) -> HttpResponse:
    """404 for people who do not build pages."""
    if not (settings.DEBUG or may(request.user, "settings", "change")):
        raise Http404
    if request.method == "POST":
        toast(request, "Deal marked as won.", undo_url=request.path)
        messages.error(request, "The mail was not sent: no address.")
    paginator = Paginator(range(1234), 50)
    context = {
        "tones": TONES,
        "colours": COLOURS,
        "series": range(1, 9),
        "cards": cards(),
        "entries": entries(),
        "steps": steps(),
        "rotten_steps": steps(rotten=True),
        "rows": sample_rows(),
        "page": paginator.page(3),
        "filterset": SampleFilter(request.GET, queryset=User.objects.none()),
        "form": SampleForm(initial={"title": "Harbour cranes", "amount": 1_240_050, "currency": "EUR", "country": "FR"}),
        "wrong_form": SampleForm({"title": "x", "amount": "twelve", "currency": "EUR", "owner": "1"}, auto_id="wrong_%s"),
        "bar": PeriodBar.read(request),
        "now": timezone.now(),
        "soon": timezone.localdate() + dt.timedelta(days=1),
        "tabs": [
            {"label": "Overview", "url": "#a", "current": True},
            {"label": "Activity", "url": "#b", "count": 12},
            {"label": "Products", "url": "#c", "count": 3},
        ],
        "sample_user": request.user if request.user.is_authenticated else User(pk=3, name="Ann Weber"),
    }
    return render(request, "crm/styleguide.html", context)
