"""Measures of companies, people and leads: what is counted, by which date, over which rows. The KPIs are in `contacts.kpis`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from babel import Locale
from django.db.models import BigIntegerField, Case, CharField, Exists, F, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Lower, Trim, TruncDate
from django.utils.translation import gettext_lazy as _

from analytics.registry import Ref, Term
from analytics.sources import DailySource, Measure, StockSource, add_dimension, add_source, names_from, windows
from crm.events import HUMAN, Origin
from crm.models import Organisation
from crm.periods import organisation_zone

from .choices import TOUCHES, ActivityKind
from .freshness import keep_fresh
from .models import Activity, Company, FreshSpan, Lead, LeadFacts, Person, PersonEmail, PersonPhone, Task, UntouchedSpan
from .scores import BAND, HOT, WHOLE

DAY_SECONDS = 86_400
ENTITIES: dict[str, Any] = {}  # entity -> its label; upper apps add theirs through `add_entity`
FIELDS: dict[str, Any] = {}  # "company.domain" -> the field's label


add_dimension(
    "entity_type", _("Record type"), lambda members: {member: str(ENTITIES[member]) for member in members if member in ENTITIES}
)
add_dimension(
    "activity_type",
    _("Activity"),
    lambda members: {member: str(ActivityKind(member).label) for member in members if member in ActivityKind.values},
)


def field_names(members: Sequence[str]) -> dict[str, str]:
    """Each with its record type, because several types have an owner, a source or a company."""
    return {one: f"{FIELDS[one]} ({ENTITIES[one.partition('.')[0]]})" for one in members if one in FIELDS}


add_dimension("field", _("Field"), field_names)


def _sees_company(user: Any, member: str) -> bool:
    return member.isdecimal() and Company.objects.visible_to(user).filter(pk=member).exists()


add_dimension("company", _("Company"), names_from(Company), visible=_sees_company)


def within(column: str, setting: str) -> Callable[[], Q]:
    """Rows whose seconds lie within the organisation's window of that many days (half-open: anchor + w is outside)."""
    return lambda: Q(**{f"{column}__lt": getattr(Organisation.current(), setting) * DAY_SECONDS})


#: What people type to get past a required field, in any case and with blanks around.
PLACEHOLDERS = ("", "-", "–", ".", "?", "n/a", "none", "unknown", "xxx")

for _transform in (Trim, Lower):
    CharField.register_lookup(_transform)


def filled(name: str) -> Q:
    """A text field with something in it; placeholders count as empty."""
    return ~Q(**{f"{name}__trim__lower__in": PLACEHOLDERS})


def present(name: str) -> Q:
    """A field that is not null."""
    return Q(**{f"{name}__isnull": False})


