"""How the events of surveys read on a timeline."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from contacts.timeline import label
from crm import timeline
from crm.timeline import Entry

from .choices import LOW_BANDS, Band, Skip


@timeline.describes("survey.planned")
def planned(event: Any) -> None:
    """Said when it is sent; before that the survey's own pages show it."""


@timeline.describes("survey.sent")
def sent(event: Any) -> Entry:
    words = _("Survey “%(survey)s” sent") % {"survey": event.new.get("survey", "")}
    return Entry(event.at, words, "send", event.new.get("email", ""), event.actor)


@timeline.describes("survey.reminded")
def reminded(event: Any) -> Entry:
    return Entry(event.at, _("Reminded of “%(survey)s”") % {"survey": event.new.get("survey", "")}, "send", "", event.actor)


@timeline.describes("survey.skipped")
def skipped(event: Any) -> Entry:
    words = _("Survey “%(survey)s” not sent") % {"survey": event.new.get("survey", "")}
    return Entry(event.at, words, "circle-slash", label(Skip, event.new.get("reason", "")), event.actor)


@timeline.describes("survey.reminder_skipped")
def reminder_skipped(event: Any) -> Entry:
    words = _("Reminder of “%(survey)s” not sent") % {"survey": event.new.get("survey", "")}
    return Entry(event.at, words, "circle-slash", label(Skip, event.new.get("reason", "")), event.actor)


@timeline.describes("survey.bounced")
def bounced(event: Any) -> Entry:
    return Entry(event.at, _("Survey came back"), "mail-x", event.new.get("reason", ""), event.actor, tone="warning")


@timeline.describes("survey.unsubscribed")
def unsubscribed(event: Any) -> Entry:
    return Entry(event.at, _("Wants no more surveys"), "bell-off", "", event.actor)


@timeline.describes("response.received")
def received(event: Any) -> Entry:
    """The answer with its comment, readable without opening."""
    band = event.new.get("band", "")
    words = _("%(survey)s: %(score)s") % {"survey": event.new.get("survey", ""), "score": event.new.get("score", "")}
    tone = "danger" if band in LOW_BANDS else "success"
    detail = "\n".join(filter(None, (label(Band, band), event.new.get("comment", ""))))
    return Entry(event.at, words, "message-square-quote", detail, event.actor, tone=tone)


@timeline.describes("response.changed")
def changed(event: Any) -> Entry:
    """From which score to which."""
    if "score" not in event.new:
        return Entry(event.at, _("Answer changed"), "pencil", event.new.get("comment", ""), event.actor)
    words = _("Answer changed from %(old)s to %(new)s") % {"old": event.old.get("score", ""), "new": event.new["score"]}
    return Entry(event.at, words, "pencil", event.new.get("comment", ""), event.actor)


@timeline.describes("response.quarantined")
def quarantined(event: Any) -> Entry:
    words = _("An answer that looks automatic is in quarantine")
    return Entry(event.at, words, "shield-alert", "", event.actor, tone="warning")


@timeline.describes("response.suspect_change")
def suspect(event: Any) -> Entry:
    return Entry(event.at, _("A change that looks automatic was not taken"), "shield-alert", "", event.actor, tone="warning")


@timeline.describes("response.released")
def released(event: Any) -> Entry:
    words = _("Answer %(score)s released from quarantine") % {"score": event.new.get("score", "")}
    return Entry(event.at, words, "shield-check", "", event.actor)


@timeline.describes("response.rejected")
def rejected(event: Any) -> Entry:
    return Entry(event.at, _("Answer rejected as automatic"), "shield-x", "", event.actor)
