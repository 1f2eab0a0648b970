"""Tags of lists: heads that sort, the filter bar, the pager."""

from __future__ import annotations

from typing import Any

from django import template
from django.db.models import Model
from django.forms import BoundField, CheckboxInput, HiddenInput
from django.http import QueryDict
from django.template.context import Context
from django.utils.translation import gettext as _

from .. import columns
from ..formats import day

register = template.Library()

SEARCH = "q"


def _query(context: Context) -> QueryDict:
    request = context.get("request")
    return request.GET if request is not None else QueryDict()


def with_query(query: QueryDict, **changes: Any) -> str:
    """The query string with some parameters replaced; a change of the list goes back to page 1."""
    return columns.with_query(query, **{"page": None, **changes})


@register.inclusion_tag("_components/th.html", takes_context=True)
def th(context: Context, label: Any, sort: str = "", numeric: bool = False, hint: Any = "", css: str = "") -> dict:
    """A column's head. With `sort` it links to the list sorted by it, first click downwards for numbers."""
    query = _query(context)
    now = str(context.get("sort") or query.get("sort", ""))
    direction = ""
    if sort and now.removeprefix("-") == sort:
        direction = "descending" if now.startswith("-") else "ascending"
    turned = {"": f"-{sort}" if numeric else sort, "ascending": f"-{sort}", "descending": sort}[direction]
    classes = " ".join(part for part in ("num" if numeric else "", css) if part)
    return {
        "label": label,
        "url": with_query(query, sort=turned) if sort else "",
        "direction": direction,
        "hint": hint,
        "css": classes,
    }


@register.inclusion_tag("_components/pager.html", takes_context=True)
def pager(context: Context, page: Any) -> dict:
    """Which rows of how many, and the way to the others. page: crm.paging.Page or Django's Page."""
    query = _query(context)
    number = page.number
    first = page.first if hasattr(page, "first") else page.start_index()
    last = page.last if hasattr(page, "last") else page.end_index()
    count = page.count if isinstance(getattr(page, "count", None), int) else page.paginator.count
    has_next = page.has_next() if callable(page.has_next) else page.has_next
    return {
        "first": first,
        "last": last,
        "count": count,
        "capped": getattr(page, "capped", False),
        "previous": with_query(query, page=number - 1 if number > 2 else None) if number > 1 else "",
        "next": with_query(query, page=number + 1) if has_next else "",
    }


def _words(bound: BoundField, value: Any) -> str:
    """A filter's value as one reads it: a record's name, a choice's label, a range."""
    if value is True or value is False or value in ("true", "false"):
        return _("yes") if value in (True, "true") else _("no")
    if isinstance(value, slice):
        low, high = (day(part) if hasattr(part, "year") else part for part in (value.start, value.stop))
        if low and high:
            return _("%(low)s to %(high)s") % {"low": low, "high": high}
        return _("from %s") % low if low else _("up to %s") % high
    if isinstance(value, Model):
        return str(value)
    if hasattr(value, "year"):
        return day(value)
    choices = (
        {str(key): label for key, label in getattr(bound.field, "choices", [])} if not hasattr(bound.field, "queryset") else {}
    )
    if isinstance(value, list | tuple) or hasattr(value, "iterator"):
        return ", ".join(str(choices.get(str(part), part)) for part in value)
    return str(choices.get(str(value), value))


def _names(bound: BoundField) -> list[str]:
    """The parameters in which a field travels; ranges have two."""
    widget = bound.field.widget
    if hasattr(widget, "widgets_names"):
        return [bound.html_name + suffix for suffix in widget.widgets_names]
    return [bound.html_name]


def _chip(bound: BoundField, value: Any, query: QueryDict) -> dict:
    if isinstance(bound.field.widget, CheckboxInput):
        words = str(bound.label)
    elif getattr(bound.field, "reads_alone", False):
        words = _words(bound, value)
    else:
        words = (
            f"{bound.label} {_('is')} {_words(bound, value)}"
            if not isinstance(value, slice)
            else f"{bound.label} {_words(bound, value)}"
        )
    return {"field": bound, "words": words, "remove": with_query(query, **dict.fromkeys(_names(bound)))}


@register.inclusion_tag("_components/filter_bar.html", takes_context=True)
def filter_bar(context: Context, filterset: Any, target: str = "#list", search_label: Any = "") -> dict:
    """Filters as chips that read as words. A GET form that works without script; with htmx it swaps `target`.

    A filter named q is the search field. A form field with `reads_alone = True` shows its value without its label.
    """
    form, query = filterset.form, _query(context)
    valid = form.is_valid()
    active, others, search = [], [], None
    for bound in form:
        if isinstance(bound.field.widget, HiddenInput):
            continue
        if bound.name == SEARCH:
            search = bound
            continue
        value = form.cleaned_data.get(bound.name) if valid or bound.name in getattr(form, "cleaned_data", {}) else None
        empty = value is None or value == "" or value is False or (hasattr(value, "__len__") and not len(value))
        if empty and not bound.errors:
            others.append(bound)
        elif empty:
            active.append(
                {
                    "field": bound,
                    "words": f"{bound.label}: {bound.errors[0]}",
                    "remove": with_query(query, **dict.fromkeys(_names(bound))),
                }
            )
        else:
            active.append(_chip(bound, value, query))
    keep = {name: value for name, value in query.items() if name in ("sort", "view")}
    used = {name for bound in form for name in _names(bound)}
    cleared = with_query(query, **dict.fromkeys(used))
    return {
        "active": active,
        "others": others,
        "search": search,
        "search_value": query.get(SEARCH, ""),
        "search_label": search_label or _("Search this list"),
        "keep": keep,
        "cleared": cleared,
        "any": bool(active or query.get(SEARCH)),
        "target": target,
        "path": getattr(context.get("request"), "path", ""),
    }
