"""The shape of the Maven files: how they are mapped, and what a database looks like after them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.db import connection

from contacts.models import Company
from crm.models import Team, User, UserSpan
from deals.models import Deal, DealFacts, DealState, Product, Stage, StageVisit
from tests.imports import run_import

FOLDER = Path(os.environ.get("SEXTANT_DATA") or "no-such-folder") / "maven_crm"

FILES = {
    "users": "sales_teams.csv",
    "products": "products.csv",
    "companies": "accounts.csv",
    "deals": "sales_pipeline.csv",
}
MAPS: dict[str, dict[str, str]] = {
    "users": {"name": "sales_agent", "team": "regional_office", "manager": "manager"},
    "products": {"name": "product", "family": "series", "price": "sales_price"},
    "companies": {
        "name": "account",
        "industry": "sector",
        "annual_revenue": "revenue",
        "country": "office_location",
        "parent": "subsidiary_of",
    },
    "deals": {
        "number": "opportunity_id",
        "owner": "sales_agent",
        "company": "account",
        "stage": "deal_stage",
        "created_at": "engage_date",
        "closed_at": "close_date",
        "amount": "close_value",
    },
}


def import_file(kind: str, folder: Path, name: str = "", **options: Any) -> Any:
    """One of the four files. A test's transaction gets no statistics by itself, and PostgreSQL plans badly without."""
    run = run_import(kind, folder / (name or FILES[kind]), map=MAPS[kind], **options)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return run


def picture() -> dict[str, Any]:
    """All that the import is about, by names instead of ids."""
    deal = ("deal__number",)
    return {
        "users": sorted(User.objects.values_list("username", "name", "role", "team__name", "is_active", "carries_quota")),
        "spans": sorted(UserSpan.objects.values_list("user__name", "start", "end", "role", "team__name", "carries_quota"), key=str),
        "teams": sorted(Team.objects.values_list("name", "parent__name", "manager__name")),
        "products": sorted(Product.objects.values_list("code", "name", "family", "price", "currency")),
        "companies": sorted(
            Company.objects.values_list("name", "industry", "country", "employees", "annual_revenue", "annual_revenue_currency", "parent__name", "customer_since", "created_at", "undated"),
            key=str,
        ),
        "stages": list(Stage.objects.order_by("position").values_list("pipeline__name", "name", "position", "probability")),
        "deals": list(
            Deal.objects.order_by("number").values_list(
                "number", "title", "company__name", "product__name", "owner__name", "team__name", "pipeline__name", "stage__name",
                "status", "amount", "currency", "created_at", "undated", "won_at", "lost_at", "expected_close", "origin",
            )
        ),
        "states": list(
            DealState.objects.order_by("deal__number", "start", "pk").values_list(
                *deal, "start", "end", "status", "stage__name", "owner__name", "team__name", "amount", "currency", "probability"
            )
        ),
        "facts": list(
            DealFacts.objects.order_by("deal__number").values_list(
                *deal, "created_day", "created_owner__name", "created_team__name", "closed_day", "closed_owner__name", "closed_team__name",
                "closed_base", "deal_seconds", "sales_seconds", "win_seconds", "repeat",
            )
        ),
        "visits": list(
            StageVisit.objects.order_by("deal__number", "entered_at").values_list(
                *deal, "stage__name", "entry_owner__name", "entry_team__name", "exit_team__name", "left_at", "advanced_at"
            )
        ),
    }  # fmt: skip
