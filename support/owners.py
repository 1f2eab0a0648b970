"""Who may be in charge of tickets. The services ask for every door: page, API, several at once, import, administration."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from crm.access import ROLES, assignable
from crm.models import User

WORKING = frozenset(role for role, rights in ROLES.items() if ("ticket", "change") in rights)


def handles(user: User) -> bool:
    """Whether the user's role works on tickets. Somebody who has left may stand in what was; service accounts never do."""
    return (user.role in WORKING or user.is_superuser) and not user.is_service


def workers(user: Any) -> QuerySet[User]:
    """The people to whom the user may give tickets: those whose role works on them."""
    working = Q(role__in=WORKING) | Q(is_superuser=True)
    return assignable(user, "ticket").filter(working, is_service=False).order_by("name", "pk")


def check(owner: User | None) -> None:
    """Raises ValidationError at "owner" for somebody who does not work on tickets."""
    if owner is not None and not handles(owner):
        raise ValidationError({"owner": _("The role of %(name)s does not work on tickets.") % {"name": owner}})
