"""The few base views that the pages of all records share: list, record, form, delete, action.

A page that does not fit is a plain function, not a sixth hook here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model, ProtectedError, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views import View

from ..access import get_or_404, may, require, visible_to
from ..columns import Columns
from ..http import render_page, safe_next
from ..once import once, sent_before
from ..paging import CAP, Page, count_upto
from ..site import panels_for

FORMATS = ("csv", "xlsx")


class SignedIn(View):
    """Sends visitors to the login page; a fragment tells htmx to go there."""

    request: Any

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            return super().dispatch(request, *args, **kwargs)
        response = redirect_to_login(request.get_full_path())
        if getattr(request, "htmx", None):
            return HttpResponse(status=401, headers={"HX-Redirect": response["Location"]})
        return response

    @property
    def user(self) -> Any:
        return self.request.user


class RecordView(SignedIn):
    """A view about a model whose rows have owner and team."""

    model: type[Model]

    @property
    def resource(self) -> str:
        return self.model._meta.model_name or ""

    def base(self) -> QuerySet:
        return self.model._default_manager.all()

    def fetch(self, action: str = "view") -> Any:
        """The row of the URL, if the user may do this with it."""
        return get_or_404(self.base(), self.user, action, pk=self.kwargs["pk"])


class ListView(RecordView):
    """A list: filter, sort, search, page, export. All of its state is in the URL.

    The page and the fragment (`_table.html`) are one URL; `rows_template` draws the body's rows.
    """

    filterset_class: type
    columns: Columns
    rows_template = ""
    template = "crm/list.html"
    fragment = "crm/_table.html"
    new_url = ""
    new_label: Any = ""
    icon = "list"
    actions = False  # whether rows end with buttons
    empty_title: Any = ""
    empty_text: Any = ""
    show: Any = None  # the queryset with what rows need; for_list() when there is one

    def get(self, request: HttpRequest) -> HttpResponse:
        require(self.user, self.resource, "view")
        filterset = self.filterset_class(request.GET, queryset=visible_to(self.base(), self.user), request=request)
        sort = self.columns.sort_key(request.GET.get("sort", ""))
        found = self.columns.sorted(filterset.qs, sort)
        wanted = request.GET.get("export", "")
        if wanted in FORMATS:
            return self.export(filterset, found, wanted)
        counted, totals = self.count(found)
        page = Page(found, request.GET, counted, show=self.rows())
        context = {
            "view": self,
            "filterset": filterset,
            "columns": self.columns,
            "sort": sort,
            "page": page,
            "totals": totals,
            "title": capfirst(str(self.model._meta.verbose_name_plural)),
            "may_add": bool(self.new_url) and may(self.user, self.resource, "add"),
            "may_export": may(self.user, self.resource, "export"),
            **self.extra(page),
        }
        return render_page(request, self.template, self.fragment, context)

    def rows(self) -> QuerySet:
        base = self.base()
        return base.for_list() if hasattr(base, "for_list") else base

    def count(self, found: QuerySet) -> tuple[int, Any]:
        """How many rows (no further than the cap), and what the totals row shows."""
        return count_upto(found), None

    def extra(self, page: Page) -> dict:
        return {}

    def export(self, filterset: Any, found: QuerySet, wanted: str) -> HttpResponse:
        """Exactly the filtered list, in its order; refused while a filter cannot be read."""
        from ..exports import export_response

        scope = require(self.user, self.resource, "export")
        if not filterset.is_valid():
            messages.error(self.request, _("The list was not exported: one of its filters cannot be read."))
            return redirect(self.request.path)
        if scope != require(self.user, self.resource, "view"):
            found = visible_to(found, self.user, "export")
        rows = found.for_list() if hasattr(found, "for_list") else found
        return export_response(self.request, rows, list(self.columns), str(self.model._meta.verbose_name_plural), wanted)


class DetailView(RecordView):
    """A record's page, with the panels that upper apps show on it."""

    template = ""

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.fetch()
        name = self.resource
        context = {
            name: record,
            "record": record,
            "may_change": self.may("change", record),
            "may_delete": self.may("delete", record),
            "panels": list(panels_for(record, self.user)),
            **self.extra(record),
        }
        return render(request, self.template, context)

    def may(self, action: str, record: Any) -> bool:
        """Whether the user may do this with this record; asks the database only where the scopes differ."""
        from ..access import scope_of

        scope = scope_of(self.user, self.resource, action)
        if scope is None or scope == scope_of(self.user, self.resource, "view"):
            return scope is not None
        return visible_to(self.base(), self.user, action).filter(pk=record.pk).exists()

    def extra(self, record: Any) -> dict:
        return {}


