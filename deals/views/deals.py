"""Deals: list, page, form, and what is done to them."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Sum
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Activity, Company, Person, Task
from contacts.services import save_company, save_person
from contacts.views.common import DONE_ON_IT, LogView, PlanView, composer, mark_tasks, timeline_of
from crm import periods
from crm.access import may
from crm.filters import by_id_or_none
from crm.history import changes_of
from crm.models import Organisation
from crm.paging import CAP
from crm.toasts import toast
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, ListView

from .. import services
from ..choices import Status
from ..columns import DEALS
from ..filters import DealFilter
from ..forms import DealForm, LoseForm, NewDealForm
from ..models import Deal, DealActivity, DealTask, LossReason, Stage
from ..stages import steps_of


class DealList(ListView):
    model = Deal
    filterset_class = DealFilter
    columns = DEALS
    rows_template = "deals/_deal_rows.html"
    new_url = reverse_lazy("deals:deal_new")
    new_label = gettext_lazy("New deal")
    icon = "handshake"
    empty_title = gettext_lazy("No deals yet")
    empty_text = gettext_lazy("Deals you work on stand here, with their value, stage and next step.")

    def count(self, found: Any) -> tuple[int, Any]:
        """Count and value in one query, which looks at no more rows than the cap."""
        base = Organisation.current().base_currency
        sums = found.order_by()[: CAP + 1].aggregate(
            n=Count("pk"),
            value=Sum("amount", filter=Q(currency=base)),
            foreign=Count("pk", filter=Q(amount__isnull=False) & ~Q(currency=base)),
        )
        return sums["n"], {**sums, "currency": base}

    def extra(self, page: Any) -> dict:
        """Which deals on this page have a next step, in one query."""
        ids = [deal.pk for deal in page.rows]
        steps: dict[int, Any] = {}
        rows = DealTask.objects.filter(deal__in=ids, task__done_at__isnull=True).order_by("-task__due_at")
        for deal_id, due in rows.values_list("deal_id", "task__due_at"):
            steps[deal_id] = due
        today = periods.today()
        for deal in page.rows:
            deal.is_late = deal.expected_close is not None and deal.expected_close < today
            deal.next_due = steps.get(deal.pk)
            deal.has_next = deal.pk in steps
        return {}


class DealPage(DetailView):
    model = Deal
    template = "deals/deal.html"

    def base(self) -> Any:
        return Deal.objects.select_related(
            "company", "stage", "pipeline", "owner", "owner__team", "team", "product", "lost_reason", "lead", "created_by"
        )

    def extra(self, deal: Any) -> dict:
        user = self.user
        people = list(
            deal.deal_people.select_related("person", "person__company").prefetch_related("person__emails", "person__phones")
        )
        seen = set(Person.objects.visible_to(user).filter(pk__in=[row.person_id for row in people]).values_list("pk", flat=True))
        tasks = mark_tasks(deal.tasks.open().select_related("owner").order_by(*Task._meta.ordering)[:20], user)
        return {
            "people": [(row, row.person_id in seen) for row in people],
            "company_visible": deal.company_id is not None
            and Company.objects.visible_to(user).filter(pk=deal.company_id).exists(),
            "lines": list(deal.lines.select_related("product")),
            "steps": steps_of(deal),
            "tasks": tasks,
            "next_step": tasks[0] if tasks else None,
            "timeline": timeline_of(deal, user, also=self.done_on(deal), free=DONE_ON_IT),
            "changes": changes_of(deal),
            "reasons": LossReason.objects.filter(active=True) if deal.status == Status.OPEN else (),
            "composer": composer(self.request, deal) if may(user, "activity", "add") else None,
        }

    @staticmethod
    def done_on(deal: Any) -> Q:
        """The events of the deal's activities and tasks."""
        activities = list(
            DealActivity.objects.filter(deal=deal).order_by("-activity__at").values_list("activity_id", flat=True)[:80]
        )
        tasks = list(DealTask.objects.filter(deal=deal).order_by("-pk").values_list("task_id", flat=True)[:80])
        return Q(subject_type="contacts.activity", subject_id__in=activities) | Q(
            subject_type="contacts.task", subject_id__in=tasks
        )


