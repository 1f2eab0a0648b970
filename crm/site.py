"""Where apps announce what the frame shows of them: menu items, "+ New", panels on other apps' pages, search, samples.

Each app registers in its `registrations.py`, found at start. The kernel asks the registries and knows no app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.utils.functional import Promise

from .registry import Registry

Text = str | Promise


@dataclass(frozen=True)
class MenuItem:
    """A line of the sidebar. `resource` is what `crm.access` is asked; `group` one of GROUPS, for
    settings pages one of SETTINGS_LABELS (crm.templatetags.frame)."""

    label: Text
    icon: str
    url: str
    group: str
    resource: str
    action: str = "view"
    order: int = 100


@dataclass(frozen=True)
class NewItem:
    """A line of the "+ New" menu; `key` is typed after n."""

    label: Text
    icon: str
    url: str
    key: str
    resource: str
    order: int = 100


@dataclass(frozen=True)
class Panel:
    """A block on a record's page that an upper app fills: the deals of a company.

    context(record, user) returns what the template needs, or None to show nothing; it fetches only what the user may see.
    """

    target: str  # "contacts.company"
    template: str
    context: Callable[[Model, Any], dict | None]
    resource: str
    order: int = 100


@dataclass(frozen=True)
class Hit:
    """One search result."""

    title: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class SearchKind:
    """A kind of record in global search. find(user, text, limit) returns hits the user may see, best first."""

    label: Text
    icon: str
    resource: str
    find: Callable[[Any, str, int], list[Hit]]
    order: int = 100


@dataclass(frozen=True)
class AdminPanel:
    """A block on the index of the Django admin. context(request) returns what the template needs, or None to show nothing."""

    template: str
    context: Callable[[Any], dict | None]
    order: int = 100


GROUPS = ("day", "deals", "customers", "service", "surveys", "marketing", "numbers", "settings")

menu: Registry[MenuItem] = Registry("Menu item")
new_items: Registry[NewItem] = Registry("New item")
panels: Registry[Panel] = Registry("Panel")
admin_panels: Registry[AdminPanel] = Registry("Panel of the administration")
settings_pages: Registry[MenuItem] = Registry("Settings page")
search_kinds: Registry[SearchKind] = Registry("Search kind")
samples: Registry[Callable[[Any], None]] = Registry("Sample data")


def panels_for(record: Model, user: Any) -> Iterable[tuple[Panel, dict]]:
    """The panels that upper apps show on this record's page for this user, in order."""
    from .access import may

    label = record._meta.label_lower
    for panel in sorted(panels, key=lambda panel: panel.order):
        if panel.target == label and may(user, panel.resource, "view"):
            context = panel.context(record, user)
            if context is not None:
                yield panel, context
