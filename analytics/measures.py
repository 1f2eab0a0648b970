"""Measures of the kernel's own records: users at work. And the dimensions that all apps share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from babel import Locale
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from crm import periods
from crm.models import ActiveDay, Team, User, UserSpan
from crm.models.users import Role
from crm.periods import Period

from .registry import METRIC, Kpi, Parts, add_kpi, kpis, quotient, total
from .sources import Amount, DailySource, Measure, PeopleSource, WindowSource, add_dimension, add_source, names_from

PRIORITIES = {"low": _("Low"), "normal": _("Normal"), "high": _("High"), "urgent": _("Urgent")}


def priority_names(members: Any) -> dict[str, str]:
    """The usual four in the reader's language; another stands for itself."""
    return {member: str(PRIORITIES.get(member, member)) for member in members if member}


def metric_names(members: Any) -> dict[str, str]:
    """Numbers that other numbers can be about, by key."""
    return {member: kpis[member].name for member in members if member in kpis and kpis[member].may_be_aimed_at}


def country_names(members: Any) -> dict[str, str]:
    """ISO codes to the countries' names in the reader's language."""
    territories = Locale.parse((get_language() or "en").replace("-", "_")).territories
    return {member: str(territories.get(member, member)) for member in members if member}


add_dimension(METRIC, _("Number"), metric_names)
add_dimension("owner", _("Owner"), names_from(User))
add_dimension("user", _("User"), names_from(User))
add_dimension("team", _("Team"), names_from(Team))
add_dimension("role", _("Role"), lambda members: {member: str(Role(member).label) for member in members if member in Role.values})
add_dimension("source", _("Source"))
add_dimension("segment", _("Industry"))
add_dimension("campaign", _("Campaign"))
add_dimension("channel", _("Channel"))
add_dimension("landing_page", _("Landing page"))
add_dimension("country", _("Country"), country_names)
add_dimension("priority", _("Priority"), priority_names)

PEOPLE = {"team": "team_id", "role": "role", "user": "user_id"}
WORKING_DAYS = Q(day__week_day__in=[2, 3, 4, 5, 6])  # Monday to Friday


def _seen() -> QuerySet:
    return ActiveDay.objects.filter(user__is_service=False)


add_source(
    DailySource(
        "users.active",
        (Measure("active_days"), Measure("active_working_days", WORKING_DAYS)),
        PEOPLE,
        ("crm.user", "user_id"),
        rows=_seen,
        day="day",
    )
)


def _last_seen(days: int) -> Any:
    """One row per user active in the last `days` days before the period's end: the last one, with the team and role it had."""

    def rows(period: Period) -> QuerySet:
        end = min(period.end, periods.today() + dt.timedelta(days=1))
        inside = {"day__gte": end - dt.timedelta(days=days), "day__lt": end}
        later = ActiveDay.objects.filter(user=OuterRef("user"), day__gt=OuterRef("day"), **inside)
        return _seen().filter(~Exists(later), **inside)

    return rows


for key, days in (("users.week", 7), ("users.month", 30)):
    add_source(
        WindowSource(
            key,
            (Measure(f"users_in_{days}_days"),),
            PEOPLE,
            ("crm.user", "user_id"),
            rows=_last_seen(days),
            day="day",
            depends=("users.active",),
            at_end=True,
        )
    )


def _licensed(wanted: Sequence[Period]) -> list[list[Amount]]:
    """Per stretch of a user's working life, its days inside each period up to today: licensed days, and full-time-equivalent days
    of quota carriers in percent of a day."""
    spans = list(UserSpan.objects.filter(user__is_service=False).order_by("user_id", "start"))
    tomorrow = periods.today() + dt.timedelta(days=1)
    return [[amount for span in spans if (amount := _days_of(span, period, tomorrow))] for period in wanted]


def _days_of(span: UserSpan, period: Period, tomorrow: dt.date) -> Amount | None:
    end = min(period.end, tomorrow)
    days = (min(span.end or end, end) - max(span.start, period.start)).days
    if days <= 0:
        return None
    members = {"team": str(span.team_id or ""), "role": span.role, "user": str(span.user_id), "owner": str(span.user_id)}
    return span.user_id, members, {"licensed_days": days, "rep_days": days * span.fte_percent if span.carries_quota else 0}


add_source(
    PeopleSource(
        "users.licensed",
        (Measure("licensed_days"), Measure("rep_days")),
        {**PEOPLE, "owner": "user_id"},
        ("crm.user", "user_id"),
        amounts=_licensed,
        depends=("users.spans",),
    )
)


def _stickiness(terms: Any) -> Parts:
    mean = (terms["numerator"] or 0) / 30
    parts = quotient({"numerator": mean, "denominator": terms["denominator"]})
    return Parts(None if parts.value is None else 100 * parts.value, mean, parts.denominator, parts.reason)


