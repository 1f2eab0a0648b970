"""The columns of surveys, answers and invitations: on pages, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.columns import _text
from crm.columns import Column, Columns

SURVEYS = Columns(
    Column("name", _("Survey"), lambda survey: survey.name, order="name"),
    Column("kind", _("Type"), lambda survey: str(survey.get_kind_display())),
    Column("trigger", _("Sent when"), lambda survey: str(survey.get_trigger_display())),
    Column("active", _("Active"), lambda survey: survey.active, on_page=False),
    Column("sent", _("Sent"), lambda survey: None, kind="number"),
    Column("rate", _("Response rate"), lambda survey: None, kind="number"),
    Column("score", _("Score"), lambda survey: None, kind="number"),
    default="name",
)


def _words(name: str) -> Any:
    return lambda record: str(getattr(record, f"get_{name}_display")()) if getattr(record, name) else None


RESPONSES = Columns(
    Column("answer", _("Score"), lambda response: f"{response.score} {response.get_band_display()}"),
    Column("score", _("Score"), lambda response: response.score, kind="number", on_page=False),
    Column("person", _("Person"), _text("person")),
    Column("comment", _("Comment"), _text("comment")),
    Column("survey", _("Survey"), _text("survey")),
    Column("kind", _("Type"), _words("kind"), on_page=False),
    Column("band", _("Band"), _words("band"), on_page=False),
    Column("state", _("State"), _words("state"), on_page=False),
    Column("company", _("Company"), _text("company")),
    Column("about", _("About"), _text("subject_number"), on_page=False),
    Column("owner", _("Owner"), _text("owner")),
    Column("team", _("Team"), _text("team"), on_page=False),
    Column("channel", _("Channel"), _text("channel"), on_page=False),
    Column("segment", _("Industry"), _text("segment"), on_page=False),
    Column("product", _("Product"), _text("product"), on_page=False),
    Column("campaign", _("Campaign"), _text("campaign"), on_page=False),
    Column("priority", _("Priority"), _text("priority"), on_page=False),
    Column("scale_min", _("Lowest score"), lambda response: response.version.scale_min, kind="number", on_page=False),
    Column("scale_max", _("Highest score"), lambda response: response.version.scale_max, kind="number", on_page=False),
    Column("polarity", _("Good end"), lambda response: response.version.polarity, on_page=False),
    Column("answered", _("Answered"), lambda response: response.responded_at, kind="when", order="responded_at"),
    Column("changed", _("Changed"), lambda response: response.edited_at, kind="when", on_page=False),
    default="-answered",
)

INVITATIONS = Columns(
    Column("person", _("To"), lambda row: str(row.person) if row.person else row.email or None),
    Column("email", _("E-mail"), _text("email"), on_page=False),
    Column("survey", _("Survey"), _text("survey")),
    Column("state", _("State"), _words("state")),
    Column("reason", _("Reason"), _words("reason"), on_page=False),
    Column("trigger", _("Sent when"), _words("trigger"), on_page=False),
    Column("company", _("Company"), _text("company")),
    Column("about", _("About"), _text("subject_number")),
    Column("owner", _("Owner"), _text("owner"), on_page=False),
    Column("planned", _("Planned"), lambda row: row.planned_at, kind="when", order="planned_at"),
    Column("sent", _("Sent"), lambda row: row.sent_at, kind="when"),
    Column("answered", _("Answered"), lambda row: row.answered_at, kind="when", on_page=False),
    default="-planned",
)
