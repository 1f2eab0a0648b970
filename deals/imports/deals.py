"""Importing deals with their real dates, owners, stages and outcomes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.common import checked, import_day, owner_of
from contacts.imports.companies import References as Companies
from contacts.imports.people import find_person
from contacts.models import Company, Person
from crm.imports.engine import Plan, Step, refuse_by
from crm.imports.errors import FileRefused
from crm.imports.index import Found, Index
from crm.imports.parsing import fold
from crm.imports.registry import Field, Kind, Row, register
from crm.models import User

from .. import bulk
from ..choices import PersonRole, Status
from ..models import Deal, DealLine, LossReason, Pipeline, Product, Stage
from .changes import change
from .products import References as Products
from .stages import Pipelines, is_closing, outcome
from .worklife import backdate


def title_key(title: str, company_id: int | None, created: dt.datetime | None) -> str:
    return f"t:{fold(title)}|{company_id or ''}|{created.isoformat() if created else ''}"


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Deal.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for pk, number, title, company, created, undated in rows.values_list(
        "pk", "number", "title", "company_id", "created_at", "undated"
    ).iterator():
        yield pk, (f"n:{number.lower()}", title_key(title, company, None if undated else created))


def index_of(step: Step) -> Index:
    return step.index("deals", load)


@dataclass
class Wanted:
    """What a row says about its deal, after every word in it was understood; None where it says nothing."""

    row: Row
    title: str
    company: Company | None = None
    owner: User | None = None
    product: Product | None = None
    person: Person | None = None
    pipeline: Pipeline | None = None
    stage: Stage | None = None
    status: str | None = None
    closed_at: dt.datetime | None = None
    reason: LossReason | None = None
    currency: str | None = None
    amount: int | None = None
    quantity: Any = None
    plain: dict[str, Any] = field(default_factory=dict)

    def line(self) -> DealLine | None:
        """The deal's one line, when the row gives product and quantity and the amount can be divided by it."""
        if self.product is None or not self.quantity:
            return None
        price = self.product.price if self.amount is None else int(self.amount / self.quantity)
        if price is None or (self.amount is not None and price * self.quantity != self.amount):
            return None
        return DealLine(product=self.product, quantity=self.quantity, unit_price=price)


