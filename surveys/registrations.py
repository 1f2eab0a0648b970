"""What surveys show in the frame and on the pages of others: companies and people, tickets and deals."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.utils.translation import gettext_lazy as _

from contacts.homes import homes
from crm import search, site

from . import search as find
from . import timeline as _timeline  # noqa: F401  how events of surveys read
from .models import Invitation, Response, Survey

SHOWN = 5

search.index(Survey, "name")
search.index(Response, "comment")
search.index(Invitation, "email")

site.menu.register(
    "surveys", site.MenuItem(_("Surveys"), "message-square-quote", "surveys:surveys", "surveys", "survey", order=10)
)
site.menu.register("responses", site.MenuItem(_("Answers"), "star", "surveys:responses", "surveys", "response", order=20))
site.menu.register(
    "invitations", site.MenuItem(_("Invitations"), "send", "surveys:invitations", "surveys", "invitation", order=30)
)
site.new_items.register(
    "survey", site.NewItem(_("Survey"), "message-square-quote", "surveys:survey_new", "s", "survey", order=90)
)
site.search_kinds.register("surveys", site.SearchKind(_("Surveys"), "message-square-quote", "survey", find.surveys, order=60))


def _panel(user: Any, where: dict[str, Any], query: dict[str, Any], *, always: bool) -> dict | None:
    """The latest answers that the user may see. Where nobody was asked, pages that were not made for it show nothing."""
    rows = list(Response.objects.visible_to(user).filter(**where).for_list().order_by("-responded_at", "-pk")[: SHOWN + 1])
    asked = bool(rows) or Invitation.objects.visible_to(user).filter(**where).exists()
    if not asked and not always:
        return None
    return {"rows": rows[:SHOWN], "more": len(rows) > SHOWN, "asked": asked, "query": urlencode(query)}


def company_scores(company: Any, user: Any) -> dict | None:
    """What a company's people answered."""
    return _panel(user, {"company": company}, {"company": company.pk}, always=True)


def person_scores(person: Any, user: Any) -> dict | None:
    """What a person answered."""
    return _panel(user, {"person": person}, {"person": person.pk}, always=True)


def subject_scores(record: Any, user: Any) -> dict | None:
    """What was answered about a ticket or deal."""
    about = {"subject_type": record._meta.label_lower, "subject_id": record.pk}
    return _panel(user, about, about, always=False)


PANEL = "surveys/_scores_panel.html"
for _key, _target, _context in (
    ("company_scores", "contacts.company", company_scores),
    ("person_scores", "contacts.person", person_scores),
    ("ticket_scores", "support.ticket", subject_scores),
    ("deal_scores", "deals.deal", subject_scores),
):
    site.panels.register(_key, site.Panel(_target, PANEL, _context, "response", order=40))


def home_of(row: Any) -> str:
    """The answer that a follow-up task is about."""
    if row._meta.model_name != "task":
        return ""
    response = Response.objects.filter(task=row).first()
    return response.get_absolute_url() if response else ""


homes.append(home_of)
