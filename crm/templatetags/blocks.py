"""Tags for blocks of a page: panels, facts, notices, forms, timelines, cards."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BaseForm, BoundField, CheckboxInput
from django.template.context import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString

from .. import timeline as timelines
from .values import _icon

register = template.Library()

NOTICE_ICONS = {
    "info": "info",
    "success": "circle-check",
    "warning": "triangle-alert",
    "danger": "circle-alert",
    "neutral": "info",
}


@register.simple_block_tag
def panel(
    content: str,
    title: Any = "",
    icon: str = "",
    count: int | None = None,
    href: str = "",
    href_label: str = "",
    id: str = "",
    flush: bool = False,
) -> SafeString:
    """A titled surface. flush: no padding, for tables."""
    names = {"title": title, "icon": icon, "count": count, "href": href, "href_label": href_label, "id": id, "flush": flush}
    return render_to_string("_components/panel.html", {"content": content, **names})


@register.simple_block_tag
def facts(content: str, wide: bool = False) -> SafeString:
    """A description list of {% fact %}s; wide: the row of values under a record's head."""
    return format_html('<dl class="facts{}">{}</dl>', " wide" if wide else "", content)


@register.simple_block_tag
def fact(content: str, label: Any) -> SafeString:
    """One label and its value; an empty value shows a dash."""
    shown = content if content.strip() and content.strip() != "None" else format_html('<span class="faint">{}</span>', "—")
    return format_html("<div><dt>{}</dt><dd>{}</dd></div>", label, shown)


@register.simple_block_tag
def callout(content: str, tone: str = "info", title: Any = "") -> SafeString:
    """An inline message that stays."""
    return render_to_string(
        "_components/notice.html", {"content": content, "tone": tone, "title": title, "icon": NOTICE_ICONS.get(tone, "info")}
    )


@register.inclusion_tag("_components/notice.html")
def notice(text: Any, tone: str = "info", title: Any = "") -> dict:
    """An inline message of one text."""
    return {"content": text, "tone": tone, "title": title, "icon": NOTICE_ICONS.get(tone, "info")}


@register.inclusion_tag("_components/empty_state.html")
def empty_state(
    icon: str,
    title: Any,
    text: Any = "",
    action_url: str = "",
    action_label: Any = "",
    secondary_url: str = "",
    secondary_label: Any = "",
) -> dict:
    """What would stand here, and the one action that fills it."""
    return {
        "icon": icon,
        "title": title,
        "text": text,
        "action_url": action_url,
        "action_label": action_label,
        "secondary_url": secondary_url,
        "secondary_label": secondary_label,
    }


@register.inclusion_tag("_components/progress.html")
def progress(value: float, maximum: float = 100, label: Any = "", tone: str = "accent") -> dict:
    """A thin bar with its words."""
    share = min(max(100 * float(value) / float(maximum), 0), 100) if maximum else 0
    return {"width": f"{share:.2f}", "share": round(share), "label": label, "tone": tone}


@register.inclusion_tag("_components/skeleton.html")
def skeleton(lines: int = 3) -> dict:
    """Grey lines while a fragment loads; they appear after 200 ms."""
    return {"lines": range(lines)}