#: entity -> its required fields that have a test, in order of registration.
VALID: dict[str, tuple[str, ...]] = {}
#: One @ with something before it, and behind it names with dots between them.
ADDRESS = r"^[^@ ]+@[^@ .]+(\.[^@ .]+)+$"
#: Two letters that stand for a country; the others of the list stand for unions and for none.
COUNTRIES = sorted({code for code in Locale("en").territories if len(code) == 2} - {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"})


def add_entity(
    entity: str,
    plural: str,
    label: Any,
    model: Any,
    rows: Callable[[], QuerySet],
    required: dict[str, tuple[Any, Q]],
    valid: dict[str, Q],
) -> None:
    """Counts a kind of record for `records_created`, `data_completeness` and what else is said of its quality.

    required: field -> (label, predicate that it is filled); valid: those with a test -> predicate that what is filled in passes it
    (`data_accuracy_rate`). Both read the fields as they are today, for the records that
    there were at a day's end.
    """
    ENTITIES[entity] = label
    subject = (model._meta.label_lower, "pk")
    add_source(
        DailySource(
            f"{plural}.made",
            (
                Measure(f"{plural}_made", Q(origin__in=HUMAN)),
                Measure(f"{plural}_made_otherwise", ~Q(origin__in=HUMAN)),
            ),
            {"user": "created_by_id", "team": "created_by_team_id", "source": "source"},
            subject,
            rows=lambda: model._default_manager.filter(undated=False),
            day="created_day",
        )
    )
    measures = [Measure(f"{plural}_held")]
    complete = Q()
    for name, (text, predicate) in required.items():
        FIELDS[f"{entity}.{name}"] = text
        measures.append(Measure(f"{plural}_with_{name}", predicate))
        complete &= predicate
    measures.append(Measure(f"{plural}_complete", complete))
    measures += [Measure(f"{plural}_valid_{name}", required[name][1] & passes) for name, passes in valid.items()]
    VALID[entity] = tuple(valid)
    add_source(
        StockSource(
            f"{plural}.held",
            tuple(measures),
            {"owner": "owner_id", "team": "team_id", "source": "source"},
            subject,
            rows=rows,
            start="created_day",
            opened=f"{plural}.held",
        )
    )
    COMPLETENESS[entity] = (plural, tuple(required))
    keep_fresh(entity, plural, model)
    add_source(
        StockSource(
            f"{plural}.fresh",
            (Measure(f"{plural}_fresh"),),
            {"owner": "owner_id", "team": "team_id"},
            (model._meta.label_lower, "record_id"),
            rows=lambda: FreshSpan.objects.filter(entity=entity),
            start="start_day",
            end="end_day",
            opened=f"{plural}.fresh_in",
            left=f"{plural}.fresh_out",
            until_now=True,
        )
    )


#: entity -> (plural, required fields), in order of registration.
COMPLETENESS: dict[str, tuple[str, tuple[str, ...]]] = {}


def _people() -> QuerySet:
    emails, phones = (model.objects.filter(person=OuterRef("pk")) for model in (PersonEmail, PersonPhone))
    return Person.objects.annotate(
        has_email=Exists(emails),
        has_phone=Exists(phones),
        has_bad_email=Exists(emails.exclude(email__regex=ADDRESS)),
        has_bad_phone=Exists(phones.filter(e164="")),
    )


add_entity(
    "company",
    "companies",
    _("Companies"),
    Company,
    Company.objects.all,
    {
        "domain": (_("Domain"), filled("domain")),
        "industry": (_("Industry"), filled("industry")),
        "country": (_("Country"), filled("country")),
        "employees": (_("Employees"), present("employees")),
        "owner": (_("Owner"), present("owner")),
    },
    {"country": Q(country__in=COUNTRIES)},
)
add_entity(
    "person",
    "people",
    _("People"),
    Person,
    _people,
    {
        "company": (_("Company"), present("company")),
        "email": (_("E-mail"), Q(has_email=True)),
        "phone": (_("Phone"), Q(has_phone=True)),
        "title": (_("Job title"), filled("title")),
        "owner": (_("Owner"), present("owner")),
    },
    {"email": Q(has_bad_email=False), "phone": Q(has_bad_phone=False)},
)
add_entity(
    "lead",
    "leads",
    _("Leads"),
    Lead,
    Lead.objects.all,
    {
        "email": (_("E-mail"), filled("email")),
        "company": (_("Company"), filled("company_name")),
        "source": (_("Source"), filled("source")),
        "owner": (_("Owner"), present("owner")),
    },
    {"email": Q(email__regex=ADDRESS)},
)


def _customers() -> QuerySet:
    """Companies that bought; the day is worked out, because the date is the deals' to keep."""
    day = TruncDate("customer_since", tzinfo=organisation_zone())
    return Company.objects.filter(customer_since__isnull=False).annotate(customer_day=day)


add_source(
    StockSource(
        "customers.active",
        (Measure("customers"),),
        {"segment": "industry", "country": "country"},
        ("contacts.company", "pk"),
        rows=_customers,
        start="customer_day",
        opened="customers.active",
    )
)


def _lead_dimensions(prefix: str) -> dict[str, str]:
    return {
        "owner": f"{prefix}owner_id",
        "team": f"{prefix}team_id",
        "source": "lead__source",
        "campaign": "lead__campaign",
        "channel": "lead__medium",
        "segment": "lead__company__industry",
    }


LEAD = ("contacts.lead", "lead_id")
#: Captured on the website: by a web form, or known to have come by one of its pages.
FROM_WEB = Q(lead__origin=Origin.FORM) | ~Q(lead__landing_page="")
QUICK = 60 * 60  # seconds within which a new lead should be reached
windows.register("lead_quick_days", lambda: 1)  # a day's leads have all had their hour when the next day is over


BANDS = {str(low): f"{low}–{low + BAND - 1 if low < 80 else 100}" for low in range(0, 100, BAND)}
SCORE_BAND = Case(
    *[When(early_score__gte=low, then=Value(str(low))) for low in range(80, -1, -BAND)],
    default=Value(""),
    output_field=CharField(),
)
add_dimension(
    "score_band",
    _("Score"),
    lambda members: {member: BANDS[member] for member in BANDS if member in members},
    in_order=True,
)


def _created_leads() -> QuerySet:
    """Leads that came in on a known day; `qualified`: when each was qualified, or converted without having been marked so."""
    rows = LeadFacts.objects.filter(created_day__isnull=False)
    return rows.annotate(qualified=Coalesce("lead__qualified_at", "lead__converted_at"), score_band=SCORE_BAND)


def _qualified_in_time() -> Q:
    window = dt.timedelta(days=Organisation.current().lead_conversion_window)
    return Q(qualified__gte=F("lead__created_at"), qualified__lt=F("lead__created_at") + window)


QUALIFIED_EARLY = Q(qualified__lt=F("lead__created_at"))
TOUCHED_EARLY = Q(response_day__isnull=False, response_seconds__isnull=True)

add_source(
    DailySource(
        "leads.created",
        (
            Measure("leads_created"),
            Measure("leads_new", Q(was_customer=False)),
            Measure("leads_of_customers", Q(was_customer=True)),
            Measure(
                "leads_become_customers", lambda: Q(was_customer=False) & within("customer_seconds", "lead_conversion_window")()
            ),
            Measure("leads_abandoned", within("abandon_seconds", "lead_abandonment_window")),
            Measure("leads_qualified", _qualified_in_time),
            Measure("leads_qualifiable", Q(qualified__isnull=True) | Q(qualified__gte=F("lead__created_at"))),
            Measure("leads_qualified_early", QUALIFIED_EARLY),
            Measure("leads_quick", Q(response_seconds__lt=QUICK)),
            Measure("leads_to_reach", Q(response_day__isnull=True) | Q(response_seconds__isnull=False)),
            Measure("leads_touched_early", TOUCHED_EARLY),
            Measure("leads_from_web", FROM_WEB),
            Measure("leads_hot", Q(early_score__gte=HOT)),
            Measure("leads_scored", Q(early_score__isnull=False)),
        ),
        {**_lead_dimensions("created_"), "landing_page": "lead__landing_page", "score_band": "score_band"},
        LEAD,
        rows=_created_leads,
        day="created_day",
    )
)


def _judged_leads() -> QuerySet:
    """Leads whose score stood before it was known what became of them: of accounts that were no customers when they came, nor within
    the day after which the score is read. `outcome`: 1 for those that became one in time; `error`: of the chance, squared."""
    rows = LeadFacts.objects.filter(
        Q(customer_seconds__isnull=True) | Q(customer_seconds__gte=DAY_SECONDS),
        created_day__isnull=False,
        was_customer=False,
        early_score__isnull=False,
    )
    bought = within("customer_seconds", "lead_conversion_window")()
    rows = rows.annotate(outcome=Case(When(bought, then=Value(1)), default=Value(0), output_field=BigIntegerField()))
    missed = Cast("early_chance", BigIntegerField()) - WHOLE * F("outcome")
    return rows.annotate(scored_outcome=F("early_score") * 2 + F("outcome"), error=missed * missed)


add_source(
    DailySource(
        "leads.judged",
        (
            Measure("leads_judged"),
            Measure("leads_judged_bought", Q(outcome=1)),
            Measure("score_and_outcome", value="scored_outcome"),
            Measure("leads_predicted", Q(early_chance__isnull=False)),
            Measure("prediction_error", Q(early_chance__isnull=False), "error"),
        ),
        _lead_dimensions("created_"),
        LEAD,
        rows=_judged_leads,
        day="created_day",
    )
)
add_source(
    DailySource(
        "leads.converted",
        (Measure("leads_converted"),),
        _lead_dimensions("converted_"),
        LEAD,
        rows=lambda: LeadFacts.objects.filter(converted_day__isnull=False),
        day="converted_day",
    )
)
add_source(
    DailySource(
        "leads.responded",
        (
            Measure("lead_response", Q(response_seconds__isnull=False), "response_seconds"),
            Measure("lead_response_unclear", Q(response_seconds__isnull=True)),
        ),
        _lead_dimensions("response_"),
        LEAD,
        rows=lambda: LeadFacts.objects.filter(response_day__isnull=False),
        day="response_day",
    )
)
add_source(
    StockSource(
        "leads.untouched",
        (Measure("leads_untouched"),),
        _lead_dimensions(""),
        LEAD,
        rows=UntouchedSpan.objects.all,
        start="start_day",
        end="end_day",
        opened="leads.untouched_in",
        left="leads.untouched_out",
    )
)


add_source(
    DailySource(
        "activities.done",
        (Measure("activities_done"),),
        {"owner": "owner_id", "team": "team_id", "activity_type": "kind"},
        ("contacts.activity", "pk"),
        rows=lambda: Activity.objects.filter(kind__in=TOUCHES, by_machine=False),
        day="day",
    )
)


windows.register("task_due_days", lambda: 0)  # whether a task is done in time is known when its day is over
LATE = Q(missed_at__isnull=False) | Q(done_at__isnull=True) | Q(done_at__gt=F("due_at"))

add_source(
    DailySource(
        "tasks.due",
        (Measure("tasks_due"), Measure("tasks_overdue", LATE)),
        {"owner": "owner_id", "team": "team_id"},
        ("contacts.task", "pk"),
        rows=lambda: Task.objects.filter(due_day__isnull=False),
        day="due_day",
    )
)


def completeness_terms() -> dict[str, Term]:
    """Numerator and denominator of `data_completeness` over all entities registered by now."""
    top, bottom = [], []
    for entity, (plural, names) in COMPLETENESS.items():
        for name in names:
            tags = {"entity_type": entity, "field": f"{entity}.{name}"}
            top.append(Ref(f"{plural}_with_{name}", tags))
            bottom.append(Ref(f"{plural}_held", tags))
    return {"numerator": Term(tuple(top)), "denominator": Term(tuple(bottom))}


def whole_terms() -> dict[str, Term]:
    """Numerator and denominator of `complete_record_rate` over all entities registered by now."""
    tags = [(plural, {"entity_type": entity}) for entity, (plural, _names) in COMPLETENESS.items()]
    top, bottom = ([Ref(f"{plural}_{what}", tag) for plural, tag in tags] for what in ("complete", "held"))
    return {"numerator": Term(tuple(top)), "denominator": Term(tuple(bottom))}


def created_term(suffix: str = "made") -> Term:
    """Records created by people, over all entities registered by now."""
    return Term(tuple(Ref(f"{plural}_{suffix}", {"entity_type": entity}) for entity, (plural, _names) in COMPLETENESS.items()))