def _held_at_end(period: Period) -> QuerySet:
    """One row per user licensed at the period's end, or today while it runs, with the team and role of then; `acted`: whether
    something was done in the period, on whichever team. None before the period has begun."""
    tomorrow = periods.today() + dt.timedelta(days=1)
    end = min(period.end, tomorrow)
    did = ActiveDay.objects.filter(user=OuterRef("user"), acted=True, day__gte=period.start, day__lt=end)
    licensed = UserSpan.objects.filter(Q(end__isnull=True) | Q(end__gte=end), user__is_service=False, start__lt=end)
    return licensed.annotate(acted=Exists(did)).filter(Q() if period.start < tomorrow else Q(pk__in=[]))


add_source(
    WindowSource(
        "users.acting",
        (Measure("users_licensed"), Measure("users_acting", Q(acted=True))),
        PEOPLE,
        ("crm.user", "user_id"),
        rows=_held_at_end,
        day="start",
        depends=("users.active", "users.spans"),
    )
)


ADOPTION: dict[str, Any] = {"area": "adoption", "dimensions": ("team", "role", "user")}

add_kpi(
    Kpi(
        "login_frequency",
        {"en": "User login frequency", "fr": "Fréquence de connexion des utilisateurs", "es": "Frecuencia de inicio de sesión"},
        _("On how many days a week a licensed user works in Sextant."),
        _("days on which users were active / (licensed users × weeks)"),
        _("the local day on which a user did something; a long session counts on each of its days"),
        unit="ratio",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("active_days"), "denominator": total("licensed_days", per=7)},
        left_out_note=_("Service accounts are left out. Holidays lower the number."),
        order=10,
        **ADOPTION,
    )
)


def _working_days(terms: Any) -> Parts:
    return quotient({"numerator": terms["numerator"], "denominator": terms["working_days"]})


add_kpi(
    Kpi(
        "dau",
        {"en": "Daily active users", "fr": "Utilisateurs actifs quotidiens", "es": "Usuarios activos diarios"},
        _("How many users were active on a working day, on average."),
        _("users active on each working day, added up / working days"),
        _("the local day on which a user did something"),
        unit="count",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("active_working_days")},
        calculate=_working_days,
        left_out_note=_("Saturdays, Sundays and service accounts are left out."),
        order=20,
        **ADOPTION,
    )
)
add_kpi(
    Kpi(
        "wau",
        {"en": "Weekly active users", "fr": "Utilisateurs actifs hebdomadaires", "es": "Usuarios activos semanales"},
        _("How many different users were active in the seven days before the period's end."),
        _("count of different users active in the last 7 days of the period"),
        _("the local day on which a user did something"),
        unit="count",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("users_in_7_days")},
        left_out_note=_("Service accounts are left out."),
        order=30,
        **ADOPTION,
    )
)
add_kpi(
    Kpi(
        "mau",
        {"en": "Monthly active users", "fr": "Utilisateurs actifs mensuels", "es": "Usuarios activos mensuales"},
        _("How many different users were active in the thirty days before the period's end."),
        _("count of different users active in the last 30 days of the period"),
        _("the local day on which a user did something"),
        unit="count",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("users_in_30_days")},
        left_out_note=_("Service accounts are left out."),
        order=40,
        **ADOPTION,
    )
)
add_kpi(
    Kpi(
        "stickiness",
        {"en": "Stickiness (DAU/MAU)", "fr": "Régularité d’usage (DAU/MAU)", "es": "Adherencia (DAU/MAU)"},
        _("How much of the month's users come on an average day: do people use it daily, or now and then?"),
        _("100 × mean daily active users over the 30 days before the period's end / monthly active users"),
        _("the local day on which a user did something"),
        unit="percent",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("active_days", trailing=30), "denominator": total("users_in_30_days")},
        calculate=_stickiness,
        left_out_note=_(
            "All days count, so a team that works five days a week tops out near 71 %. Service accounts are left out."
        ),
        order=50,
        **ADOPTION,
    )
)
add_kpi(
    Kpi(
        "user_adoption_rate",
        {"en": "CRM adoption rate", "fr": "Taux d’adoption du CRM", "es": "Tasa de adopción del CRM"},
        _("Which share of the licensed users works in Sextant, instead of only looking."),
        _("100 × licensed users who created, changed or logged something in the period / users licensed at its end"),
        _(
            "the local day on which it was entered, whatever date it bears; the licence at the period's end, or today while it runs"
        ),
        unit="percent",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("users_acting"), "denominator": total("users_licensed")},
        left_out_note=_(
            "Signing in and looking do not count, nor does changing users and settings, nor what imports and the API do. "
            "Whoever joined during the period is in it. Service accounts are left out."
        ),
        subset=True,
        order=5,
        **ADOPTION,
    )
)