@register.inclusion_tag("_components/stage_bar.html", takes_context=True)
def stage_bar(context: Context, steps: Any, url: str = "", name: str = "stage") -> dict:
    """The stages of a deal with the days in each. steps: name, value, state (done, current, ahead, skipped), days, rotten.

    With `url` each stage is a button that posts name=value; without it the bar is only read.
    """
    return {"steps": steps, "url": url, "name": name, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("_components/timeline.html")
def timeline(entries: Any) -> dict:
    """What happened, grouped by the reader's day. entries: crm.timeline.Entry or Event rows, in the order to show."""
    return {"days": timelines.by_day(entries)}


@register.inclusion_tag("_components/kpi_card.html")
def kpi_card(card: Any) -> dict:
    """A crm.cards.Card in whatever state it is in."""
    return {"card": card}


@register.inclusion_tag("_components/kpi_card_skeleton.html")
def kpi_card_skeleton(name: Any, url: str) -> dict:
    """A card's place until its fragment at `url` has come."""
    return {"name": name, "url": url}


@register.inclusion_tag("_components/skeleton_card.html")
def skeleton_card() -> dict:
    """A card's place without loading anything."""
    return {}


@register.inclusion_tag("_components/period_bar.html", takes_context=True)
def period_bar(context: Context, bar: Any) -> dict:
    """Period, comparison and grain. bar: crm.periodbar.PeriodBar."""
    return {"bar": bar, "request": context.get("request")}


# --- forms -----------------------------------------------------------------------------------------------------------


@register.inclusion_tag("_components/field.html")
def field(
    field: BoundField,
    half: bool = False,
    addon: BoundField | None = None,
    label: Any = None,
    hint: Any = None,
    placeholder: str | None = None,
) -> dict:
    """A field with label, control, hint and error. addon: a second field in the same box, such as the currency.

    label, hint and placeholder stand in for the field's own; an empty hint shows none.
    """
    hint = field.help_text if hint is None else hint
    errors = list(field.errors) + (list(addon.errors) if addon else [])
    described = " ".join(
        part
        for part, there in ((f"{field.auto_id}_helptext", hint), (f"{field.auto_id}_error", errors))
        if there and field.auto_id
    )
    attributes = {"aria-describedby": described} if described and not field.use_fieldset else {}
    if placeholder is not None:
        attributes["placeholder"] = placeholder
    return {
        "field": field,
        "control": field.as_widget(attrs=attributes),
        "addon": addon,
        "addon_control": addon.as_widget(attrs={"aria-label": addon.label}) if addon else "",
        "errors": errors,
        "half": half,
        "label": label or field.label,
        "hint": hint,
        "check": isinstance(field.field.widget, CheckboxInput),
    }


@register.inclusion_tag("_components/form_errors.html")
def form_errors(form: BaseForm) -> dict:
    """What is wrong with the whole form, and links to the fields that need attention."""
    wrong = [form[name] for name in form.errors if name in form.fields and not form[name].is_hidden]
    hidden = [error for name in form.errors if name in form.fields and form[name].is_hidden for error in form.errors[name]]
    return {"form": form, "fields": wrong, "texts": [*form.non_field_errors(), *hidden]}


@register.simple_block_tag
def fieldset(content: str, title: Any = "", hint: Any = "") -> SafeString:
    """A group of fields under a title, in two columns where fields are `half`."""
    return render_to_string("_components/fieldset.html", {"content": content, "title": title, "hint": hint})


@register.inclusion_tag("_components/form_actions.html")
def form_actions(label: Any, cancel_url: str = "", danger: bool = False) -> dict:
    """Save and cancel."""
    return {"label": label, "cancel_url": cancel_url, "danger": danger}


@register.inclusion_tag("_components/confirm.html", takes_context=True)
def confirm(
    context: Context,
    label: Any,
    question: Any,
    action_url: str,
    confirm_label: Any = "",
    tone: str = "danger",
    icon: str = "",
    css: str = "",
    fields: dict | None = None,
) -> dict:
    """A button that asks in a popover before it posts."""
    names = {"label": label, "question": question, "action_url": action_url, "confirm_label": confirm_label or label}
    return {**names, "tone": tone, "icon": icon, "css": css, "fields": fields or {}, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("_components/post_button.html", takes_context=True)
def post_button(context: Context, label: Any, url: str, icon: str = "", css: str = "", fields: dict | None = None) -> dict:
    """A form of one button."""
    return {"label": label, "url": url, "icon": icon, "css": css, "fields": fields or {}, "csrf_token": context.get("csrf_token")}


@register.simple_block_tag
def menu(content: str, label: Any, icon: str = "", css: str = "", icon_only: bool = False) -> SafeString:
    """A popover menu of links and buttons."""
    return render_to_string(
        "_components/menu.html", {"content": content, "label": label, "icon": icon, "css": css, "icon_only": icon_only}
    )


@register.simple_tag
def error_icon() -> SafeString:
    """The mark before an error at a field."""
    return _icon("circle-alert", 14, "")