@register
class Deals(Kind):
    """Deals; the same one has that number, else that title, company and creation date."""

    key = "deals"
    label = gettext_lazy("Deals")
    needs = (("deal", "add"),)
    required = (("number", "title", "company"),)
    surveyed = ("pipeline", "stage", "status")
    fields = (
        Field("number", gettext_lazy("Number"), limit=40, headings=("id", "deal id", "opportunity id", "record id", "deal - id")),
        Field("title", gettext_lazy("Deal"), headings=("deal name", "opportunity", "opportunity name", "deal - title", "name")),
        Field(
            "company",
            gettext_lazy("Company"),
            headings=("account", "account name", "company name", "organization", "deal - organization", "organization - name"),
        ),
        Field("person", gettext_lazy("Person"), headings=("contact", "contact person", "person - name", "associated contact")),
        Field("pipeline", gettext_lazy("Pipeline"), limit=80, headings=("deal - pipeline",)),
        Field("stage", gettext_lazy("Stage"), limit=80, headings=("deal stage", "deal - stage", "sales stage")),
        Field("status", gettext_lazy("Status"), limit=80, headings=("deal - status", "deal status", "outcome")),
        Field(
            "amount", gettext_lazy("Value"), "money", headings=("amount", "deal - value", "close value", "deal value", "revenue")
        ),
        Field(
            "currency",
            gettext_lazy("Currency"),
            "currency",
            headings=("deal - currency", "deal - currency of value", "currency code"),
        ),
        Field(
            "owner",
            gettext_lazy("Owner"),
            headings=("deal owner", "deal - owner", "sales agent", "sales rep", "agent", "assigned to"),
        ),
        Field("source", gettext_lazy("Source"), limit=80, headings=("lead source", "original source")),
        Field("campaign", gettext_lazy("Campaign"), limit=120, headings=("campaign source", "utm_campaign")),
        Field("product", gettext_lazy("Product"), limit=160, headings=("product name", "main product")),
        Field("quantity", gettext_lazy("Quantity"), "decimal", headings=("qty",)),
        Field(
            "created_at",
            gettext_lazy("Created"),
            "moment",
            headings=("create date", "engage date", "created", "deal - deal created", "created date"),
        ),
        Field("first_contact_at", gettext_lazy("First contact"), "moment", headings=("first contact date",)),
        Field(
            "expected_close",
            gettext_lazy("Expected close"),
            "day",
            headings=("expected close date", "deal - expected close date"),
        ),
        Field("won_at", gettext_lazy("Won"), "moment", headings=("won time", "won date", "deal - won time")),
        Field("lost_at", gettext_lazy("Lost"), "moment", headings=("lost time", "lost date", "deal - lost time")),
        Field("closed_at", gettext_lazy("Closed"), "moment", headings=("close date", "closed date", "deal - deal closed on")),
        Field(
            "lost_reason",
            gettext_lazy("Loss reason"),
            limit=80,
            headings=("lost reason", "closed lost reason", "deal - lost reason"),
        ),
    )

    def check(self, plan: Plan) -> None:
        """A closing date alone does not say whether the deal was won."""
        columns = plan.columns
        if "closed_at" in columns and not {"status", "stage", "won_at", "lost_at"} & {*columns, *plan.seen}:
            raise FileRefused(
                _(
                    "The closing date alone does not say whether a deal was won or lost. Say which column does, or which dates are won and which lost."
                ),
                hint="--map status=COLUMN",
            )

    def identities(self, row: Row) -> list[str]:
        number = row.text("number")
        return [
            f"n:{number.lower()}"
            if number
            else f"t:{fold(title_of(row))}|{fold(row.text('company'))}|{row.get('created_at') or ''}"
        ]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        companies, products, pipelines = Companies(step, rows), Products(step, rows), Pipelines(step)
        reasons: dict[str, LossReason] = {}
        plans: list[tuple[Wanted, Found | None]] = []
        for row in rows:
            if row.refused:
                continue
            wanted = self._read(row, step, pipelines, reasons)
            if row.refused:
                continue
            wanted.company, wanted.product = companies.get(row), products.get(row)
            wanted.person = find_person(step, row, wanted.company)
            found = index_of(step).find(
                f"n:{row.text('number').lower()}"
                if row.text("number")
                else title_key(wanted.title, wanted.company.pk if wanted.company else None, row.get("created_at"))
            )
            if found and found.several:
                row.refuse("title", _("fits more than one deal: give the number"))
            if not row.refused:
                plans.append((wanted, found))
        known = Deal.objects.select_related("stage").in_bulk([found.pk for _wanted, found in plans if found])
        fresh: list[tuple[Wanted, bulk.NewDeal]] = []
        for wanted, found in plans:
            deal = known.get(found.pk) if found else None
            if deal is None:
                new = self._new(wanted, step, pipelines)
                if new is not None:
                    fresh.append((wanted, new))
            else:
                self._change(wanted, step, deal)
        self._write(fresh, step)

    # --- understanding a row -----------------------------------------------------------------------------------------

    def _read(self, row: Row, step: Step, pipelines: Pipelines, reasons: dict[str, LossReason]) -> Wanted:
        wanted = Wanted(row, title_of(row))
        if not wanted.title:
            row.refuse("title", _("is missing"))
        stage_text, stage_key = self._outcome(row, step, wanted)
        self._dates(row, step, wanted)
        if row.refused:
            return wanted
        if stage_text or row.text("pipeline"):
            wanted.pipeline = pipelines.pipeline(row)
        if stage_text and wanted.pipeline:
            wanted.stage = pipelines.stage(row, wanted.pipeline, stage_text, stage_key)
        wanted.owner = owner_of(row, step, "deal", new=False)
        wanted.reason = self._reason(row, step, reasons) if wanted.status == Status.LOST else None
        self._money(row, step, wanted)
        for key in ("title", "source", "campaign", "expected_close", "first_contact_at"):
            if row.get(key):
                wanted.plain[key] = row.values[key]
        return wanted

    def _outcome(self, row: Row, step: Step, wanted: Wanted) -> tuple[str, str]:
        """Sets the status; returns what is left as the stage's name, and the field it came from."""
        stage, status = row.text("stage"), row.text("status")
        key = "stage"
        wanted.status = outcome(status) or None
        if status and not wanted.status:
            if stage and stage != status:
                row.refuse("status", _("is neither open nor won nor lost"))
                return "", key
            stage, key, wanted.status = status, "status", Status.OPEN
        said = outcome(stage)
        if said in (Status.WON, Status.LOST):
            if wanted.status and wanted.status != said:
                row.refuse("stage", _("contradicts the status"))
            wanted.status, stage = said, ""
        elif stage and wanted.status is None and is_closing(step.plan.seen.get("stage", [])):
            wanted.status = Status.OPEN
        return stage, key

    def _dates(self, row: Row, step: Step, wanted: Wanted) -> None:
        won, lost, closed = row.get("won_at"), row.get("lost_at"), row.get("closed_at")
        if wanted.status is None and (won or lost):
            wanted.status = Status.WON if won and not lost else Status.LOST
            if won and lost:
                row.refuse("lost_at", _("the deal is both won and lost: map the status"))
        for key, moment in (("won_at", won), ("lost_at", lost)):
            if moment and moment > timezone.now():
                row.refuse(key, _("lies in the future"))
            elif moment and wanted.status == Status.OPEN:
                row.refuse(key, _("contradicts the status"))
        if closed and wanted.status != Status.OPEN and closed > timezone.now():
            row.refuse("closed_at", _("lies in the future"))
        if wanted.status == Status.OPEN and (won or lost or closed):
            if closed and not row.get("expected_close"):
                row.values["expected_close"] = closed.astimezone(step.zone).date()
                step.note(
                    "closed:open",
                    _("Closing dates of open deals were taken as their expected close."),
                    row.text("number") or wanted.title,
                )
            return
        if closed and wanted.status is None:
            row.refuse("closed_at", _("does not say whether the deal was won or lost"))
        if wanted.status in (Status.WON, Status.LOST):
            wanted.closed_at = (won if wanted.status == Status.WON else lost) or closed
            created = row.get("created_at")
            if wanted.closed_at and created and wanted.closed_at < created:
                row.refuse("closed_at" if closed else f"{wanted.status}_at", _("lies before the creation"))

    def _reason(self, row: Row, step: Step, reasons: dict[str, LossReason]) -> LossReason | None:
        text = row.text("lost_reason")
        if not text:
            return None
        if not reasons:
            reasons.update({fold(reason.name): reason for reason in LossReason.objects.all()})
        if fold(text) not in reasons:
            if not step.may("settings", "change"):
                row.refuse("lost_reason", _("is not in the list of loss reasons"))
                return None
            reasons[fold(text)] = LossReason.objects.create(name=text, position=len(reasons))
            step.made("loss reason", text)
        return reasons[fold(text)]

    def _money(self, row: Row, step: Step, wanted: Wanted) -> None:
        amount = row.get("amount")
        currency = row.currency_of("amount", step.organisation.base_currency)
        if amount is not None or row.get("currency"):
            wanted.currency = currency
        wanted.amount = row.minor("amount", currency)
        quantity = row.get("quantity")
        if quantity is not None and not 0 < quantity < 10**9:
            row.refuse("quantity", _("is not a quantity"))
        wanted.quantity = quantity

    # --- writing -----------------------------------------------------------------------------------------------------

    def _new(self, wanted: Wanted, step: Step, pipelines: Pipelines) -> bulk.NewDeal | None:
        row = wanted.row
        status = wanted.status or Status.OPEN
        if status != Status.OPEN and wanted.closed_at is None:
            row.refuse("status", _("the date is missing: map won_at, lost_at or closed_at"))
            return None
        pipeline = wanted.pipeline or pipelines.usual()
        if wanted.stage is None:
            wanted.stage = pipelines.beginning(pipeline) if status == Status.OPEN else pipelines.furthest(pipeline)
        created = row.get("created_at")
        if created is None:
            step.note(
                "undated",
                _("Deals without a creation date are in the pipeline since the import and count as created in no period."),
                row.text("number") or wanted.title,
            )
        if wanted.company is None:
            step.note("companyless", _("Deals without a company were kept without one."), row.text("number") or wanted.title)
        if wanted.owner is None and step.actor is not None and step.scope("deal", "change") != "all":
            wanted.owner = step.actor
        day = import_day(step)
        deal = Deal(
            number=row.text("number"),
            title=wanted.title,
            company=wanted.company,
            pipeline=pipeline,
            stage=wanted.stage,
            status=status,
            amount=wanted.amount,
            currency=wanted.currency or step.organisation.base_currency,
            product=wanted.product,
            owner=wanted.owner,
            team=wanted.owner.team if wanted.owner else None,
            created_at=created or min(day, wanted.closed_at or day),
            undated=created is None,
            won_at=wanted.closed_at if status == Status.WON else None,
            lost_at=wanted.closed_at if status == Status.LOST else None,
            lost_reason=wanted.reason,
        )
        for key, value in wanted.plain.items():
            setattr(deal, key, value)
        if not checked(self, row, deal):
            return None
        line = wanted.line()
        if wanted.quantity and line is None:
            note_quantity(step, wanted)
        return bulk.NewDeal(
            deal, people=[(wanted.person, PersonRole.CONTACT)] if wanted.person else [], lines=[line] if line else []
        )

    def _change(self, wanted: Wanted, step: Step, deal: Deal) -> None:
        row = wanted.row
        try:
            changed = change(deal, wanted, may=step.may_change(deal, "deal"))
        except ValidationError as error:
            refuse_by(row, self, error)
            return
        if not row.refused:
            row.result = "updated" if changed else "unchanged"

    def _write(self, fresh: list[tuple[Wanted, bulk.NewDeal]], step: Step) -> None:
        if not fresh:
            return
        bulk.create_many([new for _wanted, new in fresh])
        for name in backdate({new.deal.owner_id for _wanted, new in fresh if new.deal.owner_id}):
            step.note("backdated", _("The working time of imported users begins with their first deal."), name)
        index = index_of(step)
        for wanted, new in fresh:
            deal = new.deal
            index.add(
                deal.pk,
                (f"n:{deal.number.lower()}", title_key(deal.title, deal.company_id, None if deal.undated else deal.created_at)),
            )
            wanted.row.result = "created"


def title_of(row: Row) -> str:
    """The title; made from company and product as the file writes them, so that it does not depend on what was imported before."""
    if row.text("title"):
        return row.text("title")
    parts = [row.text("company"), row.text("product")]
    if not parts[0]:
        parts.append(row.text("number"))
    return " – ".join(part for part in parts if part)[:200] or row.text("number")


def note_quantity(step: Step, wanted: Wanted) -> None:
    step.note(
        "quantity",
        _("Quantities were left out where product or price is missing or the value cannot be divided by them."),
        wanted.row.text("number") or wanted.title,
    )
