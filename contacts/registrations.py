"""What contacts show in the frame: menu, + New, search."""

from django.utils.translation import gettext_lazy as _

from crm import search, site

from . import search as find
from . import timeline as _timeline  # noqa: F401  how events of contacts read
from .models import Company, Lead, Person, PersonEmail, PersonPhone

search.index(Company, "name", "domain")
search.index(Person, "name")
search.index(PersonEmail, "email")
search.index(PersonPhone, "digits")
search.index(Lead, "name", "company_name", "email", "number")

site.menu.register("tasks", site.MenuItem(_("Tasks"), "square-check", "contacts:tasks", "day", "task", order=20))
site.menu.register("leads", site.MenuItem(_("Leads"), "inbox", "contacts:leads", "deals", "lead", order=20))
site.menu.register(
    "companies", site.MenuItem(_("Companies"), "building-2", "contacts:companies", "customers", "company", order=10)
)
site.menu.register("people", site.MenuItem(_("People"), "users", "contacts:people", "customers", "person", order=20))

site.new_items.register("person", site.NewItem(_("Person"), "user-plus", "contacts:person_new", "c", "person", order=20))
site.new_items.register("company", site.NewItem(_("Company"), "building-2", "contacts:company_new", "o", "company", order=30))
site.new_items.register("lead", site.NewItem(_("Lead"), "inbox", "contacts:lead_new", "l", "lead", order=40))
site.new_items.register("task", site.NewItem(_("Task"), "square-check", "contacts:task_new", "t", "task", order=50))

site.search_kinds.register("people", site.SearchKind(_("People"), "users", "person", find.people, order=20))
site.search_kinds.register("companies", site.SearchKind(_("Companies"), "building-2", "company", find.companies, order=30))
site.search_kinds.register("leads", site.SearchKind(_("Leads"), "inbox", "lead", find.leads, order=40))
