"""Users and teams that rows name: found by username, e-mail or name, made where the importer may, always reported."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from ..models import Team, User
from ..models.users import Role
from ..services import save_team, save_user
from .parsing import fold
from .registry import Row

if TYPE_CHECKING:
    from .engine import Step


def load_users(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """All users each time: they are few, and have no date of change."""
    for pk, username, name, email in User.objects.values_list("pk", "username", "name", "email"):
        yield pk, (f"u:{username.lower()}", f"e:{email.lower()}" if email else "", name)


def load_teams(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    yield from ((pk, (name,)) for pk, name in Team.objects.values_list("pk", "name"))


def forgiven(step: Step, key: str, text: str, name: str, count: int = 1) -> None:
    """Says that a reference was found by forgiving spaces or punctuation."""
    step.note(f"taken:{key}:{text}", _("“%(text)s” was taken for “%(name)s”.") % {"text": text, "name": name}, count=count)


def ambiguous(row: Row, key: str) -> None:
    row.refuse(key, _("is the name of more than one record"))


def find_user(step: Step, row: Row, key: str = "owner", *, make: bool = True, role: str = Role.REP) -> User | None:
    """The user a cell names; one that nobody knows is made without password and inactive, in that role, until the users are
    imported."""
    text = row.text(key)
    if not text:
        return None
    index = step.index("users", load_users)
    found = index.find(f"u:{text.lower()}", f"e:{text.lower()}", text)
    if found and found.several:
        ambiguous(row, key)
        return None
    if found:
        user = people(step)[found.pk]
        if found.loosely:
            forgiven(step, key, text, user.name)
        return user
    if not make or not step.may("settings", "change"):
        row.refuse(key, _("there is no such user"))
        return None
    email = text if "@" in text else ""
    name = text.split("@")[0].replace(".", " ").title() if email else text
    user = save_user(User(is_active=False, role=role), username=free_username(name), name=name, email=email)
    step.made("user", name)
    step.note(
        "user:placeholder",
        _(
            "Users that the file names and nobody knew were made without a password and cannot sign in yet. Import or edit them to let them in."
        ),
        name,
    )
    remember_user(step, user)
    return user


def people(step: Step) -> dict[int, User]:
    """All users by id, read once a step."""
    cached: dict[int, User] | None = getattr(step, "_users", None)
    if cached is None:
        cached = {user.pk: user for user in User.objects.select_related("team")}
        step._users = cached  # type: ignore[attr-defined]
    return cached


def remember_user(step: Step, user: User) -> None:
    people(step)[user.pk] = user
    step.index("users", load_users).add(
        user.pk, (f"u:{user.username.lower()}", f"e:{user.email.lower()}" if user.email else "", user.name)
    )


def free_username(name: str) -> str:
    """ "Anna Snelling" is anna.snelling, or anna.snelling2 when that is taken."""
    base = re.sub(r"[^a-z0-9]+", ".", fold(name).encode("ascii", "ignore").decode()).strip(".")[:140] or "user"
    taken = set(User.objects.filter(username__startswith=base).values_list("username", flat=True))
    return base if base not in taken else next(f"{base}{n}" for n in range(2, len(taken) + 3) if f"{base}{n}" not in taken)


def find_team(step: Step, row: Row, key: str) -> Team | None:
    """The team a cell names, made when there is none."""
    text = row.text(key)
    if not text:
        return None
    index = step.index("teams", load_teams)
    found = index.find(text)
    if found and found.several:
        ambiguous(row, key)
        return None
    if found:
        team = Team.objects.get(pk=found.pk)
        if found.loosely:
            forgiven(step, key, text, team.name)
        return team
    team = save_team(Team(), name=text)
    index.add(team.pk, (team.name,))
    step.made("team", text)
    return team


def find_manager(step: Step, row: Row, team: Team | None) -> User | None:
    """The manager a row names: made, or promoted from a placeholder, with the role and the team."""
    text = row.text("manager")
    if not text:
        return None
    index = step.index("users", load_users)
    found = index.find(f"u:{text.lower()}", f"e:{text.lower()}", text)
    if found and found.several:
        ambiguous(row, "manager")
        return None
    if not found:
        name = text.split("@")[0].replace(".", " ").title() if "@" in text else text
        manager = save_user(
            User(), username=free_username(name), name=name, email=text if "@" in text else "",
            role=Role.MANAGER, team=team, carries_quota=False,
        )  # fmt: skip
        step.made("user", name)
        remember_user(step, manager)
        return manager
    manager = people(step)[found.pk]
    if found.loosely:
        forgiven(step, "manager", text, manager.name)
    changes: dict[str, Any] = {}
    if manager.role not in (Role.MANAGER, Role.ADMIN):
        changes |= {"role": Role.MANAGER, "carries_quota": False}
        step.note(
            f"promoted:{manager.pk}", _("%(name)s became a manager, because others are managed by them.") % {"name": manager.name}
        )
    if manager.team_id is None and team is not None:
        changes["team"] = team
    if not manager.is_active and not manager.has_usable_password():
        changes["is_active"] = True
    if changes:
        save_user(manager, **changes)
    return manager
