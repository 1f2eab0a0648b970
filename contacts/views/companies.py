"""Companies: list, page, form, delete, merge."""

from __future__ import annotations

from typing import Any

from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.access import may
from crm.views.generic import DeleteView, DetailView, FormView, ListView

from .. import services
from ..columns import COMPANIES
from ..filters import CompanyFilter
from ..forms import COMPANIES_URL, CompanyForm
from ..models import Activity, Company, Lead, Person, Task
from .common import MergeView, composer, tasks_of, timeline_of


class CompanyList(ListView):
    model = Company
    filterset_class = CompanyFilter
    columns = COMPANIES
    rows_template = "contacts/_company_rows.html"
    new_url = reverse_lazy("contacts:company_new")
    new_label = _("New company")
    icon = "building-2"
    empty_title = _("No companies yet")
    empty_text = _("Companies you sell to stand here, with their people, deals and everything that was said.")


class CompanyPage(DetailView):
    model = Company
    template = "contacts/company.html"

    def base(self) -> Any:
        return Company.objects.select_related("owner", "team", "parent")

    def extra(self, company: Any) -> dict:
        user = self.user
        context: dict[str, Any] = {
            "timeline": timeline_of(company, user),
            "tasks": tasks_of(company, user),
            "parent": Company.objects.visible_to(user).filter(pk=company.parent_id).first() if company.parent_id else None,
            "subsidiaries": Company.objects.visible_to(user).filter(parent=company).order_by("name")[:20],
            "composer": composer(self.request, company) if may(user, "activity", "add") else None,
        }
        if may(user, "person", "view"):
            context["people"] = Person.objects.visible_to(user).filter(company=company).for_list().order_by("name")[:20]
        if may(user, "lead", "view"):
            context["leads"] = Lead.objects.visible_to(user).filter(company=company).order_by("-created_at")[:10]
        return context


class CompanyEdit(FormView):
    model = Company
    form_class = CompanyForm
    template = "contacts/company_form.html"

    def save(self, form: Any) -> Company:
        return services.save_company(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("contacts:companies")


class CompanyNew(CompanyEdit):
    creates = True

    def initial(self, record: Any) -> dict:
        return {"name": self.request.GET.get("name", "")[:200]}


class CompanyDelete(DeleteView):
    model = Company
    remove = staticmethod(services.delete_company)
    list_url = "contacts:companies"


class CompanyMerge(MergeView):
    model = Company
    merge = staticmethod(services.merge_companies)
    lookup_url = COMPANIES_URL

    def weight(self, record: Any) -> list[tuple[str, int]]:
        return [
            (str(_("People")), Person.objects.filter(company=record).count()),
            (str(_("Leads")), Lead.objects.filter(company=record).count()),
            (str(_("Activities")), Activity.objects.filter(company=record).count()),
            (str(_("Tasks")), Task.objects.filter(company=record).count()),
        ]
