"""Web forms: list, page with its numbers and addresses, and the form that writes them."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Q
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Lead
from crm.history import changes_of
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, ListView

from .. import web_forms
from ..columns import WEB_FORMS
from ..filters import WebFormFilter
from ..forms import WebFormForm
from ..models import WebForm

SHOWN = 10


class WebFormList(ListView):
    model = WebForm
    filterset_class = WebFormFilter
    columns = WEB_FORMS
    rows_template = "marketing/_web_form_rows.html"
    new_url = reverse_lazy("marketing:form_new")
    new_label = gettext_lazy("New web form")
    icon = "clipboard-list"
    empty_title = gettext_lazy("No web forms yet")
    empty_text = gettext_lazy(
        "A web form is a page of yours that anybody may open; what is sent becomes a lead with its campaign."
    )


class WebFormPage(DetailView):
    model = WebForm
    template = "marketing/web_form.html"

    def base(self) -> Any:
        return WebForm.objects.for_list()

    def extra(self, form: Any) -> dict:
        entries = list(form.entries.select_related("lead", "submission").order_by("-at", "-pk")[: SHOWN + 1])
        leads = [entry.lead_id for entry in entries if entry.lead_id]
        seen = set(Lead.objects.visible_to(self.user).filter(pk__in=leads).values_list("pk", flat=True))
        for entry in entries:
            entry.visible = entry.lead_id in seen
        return {
            "entries": entries[:SHOWN],
            "more": len(entries) > SHOWN,
            "counts": form.entries.aggregate(
                new=Count("pk", filter=Q(known=False, submission__spam=False)),
                consented=Count("pk", filter=Q(consented=True, submission__spam=False)),
                spam=Count("pk", filter=Q(submission__spam=True)),
            ),
            "rate": 100 * form.sent / form.views if form.views else None,
            "public_url": self.request.build_absolute_uri(form.path),
            "embed_url": self.request.build_absolute_uri(reverse("marketing:public_form_embed", args=[form.key])),
            "opening": {"active": "1"},
            "changes": changes_of(form),
        }


class WebFormEdit(FormView):
    model = WebForm
    form_class: Any = WebFormForm
    template = "marketing/web_form_form.html"

    def save(self, form: Any) -> WebForm:
        return web_forms.save_form(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("marketing:forms")


class WebFormNew(WebFormEdit):
    creates = True


class WebFormDelete(DeleteView):
    model = WebForm
    remove = staticmethod(web_forms.delete_form)
    list_url = "marketing:forms"


class WebFormOpen(ActionView):
    """Opens the form to everybody, or closes it."""

    model = WebForm

    def act(self, form: Any) -> str:
        active = self.request.POST.get("active") == "1"
        web_forms.save_form(form, active=active)
        return _("Anybody may open it now") if active else _("It is closed")
