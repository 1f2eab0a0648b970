"""How the events of marketing read on a timeline."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from contacts.timeline import label
from crm import timeline
from crm.money import format_money
from crm.timeline import Entry

from .choices import MemberStatus


def _campaign(event: Any) -> str:
    return reverse("marketing:campaign", args=[event.subject_id])


@timeline.describes("campaign.created")
def created(event: Any) -> Entry:
    words = _("Campaign “%(campaign)s” planned") % {"campaign": event.subject_name}
    return Entry(event.at, words, "megaphone", "", event.actor, _campaign(event))


@timeline.describes("campaign.member_added")
def member_added(event: Any) -> Entry:
    words = _("%(name)s added to campaign “%(campaign)s”") % {
        "name": event.new.get("name", ""),
        "campaign": event.subject_name,
    }
    return Entry(event.at, words, "user-plus", "", event.actor, _campaign(event))


@timeline.describes("campaign.member_changed")
def member_changed(event: Any) -> Entry:
    words = _("%(name)s in campaign “%(campaign)s”: %(status)s") % {
        "name": event.new.get("name", ""),
        "campaign": event.subject_name,
        "status": label(MemberStatus, event.new.get("status", "")),
    }
    return Entry(event.at, words, "megaphone", "", event.actor, _campaign(event))


@timeline.describes("campaign.member_removed")
def member_removed(event: Any) -> Entry:
    words = _("%(name)s taken out of campaign “%(campaign)s”") % {
        "name": event.old.get("name", ""),
        "campaign": event.subject_name,
    }
    return Entry(event.at, words, "user-minus", "", event.actor, _campaign(event))


@timeline.describes("webform.sent")
def form_sent(event: Any) -> Entry:
    words = _("Sent the web form “%(form)s”") % {"form": event.new.get("form", event.subject_name)}
    version = event.new.get("consent_version") if event.new.get("consented") else None
    detail = _("Consented, version %(n)s") % {"n": version} if version else ""
    return Entry(event.at, words, "clipboard-list", detail, event.actor, reverse("marketing:form", args=[event.subject_id]))


@timeline.describes("cost.created")
def cost_created(event: Any) -> Entry:
    amount, currency = event.new.get("amount"), event.new.get("currency")
    words = _("Cost “%(cost)s” entered") % {"cost": event.subject_name}
    detail = format_money(amount, currency, cents=False) if amount is not None and currency else ""
    return Entry(event.at, words, "receipt", detail, event.actor, reverse("marketing:cost", args=[event.subject_id]))
