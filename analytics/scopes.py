"""Whose numbers: everyone's, a team's with those below it, or one's own. Facts count for the owner they had then (kpis.md G6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from crm.access import scope_of, team_ids

#: The dimensions that say whose a row is, in order of preference.
OWNERS = ("owner", "user")


@dataclass(frozen=True)
class Scope:
    """`kind` is "all", "team" or "own"; members are the ids that count."""

    kind: str
    members: tuple[str, ...] = ()
    label: str = ""

    @classmethod
    def everything(cls) -> Scope:
        return cls("all", (), _("Everyone"))

    @classmethod
    def of(cls, user: Any) -> Scope:
        """What the user may aggregate; PermissionDenied where the role sees no numbers."""
        kind = scope_of(user, "kpi", "view")
        if kind is None:
            raise PermissionDenied
        if kind == "own":
            return cls("own", (str(user.pk),), _("Your numbers"))
        if kind == "team":
            label = _("Team %(team)s") % {"team": user.team} if user.team else _("Your numbers")
            return (
                cls("team", tuple(sorted(str(pk) for pk in team_ids(user))), label)
                if user.team_id
                else cls("own", (str(user.pk),), label)
            )
        return cls.everything()

    def dimension(self, available: Mapping[str, Any]) -> str | None:
        """The dimension of a source that this scope cuts; "" for everyone, None when the source cannot be cut."""
        if self.kind == "all":
            return ""
        wanted = OWNERS if self.kind == "own" else ("team",)
        return next((name for name in wanted if name in available), None)
