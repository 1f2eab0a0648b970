"""Targets: list, page, form, and a year of them in a grid."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm import access, periods
from crm.history import changes_of
from crm.http import whole_number
from crm.models import Team
from crm.views.generic import DeleteView, DetailView, FormView, ListView, SignedIn

from .. import targets
from ..columns import TARGETS
from ..filters import TargetFilter
from ..forms import TargetForm, YearGrid, kpi_choices, rows_for, unit_words, year_of
from ..models import Target
from ..registry import Kpi, kpis

FIRST_CHOICE = "won_amount"


class TargetList(ListView):
    model = Target
    filterset_class = TargetFilter
    columns = TARGETS
    rows_template = "analytics/_target_rows.html"
    template = "analytics/targets.html"
    new_url = reverse_lazy("analytics:target_new")
    new_label = gettext_lazy("New target")
    icon = "target"
    empty_title = gettext_lazy("No targets yet")
    empty_text = gettext_lazy("Say what a number should be in a month, a quarter or a year, and see how far along you are.")


def cut_of(aim: Any, kpi: Kpi) -> str:
    """What narrows the number's address to whom the target or threshold is for."""
    whom = {"owner": aim.owner_id} if aim.owner_id else {"team": aim.team_id} if aim.team_id else {}
    return "".join(f"&{name}={pk}" for name, pk in whom.items() if name in kpi.dimensions)


class TargetPage(DetailView):
    model = Target
    template = "analytics/target.html"

    def base(self) -> Any:
        return Target.objects.for_list()

    def extra(self, target: Any) -> dict:
        kpi, period = kpis.get(target.kpi), target.period
        url = (
            f"{reverse('analytics:kpi', args=[kpi.key])}?from={period.start}&to={period.last_day}{cut_of(target, kpi)}"
            if kpi
            else ""
        )
        return {"kpi": kpi, "kpi_url": url, "current": targets.is_current(target), "changes": changes_of(target)}


class TargetEdit(FormView):
    model = Target
    form_class: Any = TargetForm
    template = "analytics/target_form.html"

    def base(self) -> Any:
        return Target.objects.for_list()

    def save(self, form: Any) -> Target:
        return targets.save_target(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("analytics:targets")


class TargetNew(TargetEdit):
    creates = True

    def initial(self, record: Any) -> dict:
        wanted = self.request.GET.get("kpi", "")
        return {"kpi": wanted if wanted in kpis else FIRST_CHOICE}


class TargetDelete(DeleteView):
    model = Target
    remove = staticmethod(targets.delete_target)
    list_url = "analytics:targets"


class TargetYear(SignedIn):
    """A year of one number's monthly targets, of everyone and the teams or of a team's people, to be typed in at once."""

    def get(self, request: HttpRequest) -> HttpResponse:
        access.require(self.user, "target", "change")
        return self.draw(self.grid())

    def post(self, request: HttpRequest) -> HttpResponse:
        access.require(self.user, "target", "change")
        grid = self.grid(request.POST)
        if grid.has_errors:
            return self.draw(grid, 422)
        try:
            with transaction.atomic():
                count = grid.save()
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return self.draw(grid, 422)
        except IntegrityError:
            messages.error(request, _("Somebody saved the same at this moment. Look at it and save again."))
            return self.draw(grid, 409)
        messages.success(request, ngettext("%(n)s target saved", "%(n)s targets saved", count) % {"n": count})
        return HttpResponseRedirect(request.get_full_path())

    def grid(self, data: Any = None) -> YearGrid:
        """The grid of the address; what cannot be read falls back to its default."""
        known = {kpi.key: kpi for kpi in targets.settable()}
        kpi = known.get(self.request.GET.get("kpi", "")) or known.get(FIRST_CHOICE) or next(iter(known.values()))
        team = whole_number(self.request.GET.get("of"))
        self.team = Team.objects.filter(pk=team).first() if team is not None else None
        if self.team is not None and not targets.may_set(self.user, None, self.team):
            self.team = None
        year = year_of(self.request.GET.get("year"), periods.today())
        return YearGrid(kpi, year, rows_for(self.user, kpi, str(self.team.pk) if self.team else ""), data)

    def draw(self, grid: YearGrid, status: int = 200) -> HttpResponse:
        teams = [team for team in Team.objects.all() if targets.may_set(self.user, None, team)]
        context = {
            "grid": grid,
            "choices": kpi_choices(),
            "teams": teams,
            "team": self.team,
            "unit": unit_words(grid.kpi),
            "years": [grid.year.start.year + step for step in (-1, 0, 1)],
            "title": _("Targets of a year"),
        }
        return render(self.request, "analytics/target_year.html", context, status=status)
