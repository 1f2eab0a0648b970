"""The manager's pages: one subject each, said with the numbers there are. A page names KPIs by key; how they look is `board_reading`.

Keys that no app has registered are left out, so an app that is not installed leaves no hole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.registry import Registry

from .registry import Kpi, kpis


@dataclass(frozen=True)
class Course:
    """How a KPI went over time."""

    key: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)


@dataclass(frozen=True)
class Split:
    """A KPI by the members of a dimension; the page's `by` takes its place where the KPI knows that one."""

    key: str
    by: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key,)


@dataclass(frozen=True)
class Bridge:
    """From a stock at the period's start to the same at its end: what came and what went. steps: (key, +1 or -1)."""

    name: str  # in the address of its CSV
    title: Any
    stock: str
    steps: tuple[tuple[str, int], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.stock, *(key for key, _sign in self.steps))


@dataclass(frozen=True)
class Steps:
    """Counts of one period after another: how many there are of each for every hundred of the one before. They are not the same
    people: who visits in May may buy in June. Rates of people followed over time are KPIs of their own.
    """

    name: str
    title: Any
    keys: tuple[str, ...]


@dataclass(frozen=True)
class BeforeAfter:
    """KPIs before the CRM came into use and after (`analytics.lift`), side by side."""

    name: str
    title: Any
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Triangle:
    """A rate of those who began in a month, one month below the other, by how much later it is read: the younger a month, the shorter
    its line. `across`: the dimension of ages; `size`: the KPI that says how many began."""

    name: str
    title: Any
    key: str
    across: str
    size: str

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key, self.size)


Block = Course | Split | Bridge | Steps | BeforeAfter | Triangle


@dataclass(frozen=True)
class Board:
    """A page: the numbers at its top, then what explains them."""

    key: str
    name: Any
    asks: Any
    cards: tuple[str, ...]
    blocks: tuple[Block, ...]

    def shown(self) -> list[Kpi]:
        """The KPIs of the cards."""
        return list(known(self.cards))

    def parts(self) -> list[Block]:
        """The blocks of which all KPIs are registered; a comparison leaves out the lines that are not."""
        return [block for block in self.blocks if isinstance(block, BeforeAfter) or all(key in kpis for key in block.keys)]

    def dimensions(self) -> list[str]:
        """What the page can be filtered and split by: everything that one of its KPIs knows, the common ones first."""
        found: dict[str, int] = {}
        for kpi in {kpi.key: kpi for kpi in (*self.shown(), *known(self.split_keys()))}.values():
            for key in kpi.dimensions:
                found[key] = found.get(key, 0) + 1
        return sorted(found, key=lambda key: -found[key])

    def split_keys(self) -> list[str]:
        return [block.key for block in self.blocks if isinstance(block, Split)]


def known(keys: Sequence[str]) -> Iterator[Kpi]:
    return (kpis[key] for key in keys if key in kpis)


boards: Registry[Board] = Registry("Board")


def add_board(key: str, name: Any, asks: Any, cards: Sequence[str], blocks: Sequence[Block]) -> None:
    boards.register(key, Board(key, name, asks, tuple(cards), tuple(blocks)))


