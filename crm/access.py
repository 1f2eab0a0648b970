"""Who may do what: one table of roles, one rule for every door.

A permission is (resource, action) with a scope: "own" (records the user owns), "team" (records of the user's team and the
teams below it, and the user's own), "all". What is not in the table is refused. Pages, fragments, API, search,
autocomplete, export and numbers all ask here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.http import Http404

if TYPE_CHECKING:
    from .models import User

RECORDS = ("company", "person", "lead", "deal", "subscription", "activity", "task")
ALL_ACTIONS = ("view", "add", "change", "delete", "export")


def _records(scope: str, actions: tuple[str, ...] = ALL_ACTIONS) -> dict[tuple[str, str], str]:
    return {(resource, action): scope for resource in RECORDS for action in actions}


def _answers(scope: str) -> dict[tuple[str, str], str]:
    """What those may do who look after survey answers: "change" releases and rejects, and withdraws invitations."""
    responses = {("response", action): scope for action in ("view", "change", "export")}
    return {**responses, **{("invitation", action): scope for action in ("view", "add", "change", "export")}}


def _surveys(*more: str) -> dict[tuple[str, str], str]:
    """What those may do who write surveys; everybody may look at them."""
    return {("survey", action): "all" for action in ("view", "add", "change", "export", *more)}


def _orders(scope: str) -> dict[tuple[str, str], str]:
    """What is posted is never deleted: nobody may."""
    return {("order", action): scope for action in ("view", "add", "change", "export")}


def _marketing(scope: str) -> dict[tuple[str, str], str]:
    """What those may do who plan campaigns and answer for what they cost; everybody who sells may look at campaigns, not at costs."""
    resources = ("campaign", "campaignmessage", "cost", "webform")
    found = {(resource, action): scope for resource in resources for action in ALL_ACTIONS}
    visits = {(resource, action): "all" for resource in ("visit", "submission") for action in ("view", "change", "export")}
    return {**found, **visits, ("campaign", "view"): "all", ("cost", "view"): "all", ("webform", "view"): "all"}


def _targets(scope: str) -> dict[tuple[str, str], str]:
    """What those may do who say what numbers should be, and from when they count as a success; everybody may look at those of the own
    numbers."""
    return {(resource, action): scope for resource in ("target", "successthreshold") for action in ALL_ACTIONS}


def _own_numbers(scope: str) -> dict[tuple[str, str], str]:
    """What those may do who make numbers of others; whoever sees numbers sees these, each with the own records."""
    return {("ownnumber", action): "all" if action in ("view", "add", "export") else scope for action in ALL_ACTIONS}


def _tickets(scope: str, actions: tuple[str, ...] = ALL_ACTIONS) -> dict[tuple[str, str], str]:
    """Those who work on tickets read internal notes; whoever else may see a ticket sees its public messages only."""
    notes = {("ticket_note", "view"): scope, ("savedreply", "view"): scope, ("savedreply", "change"): scope}
    return {**{("ticket", action): scope for action in actions}, **notes}


#: role -> (resource, action) -> scope
ROLES: dict[str, dict[tuple[str, str], str]] = {
    "rep": {
        **_records("own", ("view", "add", "change", "export")),
        **_orders("own"),
        ("product", "view"): "all",
        ("campaign", "view"): "all",
        ("kpi", "view"): "own",
        ("target", "view"): "own",
        ("ownnumber", "view"): "all",
        ("successthreshold", "view"): "own",
        ("survey", "view"): "all",
        ("response", "view"): "own",
        ("response", "export"): "own",
        ("invitation", "view"): "own",
        ("invitation", "add"): "own",
        ("ticket", "view"): "own",
    },
    "agent": {
        **_tickets("all", ("view", "add", "change", "export")),
        ("company", "view"): "all",
        ("deal", "view"): "all",
        ("order", "view"): "all",
        ("subscription", "view"): "all",
        ("person", "view"): "all",
        ("person", "add"): "all",
        ("person", "change"): "all",
        ("activity", "view"): "own",
        ("activity", "add"): "own",
        ("task", "view"): "own",
        ("task", "add"): "own",
        ("task", "change"): "own",
        ("kpi", "view"): "own",
        ("target", "view"): "own",
        ("ownnumber", "view"): "all",
        ("successthreshold", "view"): "own",
        ("survey", "view"): "all",
        ("response", "view"): "own",
        ("response", "export"): "own",
        ("invitation", "view"): "own",
        ("invitation", "add"): "own",
    },
    "marketer": {
        **_records("all", ("view",)),
        ("order", "view"): "all",
        ("ticket", "view"): "all",
        ("lead", "add"): "all",
        ("lead", "change"): "all",
        ("lead", "export"): "all",
        ("person", "add"): "all",
        ("person", "change"): "all",
        ("product", "view"): "all",
        ("kpi", "view"): "all",
        ("target", "view"): "all",
        ("target", "export"): "all",
        ("ownnumber", "view"): "all",
        ("successthreshold", "view"): "all",
        ("successthreshold", "export"): "all",
        ("import", "run"): "all",
        **_marketing("all"),
        **_surveys(),
        **_answers("all"),
    },
    "manager": {
        **_records("team"),
        **_orders("team"),
        **_tickets("team"),
        ("product", "view"): "all",
        ("kpi", "view"): "team",
        **_targets("team"),
        **_own_numbers("own"),
        ("import", "run"): "team",
        **_marketing("team"),
        **_surveys(),
        **_answers("team"),
    },
    "admin": {
        **_records("all"),
        **_orders("all"),
        **_tickets("all"),
        ("product", "view"): "all",
        ("product", "change"): "all",
        ("kpi", "view"): "all",
        **_targets("all"),
        **_own_numbers("all"),
        ("import", "run"): "all",
        ("job", "view"): "all",
        ("job", "change"): "all",
        ("settings", "change"): "all",
        **_marketing("all"),
        **_surveys("delete"),
        **_answers("all"),
    },
}

M = TypeVar("M", bound=Model)


def scope_of(user: User, resource: str, action: str) -> str | None:
    """ "own", "team", "all", or None when the role may not do it at all. Read anew on every request."""
    if not user.is_authenticated or not user.is_active:
        return None
    if user.is_superuser:
        return "all"
    return ROLES.get(user.role, {}).get((resource, action))


def may(user: User, resource: str, action: str) -> bool:
    """Whether the role allows the action on at least some records; menus and buttons ask this."""
    return scope_of(user, resource, action) is not None


def require(user: User, resource: str, action: str) -> str:
    """The scope, or PermissionDenied."""
    scope = scope_of(user, resource, action)
    if scope is None:
        raise PermissionDenied
    return scope


def team_ids(user: User) -> list[int]:
    """The user's team and all teams below it."""
    from .models import Team

    if user.team_id is None:
        return []
    cached = getattr(user, "_team_ids", None)
    if cached is not None:
        return cached
    children: dict[int | None, list[int]] = {}
    for pk, parent in Team.objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found, todo = [], [user.team_id]
    while todo:
        team = todo.pop()
        if team not in found:
            found.append(team)
            todo.extend(children.get(team, []))
    user._team_ids = found  # type: ignore[attr-defined]
    return found


