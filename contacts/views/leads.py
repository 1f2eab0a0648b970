"""Leads: list, page, form, status, delete."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access import may
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, ListView

from .. import scores, services
from ..choices import LeadStatus
from ..columns import LEADS
from ..filters import LeadFilter
from ..forms import LeadForm
from ..models import Company, Lead, Person
from .common import DONE_ON_IT, composer, tasks_of, timeline_of


class LeadList(ListView):
    model = Lead
    filterset_class = LeadFilter
    columns = LEADS
    rows_template = "contacts/_lead_rows.html"
    new_url = reverse_lazy("contacts:lead_new")
    new_label = gettext_lazy("New lead")
    icon = "inbox"
    empty_title = gettext_lazy("No leads yet")
    empty_text = gettext_lazy("People who showed interest stand here until they become a deal.")


class LeadPage(DetailView):
    model = Lead
    template = "contacts/lead.html"

    def base(self) -> Any:
        return Lead.objects.for_list()

    def extra(self, lead: Any) -> dict:
        user = self.user
        company, person = lead.company, lead.person
        return {
            "timeline": timeline_of(lead, user, free=DONE_ON_IT),
            "tasks": tasks_of(lead, user),
            "composer": composer(self.request, lead) if may(user, "activity", "add") else None,
            **self.score(lead),
            "company_visible": company is not None and Company.objects.visible_to(user).filter(pk=company.pk).exists(),
            "person_visible": person is not None and Person.objects.visible_to(user).filter(pk=person.pk).exists(),
            "statuses": [
                (value, label) for value, label in LeadStatus.choices if value not in (lead.status, LeadStatus.CONVERTED)
            ],
            "utm": [
                (_("Source"), lead.source),
                (_("Medium"), lead.medium),
                (_("Campaign"), lead.campaign),
                (_("Term"), lead.term),
                (_("Content"), lead.content),
                (_("Landing page"), lead.landing_page),
            ],
        }

    def score(self, lead: Lead) -> dict:
        """The present score with its reasons, and the one of a day after it came, by which it is judged."""
        rows = list(lead.scores.order_by("at", "pk"))
        return {
            "score": rows[-1] if rows else None,
            "score_reasons": scores.explained(rows[-1] if rows else None),
            "score_chance": rows[-1].chance / scores.WHOLE * 100 if rows and rows[-1].chance is not None else None,
            "score_history": rows[-6:],
        }


class LeadEdit(FormView):
    model = Lead
    form_class = LeadForm
    template = "contacts/lead_form.html"

    def save(self, form: Any) -> Lead:
        return services.save_lead(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("contacts:leads")


class LeadNew(LeadEdit):
    creates = True


class LeadStatusChange(ActionView):
    """Sets the status from the lead's page. Converting has its own page."""

    model = Lead

    def act(self, lead: Any) -> str:
        status = self.request.POST.get("status", "")
        if status not in LeadStatus.values or status == LeadStatus.CONVERTED or lead.status == LeadStatus.CONVERTED:
            raise ValidationError(_("This status cannot be set here."))
        services.save_lead(lead, status=status)
        return _("Status is now “%(status)s”") % {"status": LeadStatus(status).label}


class LeadDelete(DeleteView):
    model = Lead
    remove = staticmethod(services.delete_lead)
    list_url = "contacts:leads"