add_board(
    "sales",
    _("Sales"),
    _("What did we sell, to whom, and who sold it?"),
    (
        "won_amount", "goal_attainment", "goal_pace", "deals_won", "win_rate", "close_rate", "average_deal_size", "average_discount_rate", "sales_cycle_length", "revenue",
        "average_order_value", "new_customer_revenue", "net_new_revenue", "upsell_rate", "expansion_revenue",
    ),
    (
        Course("won_amount"), Course("win_rate"), Split("won_amount", "owner"), Split("won_amount", "source"),
        Split("win_rate", "owner"), Split("loss_reason_share", "reason"), Split("revenue", "product"),
        Split("average_discount_rate", "owner"), Split("average_discount_rate", "product"),
        Split("revenue", "segment"),
    ),
)  # fmt: skip
add_board(
    "pipeline",
    _("Pipeline"),
    _("What is on its way, and where does it get stuck?"),
    (
        "open_pipeline", "weighted_pipeline", "pipeline_coverage", "pipeline_created", "sales_velocity", "pipeline_velocity",
        "stale_deal_rate", "slipped_deal_rate", "next_step_coverage", "pipeline_activities", "forecast_accuracy",
    ),
    (
        Split("stage_conversion_rate", "stage"), Split("time_in_stage", "stage"), Split("open_pipeline", "stage"),
        Split("weighted_pipeline", "stage"), Course("open_pipeline"), Course("pipeline_created"), Split("stale_deals", "stage"),
        Split("slipped_deal_rate", "owner"),
    ),
)  # fmt: skip
add_board(
    "customers",
    _("Customers"),
    _("Who stays, who leaves, and what is a customer worth?"),
    (
        "active_customers", "customer_churn_rate", "net_customer_loss_rate", "customer_retention_rate", "repeat_customer_rate",
        "purchase_frequency", "purchase_interval", "revenue_per_customer", "top_customer_share",
        "customer_retention_cost_per_customer", "renewal_rate", "mrr", "nrr", "grr", "clv_historic", "clv_simple",
        "customer_lifetime_median",
    ),
    (
        Bridge(
            "customers",
            _("Customers from start to end"),
            "active_customers",
            (("new_customers", 1), ("reactivated_customers", 1), ("churned_customers", -1)),
        ),
        Bridge(
            "mrr",
            _("Monthly recurring revenue from start to end"),
            "mrr",
            (("new_mrr", 1), ("expansion_mrr", 1), ("reactivation_mrr", 1), ("contraction_mrr", -1), ("churned_mrr", -1)),
        ),
        Triangle("cohorts", _("Who stays, by the month of the first purchase"), "cohort_retention", "cohort_age", "new_customers"),
        Course("customer_churn_rate"), Course("active_customers"), Split("churned_customers", "segment"),
        Split("customer_churn_rate", "segment"), Split("churned_customers", "owner"), Split("active_customers", "source"),
    ),
)  # fmt: skip
add_board(
    "marketing",
    _("Marketing"),
    _("Which sources give customers, and what do they cost?"),
    (
        "leads_created", "cost_per_lead", "cac", "cac_payback", "ltv_cac", "marketing_roi", "roas", "lead_conversion_rate",
        "lead_response_time", "traffic_to_lead_rate", "landing_page_conversion_rate", "clicks_without_conversion",
        "signups_captured", "email_delivery_rate", "email_open_rate", "email_click_rate", "email_conversion_rate",
        "unsubscribe_rate", "hot_lead_share", "lead_score_auc", "lead_score_lift", "lead_score_calibration",
    ),
    (
        Steps("funnel", _("From visit to customer"), ("website_visitors", "leads_created", "deals_created", "deals_won", "new_customers")),
        Split("ltv_cac", "source"), Split("cac", "source"), Split("customer_origin", "source"), Split("marketing_roi", "campaign"), Split("new_customers", "source"),
        Split("new_customer_revenue", "source"), Split("leads_created", "source"), Split("lead_conversion_rate", "source"),
        Split("lead_conversion_rate", "score_band"), Split("cost_per_lead", "source"), Split("website_sessions", "source"), Split("landing_page_conversion_rate", "landing_page"),
        Split("email_click_rate", "campaign"), Split("email_conversion_rate", "campaign"),
        Course("leads_created"), Course("website_visitors"),
    ),
)  # fmt: skip
add_board(
    "service",
    _("Service"),
    _("Do customers get help in time?"),
    (
        "tickets_created", "tickets_solved", "ticket_backlog", "first_response_time", "resolution_time", "sla_attainment",
        "reopen_rate", "fcr", "tickets_per_customer",
    ),
    (
        Course("tickets_created"), Course("ticket_backlog"), Course("first_response_time"), Course("sla_attainment"),
        Split("tickets_created", "channel"), Split("tickets_created", "type"), Split("ticket_backlog", "owner"),
        Split("resolution_time", "priority"), Split("sla_attainment", "queue"), Split("tickets_created", "company"),
    ),
)  # fmt: skip
add_board(
    "voice",
    _("Voice"),
    _("Are customers happy, and is it easy for them?"),
    ("nps", "csat", "csat_mean", "ces", "ces_ease_rate", "survey_response_rate"),
    (
        Course("nps"), Course("csat"), Course("ces"), Course("survey_response_rate"), Split("nps", "segment"), Split("csat", "owner"),
        Split("csat", "channel"), Split("channel_preference", "channel"),
    ),
)  # fmt: skip
add_board(
    "team",
    _("Team"),
    _("Who uses the CRM, and what does the work bring in?"),
    (
        "user_adoption_rate", "dau", "wau", "mau", "stickiness", "login_frequency", "records_created", "activities_per_rep",
        "revenue_per_rep", "deals_won_per_rep", "rep_ramp_time", "overdue_task_rate", "lead_abandonment_rate", "quota_attainment",
    ),
    (
        Course("user_adoption_rate"), Course("login_frequency"), Course("records_created"), Split("user_adoption_rate", "team"),
        Split("login_frequency", "user"), Split("records_created", "user"),
        Split("records_created", "entity_type"), Split("activities_per_rep", "owner"), Split("pipeline_activities", "owner"),
        Split("lead_abandonment_rate", "owner"), Split("overdue_task_rate", "owner"), Split("revenue_per_rep", "team"),
    ),
)  # fmt: skip
add_board(
    "quality",
    _("Data quality"),
    _("Can the other numbers be relied on?"),
    ("data_completeness", "complete_record_rate", "duplicate_rate", "data_accuracy_rate", "data_freshness"),
    (
        Course("data_completeness"), Course("complete_record_rate"), Split("data_completeness", "field"),
        Split("data_completeness", "entity_type"), Split("complete_record_rate", "entity_type"),
        Split("complete_record_rate", "owner"), Split("duplicate_rate", "entity_type"), Split("data_accuracy_rate", "field"),
        Split("data_freshness", "entity_type"), Split("data_freshness", "owner"), Course("data_freshness"),
    ),
)  # fmt: skip
add_board(
    "go_live",
    _("Before / after go-live"),
    _("What has changed since the CRM has been in use?"),
    ("crm_roi", "crm_lift"),
    (
        BeforeAfter(
            "before_after",
            _("Before and after"),
            (
                "close_rate", "win_rate", "sales_cycle_length", "average_deal_size", "won_amount", "deals_won", "upsell_rate",
                "lead_conversion_rate", "lead_response_time", "revenue", "customer_retention_rate", "repeat_customer_rate",
                "first_response_time", "resolution_time", "sla_attainment", "csat", "nps", "ces",
            ),
        ),
    ),
)  # fmt: skip
