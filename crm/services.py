"""What administrators do: users, teams, rates, the organisation."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from . import events, periods
from .changes import apply, clean
from .models import ExchangeRate, Organisation, Team, User, UserSpan

SPAN_FIELDS = ("role", "team_id", "carries_quota", "fte_percent")


@transaction.atomic
def save_user(user: User, *, password: str | None = None, since: dt.date | None = None, **changes: Any) -> User:
    """Creates or changes a user and keeps the history of role, team and working time (`UserSpan`) from `since`, today by default.

    Without a password a new user cannot sign in until one is set by mail.
    """
    new_user = user.pk is None
    old, new = apply(user, changes)
    if password is not None:
        user.set_password(password)
    elif new_user and not user.password:
        user.set_unusable_password()
    clean(user)
    user.save()
    if new_user or new:
        kind = "user.created" if new_user else "user.changed"
        events.record(kind, user, old=old, new=new)
        write_span(user, since or periods.today())
    return user


def write_span(user: User, since: dt.date) -> None:
    """Ends the present span where the user changed and starts the next; an inactive user has no present span."""
    present = user.spans.filter(end__isnull=True).first()
    values = {name: getattr(user, name) for name in SPAN_FIELDS}
    if present and user.is_active and all(getattr(present, name) == value for name, value in values.items()):
        return
    if present:
        if present.start >= since:
            since = present.start
            present.delete()
        else:
            UserSpan.objects.filter(pk=present.pk).update(end=since)
    if user.is_active and not user.is_service:
        UserSpan.objects.create(user=user, start=since, **values)


@transaction.atomic
def save_team(team: Team, **changes: Any) -> Team:
    """Creates or changes a team; a team cannot be below itself."""
    new_team = team.pk is None
    old, new = apply(team, changes)
    above = team.parent
    while above is not None:
        if above.pk == team.pk and team.pk is not None:
            raise ValidationError({"parent": _("A team cannot be part of itself.")})
        above = above.parent
    clean(team)
    team.save()
    if new_team or new:
        events.record("team.created" if new_team else "team.changed", team, old=old, new=new)
    return team


@transaction.atomic
def set_rate(currency: str, date: dt.date, rate: Decimal) -> ExchangeRate:
    """Writes the rate from that day on. Subscribers of "rate.changed" convert again what the day and later days touch."""
    row = ExchangeRate.objects.filter(currency=currency, date=date).first() or ExchangeRate(currency=currency, date=date)
    new_row = row.pk is None
    old, new = apply(row, {"rate": rate})
    clean(row)
    if new_row or new:
        row.save()
        events.record("rate.changed", row, old=old, new={"currency": currency, "date": date, "rate": rate})
    return row


@transaction.atomic
def delete_rate(row: ExchangeRate) -> None:
    """Takes a rate away; the one before it holds again."""
    events.record(
        "rate.changed",
        row,
        old={"currency": row.currency, "date": row.date, "rate": row.rate},
        new={"currency": row.currency, "date": row.date},
    )
    row.delete()


@transaction.atomic
def save_organisation(organisation: Organisation, **changes: Any) -> Organisation:
    """Changes the settings. A new time zone, base currency or KPI window makes all numbers be computed anew."""
    old, new = apply(organisation, changes)
    clean(organisation)
    organisation.save()
    if new:
        events.record("organisation.changed", organisation, old=old, new=new)
    return organisation