def assignable(user: User, resource: str) -> QuerySet[User]:
    """The active users whom the user may make owner of such a record: those whose records he may work on himself."""
    from .models import User as Users

    people = Users.objects.filter(is_active=True)
    scope = scope_of(user, resource, "change") or scope_of(user, resource, "add")
    if scope == "all":
        return people
    if scope == "team":
        return people.filter(Q(pk=user.pk) | Q(team__in=team_ids(user)))
    return people.filter(pk=user.pk) if scope == "own" else people.none()


def scope_q(user: User, resource: str, action: str = "view", owner: str = "owner", team: str = "team") -> Q:
    """The rows of a table with owner and team columns that the user may act on; matches nothing when refused."""
    scope = scope_of(user, resource, action)
    if scope == "all":
        return Q()
    if scope == "team":
        return Q(**{owner: user.pk}) | Q(**{f"{team}__in": team_ids(user)})
    if scope == "own":
        return Q(**{owner: user.pk})
    return Q(pk__in=[])


def covers(user: User, record: Any, action: str) -> bool:
    """`scope_q` for a row in hand, which asks the database nothing: whether to offer a link or button beside it."""
    scope = scope_of(user, record._meta.model_name, action)
    if scope is None or scope == "all":
        return scope == "all"
    if record.owner_id == user.pk or scope == "team" and record.team_id in team_ids(user):
        return True
    also = getattr(record, "also_covered", None)
    return also is not None and also(user, action)


def visible_to(queryset: QuerySet[M], user: User, action: str = "view") -> QuerySet[M]:
    """The rows of a Record's queryset that the user may act on.

    A model may widen it by a classmethod `also_visible(user, action) -> Q`, and `covers` by a method `also_covered(user, action)`.
    """
    rule = scope_q(user, queryset.model._meta.model_name or "", action)
    also = getattr(queryset.model, "also_visible", None)
    return queryset.filter(rule | also(user, action) if rule and also is not None else rule)


def get_or_404(queryset: QuerySet[M], user: User, action: str = "view", **lookup: Any) -> M:
    """Fetch and authorise in one call.

    Outsiders get 404 whatever they ask for; someone who may see the record but not do this gets 403.
    """
    found = visible_to(queryset, user).filter(**lookup).first()
    if found is None:
        raise Http404
    if action != "view" and not visible_to(queryset, user, action).filter(pk=found.pk).exists():
        raise PermissionDenied
    return found
