"""How the events of deals read on a timeline."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from crm import timeline
from crm.money import format_money
from crm.timeline import Entry

from .models import Stage


def _url(event: Any) -> str:
    from django.urls import reverse

    return reverse("deals:deal", args=[event.subject_id])


def _value(event: Any) -> str:
    amount, currency = event.new.get("amount"), event.new.get("currency")
    return format_money(amount, currency, cents=False) if amount is not None and currency else ""


@timeline.describes("deal.created")
def created(event: Any) -> Entry:
    words = _("Deal “%(deal)s” added") % {"deal": event.subject_name}
    return Entry(event.at, words, "plus", _value(event), event.actor, _url(event))


@timeline.describes("deal.won")
def won(event: Any) -> Entry:
    words = _("Deal “%(deal)s” won") % {"deal": event.subject_name}
    return Entry(event.at, words, "trophy", _value(event), event.actor, _url(event), tone="success")


@timeline.describes("deal.lost")
def lost(event: Any) -> Entry:
    words = _("Deal “%(deal)s” lost") % {"deal": event.subject_name}
    return Entry(event.at, words, "circle-x", event.new.get("lost_reason", ""), event.actor, _url(event), tone="danger")


@timeline.describes("deal.reopened")
def reopened(event: Any) -> Entry:
    return Entry(
        event.at, _("Deal “%(deal)s” opened again") % {"deal": event.subject_name}, "rotate-ccw", "", event.actor, _url(event)
    )


@timeline.describes("deal.moved")
def moved(event: Any) -> Entry:
    """Stages are kept by id in the log; their names are looked up once a process and forgotten when a stage is unknown."""
    old, new = stage_name(event.old.get("stage")), stage_name(event.new.get("stage"))
    return Entry(
        event.at, _("Moved from %(old)s to %(new)s") % {"old": old, "new": new}, "arrow-right", "", event.actor, _url(event)
    )


def stage_name(pk: Any) -> str:
    """The stage's name; a dash for one that is gone."""
    return _names().get(pk, "—")


def _names() -> dict[int, str]:
    from crm.models import Organisation

    # Once a request: the organisation's row lives as long as the request does.
    organisation = Organisation.current()
    names = getattr(organisation, "_stage_names", None)
    if names is None:
        names = dict(Stage.objects.values_list("pk", "name"))
        organisation._stage_names = names  # type: ignore[attr-defined]
    return names