class FormView(RecordView):
    """Creates a record, or changes the one of the URL.

    `save(form)` calls the service and returns the record. Nothing typed is lost: errors of the form, of the service and of
    a concurrent edit all show the form again as it was sent.
    """

    form_class: Any
    template = "crm/form.html"
    creates = False

    def record(self) -> Any:
        if not self.creates:
            return self.fetch("change")
        require(self.user, self.resource, "add")
        return self.blank()

    def blank(self) -> Any:
        """The new record before anything is typed."""
        return self.model()

    def make_form(self, record: Any, data: Any = None) -> Any:
        return self.form_class(data, instance=record, user=self.user, initial=self.initial(record) if self.creates else None)

    def initial(self, record: Any) -> dict:
        return {}

    def save(self, form: Any) -> Any:
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.record()
        return self.draw(self.make_form(record), record)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.record()
        if self.creates and (answer := sent_before(request)):
            return answer
        form = self.make_form(record, request.POST)
        if not form.is_valid():
            return self.draw(form, record, 422)
        conflicts = form.conflicts()
        if conflicts:
            form.keep_typed()
            return self.draw(form, record, 409, conflicts)
        try:
            with transaction.atomic():
                return once(request, lambda: self.done(form)) if self.creates else self.done(form)
        except ValidationError as error:
            form.take_errors(error)
            return self.draw(form, record, 422)
        except IntegrityError:
            form.add_error(None, _("Somebody saved the same at this moment. Look at it and save again."))
            return self.draw(form, record, 409)

    def done(self, form: Any) -> HttpResponse:
        """Saves, and goes where the record is shown."""
        saved = self.save(form)
        messages.success(self.request, self.done_text(saved))
        return HttpResponseRedirect(self.done_url(saved))

    def done_text(self, saved: Any) -> str:
        return (_("%(name)s added") if self.creates else _("%(name)s saved")) % {"name": saved}

    def done_url(self, saved: Any) -> str:
        return safe_next(self.request, saved.get_absolute_url())

    def cancel_url(self, record: Any) -> str:
        return safe_next(self.request, record.get_absolute_url() if record.pk else self.list_url())

    def list_url(self) -> str:
        return "/"

    def draw(self, form: Any, record: Any, status: int = 200, conflicts: Any = ()) -> HttpResponse:
        context = {
            "form": form,
            "record": record,
            "creates": self.creates,
            "conflicts": conflicts,
            "cancel_url": self.cancel_url(record),
            "next": self.request.POST.get("next") or self.request.GET.get("next") or "",
            "kind": self.model._meta.verbose_name,
            **self.extra(form),
        }
        return render(self.request, self.template, context, status=status)

    def extra(self, form: Any) -> dict:
        return {}


class ActionView(RecordView):
    """One thing done to a record by POST. A refusal is said in words; nothing half-done stays."""

    action = "change"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.fetch(self.action)
        try:
            with transaction.atomic():
                done = self.act(record)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(safe_next(request, self.back(record)))
        if isinstance(done, HttpResponse):
            return done
        if done:
            messages.success(request, str(done))
        return HttpResponseRedirect(safe_next(request, self.back(record)))

    def act(self, record: Any) -> Any:
        """Does it and returns the toast's text, or a response of its own."""
        raise NotImplementedError

    def back(self, record: Any) -> str:
        return record.get_absolute_url()


class DeleteView(RecordView):
    """Asks, then deletes through the service; what has money on it is refused with the reason."""

    template = "crm/delete.html"
    remove: Any = None  # staticmethod(service)
    list_url = "/"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.fetch("delete")
        return render(request, self.template, {"record": record, "back": self.back(record)})

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        record = self.fetch("delete")
        name, back = str(record), self.back(record)
        try:
            with transaction.atomic():
                type(self).remove(record)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(back)
        except ProtectedError:
            messages.error(request, _("“%(name)s” cannot be deleted: other records hang on it.") % {"name": name})
            return HttpResponseRedirect(back)
        messages.success(request, _("%(name)s deleted") % {"name": name})
        return HttpResponseRedirect(safe_next(request, self.after()))

    def back(self, record: Any) -> str:
        return record.get_absolute_url()

    def after(self) -> str:
        from django.urls import reverse

        return reverse(self.list_url) if ":" in self.list_url else self.list_url


__all__ = ["CAP", "ActionView", "DeleteView", "DetailView", "FormView", "ListView", "RecordView", "SignedIn"]