class DealEdit(FormView):
    model = Deal
    form_class: Any = DealForm
    template = "deals/deal_form.html"

    def company_of(self, changes: dict, owner: Any) -> None:
        """A company that was typed and is not there yet is added with the deal."""
        company = changes.get("company")
        if company is not None and company.pk is None:
            changes["company"] = save_company(Company(), name=company.name, domain=company.domain, owner=owner)

    def save(self, form: Any) -> Deal:
        changes = form.changes()
        self.company_of(changes, changes.get("owner") or form.record.owner)
        if "title" in changes and not changes["title"]:
            raise ValidationError({"title": _("A deal needs a title.")})
        return services.change_deal(form.record, people=form.changed_people(), lines=form.changed_lines(), **changes)

    def list_url(self) -> str:
        return reverse("deals:deals")


class DealNew(DealEdit):
    form_class = NewDealForm
    creates = True

    def initial(self, record: Any) -> dict:
        """From a company's, person's or stage's page the deal starts with what is known."""
        known = self.request.GET
        company = by_id_or_none(Company.objects.visible_to(self.user), known.get("company"))
        person = by_id_or_none(Person.objects.visible_to(self.user), known.get("person"))
        stage = by_id_or_none(Stage.objects.all(), known.get("stage"))
        found = {"company": company, "person": person, "stage": stage}
        return {name: row.pk for name, row in found.items() if row is not None}

    def save(self, form: Any) -> Deal:
        values = form.changes()
        owner = values["owner"]
        values["company"] = form.cleaned_data["company"]
        values["title"] = form.cleaned_data["title"]
        self.company_of(values, owner)
        person = form.cleaned_data.get("person")
        if person is not None and person.pk is None:
            email, phone = form.cleaned_data["person_email"], form.cleaned_data["person_phone"]
            person = save_person(
                Person(),
                name=person.name,
                company=values["company"],
                owner=owner,
                emails=[(email, "work")] if email else [],
                phones=[(phone, "work")] if phone else [],
            )
        people = [(person, "contact")] if person is not None else []
        return services.create_deal(Deal(**values), people=people, lines=form.changed_lines())


class DealDelete(DeleteView):
    model = Deal
    remove = staticmethod(services.delete_deal)
    list_url = "deals:deals"


class DealMove(ActionView):
    """Puts the deal into another stage of its pipeline."""

    model = Deal

    def act(self, deal: Any) -> Any:
        stage = by_id_or_none(Stage.objects.filter(pipeline=deal.pipeline_id), self.request.POST.get("stage"))
        if stage is None:
            raise ValidationError(_("Choose a stage of this deal's pipeline."))
        if deal.status != Status.OPEN:
            raise ValidationError(_("This deal is closed. Reopen it to move it."))
        before = deal.stage
        if stage.pk == before.pk:
            return None
        services.move_deal(deal, stage)
        undo = reverse("deals:deal_move", args=[deal.pk])
        toast(self.request, _("Moved to %(stage)s") % {"stage": stage}, undo_url=undo, undo_fields={"stage": before.pk})
        return None


class DealWin(ActionView):
    model = Deal

    def act(self, deal: Any) -> Any:
        services.win_deal(deal)
        toast(self.request, _("Won: %(deal)s") % {"deal": deal}, undo_url=reverse("deals:deal_reopen", args=[deal.pk]))


class DealLose(ActionView):
    """Marks the deal lost; the reason is a chip, so two clicks do it."""

    model = Deal

    def act(self, deal: Any) -> Any:
        form = LoseForm(self.request.POST)
        if not form.is_valid():
            raise ValidationError(_("Choose a reason from the list."))
        services.lose_deal(deal, form.cleaned_data["reason"], form.cleaned_data["note"])
        toast(
            self.request, _("Lost: %(deal)s") % {"deal": deal}, undo_url=reverse("deals:deal_reopen", args=[deal.pk]), tone="info"
        )


class DealReopen(ActionView):
    model = Deal

    def act(self, deal: Any) -> str:
        services.reopen_deal(deal)
        return _("Open again: %(deal)s") % {"deal": deal}


class DealLog(LogView):
    model = Deal

    def log(self, record: Any, values: dict) -> Activity:
        return services.log_deal_activity(record, Activity(), **values)

    def plan(self, record: Any, task: Task, values: dict) -> Task:
        return services.save_deal_task(record, task, **values)


class DealPlan(DealLog, PlanView):
    """MRO: PlanView's get and post, DealLog's services."""

    get = PlanView.get
    post = PlanView.post
    target = PlanView.target
