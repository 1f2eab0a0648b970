"""Converting a lead into company, person and deal."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.choices import LeadStatus
from contacts.matching import match_company, match_person
from contacts.models import Company, Lead, Person
from contacts.services import save_company
from crm.access import require
from crm.models import Organisation
from crm.views.generic import RecordView

from .. import services
from ..forms import ConvertForm, proposed_close
from ..models import Deal


class LeadConvert(RecordView):
    """Shows what matches, then converts; the lead keeps its links."""

    model = Lead
    template = "deals/convert.html"

    def lead(self) -> Any:
        require(self.user, "deal", "add")
        return self.fetch("change")

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = self.lead()
        if lead.status == LeadStatus.CONVERTED:
            messages.info(request, _("This lead has been converted already."))
            return HttpResponseRedirect(lead.get_absolute_url())
        company = self.seen(match_company(name=lead.company_name, email=lead.email))
        person = self.seen(match_person(lead.email, lead.phone, lead.name, company))
        initial = {
            "company": company.pk if company else None,
            "person": person.pk if person else None,
            "title": _("Deal with %(name)s") % {"name": lead.company_name or lead.name},
            "currency": Organisation.current().base_currency,
            "expected_close": proposed_close(timezone.localdate()),
            "with_deal": True,
        }
        return self.draw(lead, ConvertForm(initial=initial, user=self.user), company=company, person=person)

    def seen(self, record: Any) -> Any:
        """The match, when the user may see it."""
        if record is None:
            return None
        return type(record).objects.visible_to(self.user).filter(pk=record.pk).first()

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        lead = self.lead()
        form = ConvertForm(request.POST, user=self.user)
        if not form.is_valid():
            return self.draw(lead, form, 422)
        try:
            with transaction.atomic():
                deal = self.convert(lead, form.cleaned_data)
        except ValidationError as error:
            form.take_errors(error)
            return self.draw(lead, form, 422)
        messages.success(request, _("Lead converted"))
        return HttpResponseRedirect(deal.get_absolute_url() if deal else lead.get_absolute_url())

    def convert(self, lead: Lead, data: dict) -> Deal | None:
        company: Company | None = data["company"]
        person: Person | None = data["person"]
        if company is not None and company.pk is None:
            company = save_company(Company(), name=company.name, domain=company.domain, owner=lead.owner or self.user)
        fields: dict[str, Any] = {}
        if data["with_deal"]:
            fields = {name: data[name] for name in ("amount", "currency", "expected_close")}
            fields["owner"] = lead.owner or self.user
        _company, _person, deal = services.convert_lead(
            lead, company=company, person=person, title=data["title"], with_deal=data["with_deal"], **fields
        )
        return deal

    def draw(self, lead: Any, form: ConvertForm, status: int = 200, **context: Any) -> HttpResponse:
        return render(self.request, self.template, {"lead": lead, "form": form, **context}, status=status)
