"""Tags of the frame around every page: menu, "+ New", tabs, breadcrumb, styles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import template
from django.conf import settings
from django.template.context import Context
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from ..access import may
from ..site import GROUPS, MenuItem, new_items, settings_pages
from ..site import menu as menu_registry
from ..toasts import parse_tags

register = template.Library()

STYLES = ("tokens", "base", "layout", "controls", "blocks", "table", "form", "kpi", "numbers", "records", "tickets", "surveys")
GROUP_LABELS = {
    "day": _("My day"),
    "deals": _("Deals"),
    "customers": _("Customers"),
    "service": _("Service"),
    "surveys": _("Surveys"),
    "marketing": _("Marketing"),
    "numbers": _("Numbers"),
    "settings": _("Settings"),
}

#: The groups of settings pages, in order.
SETTINGS_LABELS = {
    "me": _("You"),
    "settings": _("Organisation"),
    "sales": _("Sales"),
    "service": _("Service"),
    "surveys": _("Surveys"),
    "system": _("System"),
}


def address(url: str) -> str:
    """A path as it is; anything else is the name of a URL."""
    return url if url.startswith("/") else reverse(url)


def _entry(item: MenuItem, path: str) -> dict:
    url = address(item.url)
    return {
        "label": item.label,
        "icon": item.icon,
        "url": url,
        "group": item.group,
        "under": path == url or (url != "/" and path.startswith(url)),
    }


def menu_entries(user: Any, path: str, items: Iterable[MenuItem] = menu_registry) -> list[dict]:
    """The menu items that the role uses, in order; the one with the longest address that the path lies under is current."""
    shown = [
        item for item in sorted(items, key=lambda item: item.order) if not item.resource or may(user, item.resource, item.action)
    ]
    entries = [_entry(item, path) for item in shown]
    longest = max((len(entry["url"]) for entry in entries if entry["under"]), default=0)
    for entry in entries:
        entry["current"] = entry["under"] and len(entry["url"]) == longest
    return entries


def _viewer(context: Context) -> tuple[Any, str]:
    request = context.get("request")
    return getattr(request, "user", None), getattr(request, "path", "")


@register.inclusion_tag("_components/sidebar.html", takes_context=True)
def sidebar(context: Context) -> dict:
    """The menu, grouped by a person's work, with only what the role may use."""
    user, path = _viewer(context)
    entries = menu_entries(user, path) if user else []
    groups = [(key, GROUP_LABELS[key], [entry for entry in entries if entry["group"] == key]) for key in GROUPS]
    return {"groups": [group for group in groups if group[2]], "organisation": context.get("organisation")}


def _new_entries(user: Any) -> list[dict]:
    items = [item for item in sorted(new_items, key=lambda item: item.order) if may(user, item.resource, "add")]
    return [{"label": item.label, "icon": item.icon, "key": item.key, "url": address(item.url)} for item in items]


@register.inclusion_tag("_components/new_menu.html", takes_context=True)
def new_menu(context: Context) -> dict:
    """The "+ New" menu; each item's key works after n."""
    user, _path = _viewer(context)
    return {"items": _new_entries(user) if user else []}


@register.inclusion_tag("_components/bottombar.html", takes_context=True)
def bottombar(context: Context) -> dict:
    """A phone's bar: overview, search, new, what one works on (deals, else tickets), more."""
    user, path = _viewer(context)
    entries = menu_entries(user, path) if user else []

    def first_of(*groups: str) -> dict | None:
        return next((entry for group in groups for entry in entries if entry["group"] == group), None)

    first, deals = first_of("day", "numbers"), first_of("deals", "service", "customers")
    return {"first": first, "deals": deals, "items": _new_entries(user) if user else [], "search_url": context.get("search_url")}


@register.inclusion_tag("_components/person_menu.html", takes_context=True)
def person_menu(context: Context) -> dict:
    """Profile, theme, density, second factor, sign out."""
    names = ("request", "user", "theme", "density", "csrf_token", "perms")
    return {**{name: context.get(name) for name in names}, "styleguide": settings.DEBUG}


@register.inclusion_tag("_components/tabs.html", takes_context=True)
def tabs(context: Context, items: Any, label: Any = "") -> dict:
    """Parts of a page. items: (label, url[, count]), or dicts and objects with these names and, if wanted, `current`."""
    path = getattr(context.get("request"), "path", "")
    shown = []
    for item in items:
        if isinstance(item, list | tuple):
            item = dict(zip(("label", "url", "count"), item, strict=False))
        get = item.get if isinstance(item, dict) else lambda name, default=None, item=item: getattr(item, name, default)
        shown.append({"label": get("label"), "url": get("url"), "count": get("count"), "current": get("current")})
    if all(item["current"] is None for item in shown):
        bare = [str(item["url"]).split("?")[0] for item in shown]
        longest = max((len(url) for url in bare if path.startswith(url)), default=0)
        for item, url in zip(shown, bare, strict=True):
            item["current"] = path.startswith(url) and len(url) == longest
    return {"items": shown, "label": label or _("Parts of this page")}


@register.inclusion_tag("_components/settings_nav.html", takes_context=True)
def settings_nav(context: Context) -> dict:
    """The settings pages that the reader may open, by group, beside each of them."""
    request = context["request"]
    entries = menu_entries(request.user, request.path, settings_pages)
    groups = [(label, [entry for entry in entries if entry["group"] == key]) for key, label in SETTINGS_LABELS.items()]
    return {"groups": [(label, found) for label, found in groups if found]}


@register.inclusion_tag("_components/breadcrumb.html")
def breadcrumb(*parts: Any) -> dict:
    """The parents of a page: label, url, label, url ..."""
    return {"parents": [{"label": label, "url": url} for label, url in zip(parts[::2], parts[1::2], strict=True)]}


@register.inclusion_tag("_components/toast.html", takes_context=True)
def toast(context: Context, message: Any) -> dict:
    """What was done, from a Django message, with undo where the message carries one (see crm.toasts)."""
    return {**parse_tags(message), "csrf_token": context.get("csrf_token"), "request": context.get("request")}


@register.simple_tag
def stylesheets() -> SafeString:
    """The links to all style files; their order does not matter, layers decide."""
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(f"css/{name}.css"),) for name in STYLES))


@register.simple_tag
def script(name: str) -> SafeString:
    """One of our own ES modules."""
    return format_html('<script type="module" src="{}"></script>', static(f"js/{name}.js"))


@register.filter
def language_name(code: str) -> str:
    """A language in its own words."""
    return get_language_info(code)["name_local"].capitalize()
