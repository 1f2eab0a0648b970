"""What the kernel itself can import: users with their teams, and exchange rates. The import step as a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import events, jobs
from .imports import engine
from .imports.engine import Step
from .imports.parsing import squash
from .imports.references import find_manager, find_team, free_username, load_users, people, remember_user
from .imports.registry import Field, Kind, Row, register
from .models import ExchangeRate, ImportRun, Job, Team, User, UserSpan
from .models.users import Role
from .services import save_team, save_user, set_rate


@jobs.kind("crm.import_step", label=gettext_lazy("Import"))
def import_step(job: Job) -> None:
    """One thousand rows; the job goes on with itself until the run is done."""
    run = ImportRun.objects.get(pk=job.payload["run"])
    if engine.step(run.pk):
        job.again()
    run.refresh_from_db()
    job.progress, job.total = run.next_row, run.rows


def run_in_background(run: ImportRun) -> None:
    """Starts the run, or lets it go on, by jobs."""
    engine.start(run)
    jobs.enqueue("crm.import_step", {"run": run.pk}, key=f"run:{run.pk}", actor=run.actor)


@register
class Users(Kind):
    """Users, their teams and their managers."""

    key = "users"
    label = gettext_lazy("Users")
    needs = (("settings", "change"),)
    required = (("name", "username", "email"),)
    fields = (
        Field("username", gettext_lazy("User name"), limit=150, headings=("login", "user")),
        Field("name", gettext_lazy("Name"), limit=150, headings=("full name", "agent", "sales agent", "sales rep", "owner name")),
        Field("email", gettext_lazy("E-mail"), "email", headings=("mail", "email address")),
        Field("role", gettext_lazy("Role"), "choice", choices=tuple(Role.choices), headings=("profile",)),
        Field("team", gettext_lazy("Team"), limit=120, headings=("department", "office", "regional office", "group")),
        Field("parent_team", gettext_lazy("Team above"), limit=120, headings=("division", "region")),
        Field("manager", gettext_lazy("Manager"), limit=150, headings=("sales manager", "reports to", "supervisor")),
    )

    def identities(self, row: Row) -> list[str]:
        return [f"{key}:{squash(row.text(key))}" for key in ("username", "email", "name") if row.text(key)]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        for row in rows:
            self._save(row, step)

    def _save(self, row: Row, step: Step) -> None:
        user = self._find(row, step)
        if row.refused:
            return
        team, touched = self._team(row, step)
        new = user is None
        user = user or User(username=row.text("username") or free_username(row.text("name") or row.text("email").split("@")[0]))
        changes = {key: row.values[key] for key in ("username", "name", "email", "role") if row.get(key)}
        if new:
            changes.setdefault("name", row.text("username") or row.text("email").split("@")[0])
        elif not user.is_active and not user.has_usable_password():
            changes["is_active"] = True
        changes |= {"team": team} if team else {}
        if changes.get("role", user.role) != Role.REP and (new or "role" in changes):
            changes["carries_quota"] = False
        changes = {key: value for key, value in changes.items() if new or getattr(user, key) != value}
        if changes:
            first_team = "team" in changes and not new and not UserSpan.objects.filter(user=user, team__isnull=False).exists()
            save_user(user, **changes)
            remember_user(step, user)
            if first_team:
                step.note(
                    "placed", _("Records of users who had no team until now belong to their team from the start."), user.name
                )
            if first_team or "is_active" in changes:
                events.record("user.placed", user, new={"team": user.team_id if first_team else None})
        row.result = "created" if new else "updated" if changes or touched else "unchanged"

    def _find(self, row: Row, step: Step) -> User | None:
        index = step.index("users", load_users)
        keys = [
            f"u:{row.text('username').lower()}" if row.text("username") else "",
            f"e:{row.text('email').lower()}" if row.text("email") else "",
        ]
        found = index.find(*keys) or (index.find(row.text("name")) if not row.text("username") or not row.text("email") else None)
        if found is None:
            return None
        if found.several:
            row.refuse("name", _("is the name of more than one user: give the user name or e-mail"))
            return None
        user = people(step)[found.pk]
        if user.email and row.text("email") and user.email.lower() != row.text("email").lower() and not row.text("username"):
            return None  # the same name, another address: another person
        return user

    def _team(self, row: Row, step: Step) -> tuple[Team | None, bool]:
        """The row's team, placed below its parent and given its manager; whether that changed anything."""
        team, parent = find_team(step, row, "team"), find_team(step, row, "parent_team")
        before = len(step.made_names)
        changes: dict[str, Any] = {}
        if team and parent and team.pk != parent.pk and team.parent_id != parent.pk:
            changes["parent"] = parent
        manager = find_manager(step, row, team or parent)
        if manager and team:
            if team.manager_id is None:
                changes["manager"] = manager
            elif team.manager_id != manager.pk:
                step.note_once(
                    f"managers:{team.pk}:{manager.pk}",
                    _("Team “%(team)s” has more than one manager; %(name)s is a manager in it too.")
                    % {"team": team.name, "name": manager.name},
                )
        if changes and team:
            save_team(team, **changes)
        return team or parent, bool(changes) or len(step.made_names) > before


@register
class Rates(Kind):
    """Dated exchange rates: from that day on, one unit is worth so much of the base currency."""

    key = "rates"
    label = gettext_lazy("Exchange rates")
    needs = (("settings", "change"),)
    required = (("currency",), ("date",), ("rate",))
    fields = (
        Field("currency", gettext_lazy("Currency"), "currency", headings=("currency code", "code", "from")),
        Field("date", gettext_lazy("From"), "day", headings=("day", "valid from")),
        Field("rate", gettext_lazy("Rate"), "decimal", headings=("exchange rate", "value")),
    )

    def identities(self, row: Row) -> list[str]:
        return [f"{row.text('currency')} {row.get('date')}"]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        dates = [row.get("date") for row in rows if row.get("date")]
        known = {(rate.currency, rate.date): rate.rate for rate in ExchangeRate.objects.filter(date__in=dates)}
        for row in rows:
            currency, date, rate = row.get("currency"), row.get("date"), row.get("rate")
            for key in ("currency", "date", "rate"):
                if row.get(key) is None:
                    row.refuse(key, _("is missing"))
            if currency == step.organisation.base_currency:
                row.refuse("currency", _("is the base currency, whose rate is always 1"))
            if row.refused:
                continue
            before = known.get((currency, date))
            if before is not None and before == rate:
                row.result = "unchanged"
                continue
            with translation.override(translation.get_language()):
                set_rate(currency, date, rate)
            row.result = "created" if before is None else "updated"
