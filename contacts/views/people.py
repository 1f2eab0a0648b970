"""People: list, page, form, delete, merge."""

from __future__ import annotations

from typing import Any

from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.access import may
from crm.filters import by_id_or_none
from crm.views.generic import DeleteView, DetailView, FormView, ListView

from .. import services
from ..columns import PEOPLE
from ..filters import PersonFilter
from ..forms import PEOPLE_URL, PersonForm
from ..models import Activity, Company, Lead, Person
from .common import MergeView, composer, tasks_of, timeline_of


class PersonList(ListView):
    model = Person
    filterset_class = PersonFilter
    columns = PEOPLE
    rows_template = "contacts/_person_rows.html"
    new_url = reverse_lazy("contacts:person_new")
    new_label = _("New person")
    icon = "users"
    empty_title = _("No people yet")
    empty_text = _("The people you talk to stand here, with their addresses and everything that was said.")


class PersonPage(DetailView):
    model = Person
    template = "contacts/person.html"

    def base(self) -> Any:
        return Person.objects.for_list()

    def extra(self, person: Any) -> dict:
        user = self.user
        company = person.company
        context: dict[str, Any] = {
            "timeline": timeline_of(person, user),
            "tasks": tasks_of(person, user),
            "company_visible": company is not None and Company.objects.visible_to(user).filter(pk=company.pk).exists(),
            "composer": composer(self.request, person) if may(user, "activity", "add") else None,
        }
        if may(user, "lead", "view"):
            context["leads"] = Lead.objects.visible_to(user).filter(person=person).order_by("-created_at")[:10]
        return context


class PersonEdit(FormView):
    model = Person
    form_class = PersonForm
    template = "contacts/person_form.html"

    def save(self, form: Any) -> Person:
        changes = form.changes()
        company = changes.get("company")
        if company is not None and company.pk is None:
            owner = changes.get("owner") or form.record.owner
            changes["company"] = services.save_company(Company(), name=company.name, domain=company.domain, owner=owner)
        return services.save_person(form.record, **form.contact_rows(), **changes)

    def list_url(self) -> str:
        return reverse("contacts:people")


class PersonNew(PersonEdit):
    creates = True

    def initial(self, record: Any) -> dict:
        company = by_id_or_none(Company.objects.visible_to(self.user), self.request.GET.get("company"))
        return {"name": self.request.GET.get("name", "")[:200], "company": company.pk if company else None}


class PersonDelete(DeleteView):
    model = Person
    remove = staticmethod(services.delete_person)
    list_url = "contacts:people"


class PersonMerge(MergeView):
    model = Person
    merge = staticmethod(services.merge_people)
    lookup_url = PEOPLE_URL

    def base(self) -> Any:
        return Person.objects.select_related("company", "owner")

    def weight(self, record: Any) -> list[tuple[str, int]]:
        return [
            (str(_("E-mails")), record.emails.count()),
            (str(_("Phones")), record.phones.count()),
            (str(_("Activities")), Activity.objects.filter(person=record).count()),
        ]
