"""Surveys: list, results, form, preview, sending to a list."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse, reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import get_language_info, gettext_lazy, ngettext, override
from django.utils.translation import gettext as _

from analytics import formats
from analytics.sources import dimensions
from contacts.models import Company, Person, PersonEmail
from crm.access import may, require
from crm.filters import by_id_or_none
from crm.once import once, sent_before
from crm.paging import Page, count_upto
from crm.periodbar import PeriodBar
from crm.periods import today
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, ListView, RecordView

from .. import results, services
from ..choices import BANDS, Band, InvitationState, Kind, Trigger
from ..columns import SURVEYS
from ..filters import ResponseFilter, SurveyFilter
from ..forms import SendForm, SurveyForm
from ..mail import build
from ..measures import SPLITS
from ..models import Invitation, Response, Survey
from ..planning import plan_list, receivers_for
from . import public

YEAR = dt.timedelta(days=365)
COMMENTS_A_PAGE = 10


class SurveyList(ListView):
    model = Survey
    filterset_class = SurveyFilter
    columns = SURVEYS
    rows_template = "surveys/_survey_rows.html"
    new_url = reverse_lazy("surveys:survey_new")
    new_label = gettext_lazy("New survey")
    icon = "message-square-quote"
    empty_title = gettext_lazy("No surveys yet")
    empty_text = gettext_lazy(
        "Ask customers how likely they are to recommend you, how easy you made it, or how satisfied they are."
    )

    def extra(self, page: Any) -> dict:
        """Sent, answered and score of the last twelve months, for the surveys of this page."""
        found = results.glances(page.rows, self.user, today() - YEAR)
        for survey in page.rows:
            survey.glance = found[survey.pk]
        return {}


class SurveyPage(DetailView):
    """A survey's results."""

    model = Survey
    template = "surveys/survey.html"

    def base(self) -> Any:
        return Survey.objects.select_related("owner", "team")

    def extra(self, survey: Any) -> dict:
        bar = PeriodBar.read(self.request, default="last_365")
        asked = results.Asked(survey, bar.period, self.choice("people", [mode for mode, _label in results.MODES], "all"))
        responses = asked.responses(self.user)
        counts = responses.counts()
        grain = bar.grain if bar.grain in ("month", "quarter") else "month" if bar.period.days <= 800 else "quarter"
        by = self.choice("by", list(SPLITS)[1:], "owner")
        steps = results.way(asked, self.user)
        rated = results.response_rate(steps)
        version = survey.version
        return {
            "bar": bar,
            "asked": asked,
            "version": version,
            "score": results.score_of(survey.kind, counts, results.one_scale(survey)),
            "bands": results.bands(survey.kind, counts, asked),
            "spread": results.spread(asked, responses, counts) if counts.n else None,
            "course": results.course(asked, responses, grain),
            "modes": self.links("people", results.MODES, asked.mode),
            "by": by,
            "dimensions": self.links("by", [(name, dimensions[name].label) for name in list(SPLITS)[1:]], by),
            "split": results.split(asked, responses, by) if counts.n else [],
            "by_label": dimensions[by].label,
            "steps": steps,
            "rated": rated,
            "quarantined": self.quarantined(survey),
            "few": results.FEW,
            **self.comments(asked, responses),
            "may_send": may(self.user, "invitation", "add") and survey.active,
            "may_edit": may(self.user, "survey", "change"),
            "languages": [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES],
            "formula": self.formula(survey),
        }

    def choice(self, name: str, known: list[str], default: str) -> str:
        wanted = self.request.GET.get(name, "")
        return wanted if wanted in known else default

    def links(self, name: str, choices: Any, current: str) -> list[tuple[Any, str, bool]]:
        """(label, address, whether it is chosen) of a choice that stands in the address."""
        found = []
        for key, label in choices:
            query = self.request.GET.copy()
            query[name] = key
            query.pop("page", None)
            found.append((label, f"?{query.urlencode()}", key == current))
        return found

    def quarantined(self, survey: Any) -> int:
        return Response.objects.visible_to(self.user).filter(survey=survey).quarantined().count()

    def comments(self, asked: Any, responses: Any) -> dict:
        """The comments, the latest first, found by words and band."""
        wanted = self.request.GET.get("q", "").strip()[:100]
        band = self.choice("band", [str(band) for band in BANDS[asked.survey.kind]], "")
        rows = responses.exclude(comment="")
        filterset = ResponseFilter({"q": wanted} if wanted else {}, queryset=rows, request=self.request)
        rows = filterset.qs.filter(band=band) if band else filterset.qs
        rows = rows.order_by("-responded_at", "-pk")
        page = Page(rows, self.request.GET, count_upto(rows), show=Response.objects.for_list(), per_page=COMMENTS_A_PAGE)
        bands = [(str(one), Band(one).label) for one in BANDS[asked.survey.kind]]
        return {"comments": page, "wanted": wanted, "band": band, "band_choices": bands}

    @staticmethod
    def formula(survey: Any) -> str:
        key = {Kind.NPS: "nps", Kind.CES: "ces", Kind.CSAT: "csat"}[Kind(survey.kind)]
        return reverse("analytics:kpi", args=[key]) + f"?survey={survey.pk}"


class SurveyEdit(FormView):
    model = Survey
    form_class: Any = SurveyForm
    template = "surveys/survey_form.html"

    def save(self, form: Any) -> Survey:
        """Settings and question; says so when the question goes on as a new version."""
        survey = services.change_survey(form.record, **form.changes())
        before = survey.version
        version = services.change_question(survey, **form.question())
        if before is not None and version.version != before.version:
            words = _("The question is asked as version %(n)s from now on; charts show where it begins.")
            messages.info(self.request, words % {"n": version.version})
        return survey

    def list_url(self) -> str:
        return reverse("surveys:surveys")

    def extra(self, form: Any) -> dict:
        kinds = [(kind.value, kind.label, kind.value == form.kind) for kind in Kind]
        return {"kinds": kinds, "was_asked": not self.creates and form.was_asked, "version": form.version}


class SurveyNew(SurveyEdit):
    creates = True

    def initial(self, record: Any) -> dict:
        return {"kind": self.request.GET.get("kind", "")}

    def save(self, form: Any) -> Survey:
        question = form.question()
        scale = (question["scale_min"], question["scale_max"]) if "scale_min" in question else None
        return services.create_survey(
            Survey(**form.changes()),
            scale=scale,
            step=question.get("step", 1),
            polarity=question.get("polarity"),
            texts=question["texts"],
        )


class SurveyDelete(DeleteView):
    """Only a survey that asked nobody can be deleted; others are switched off."""

    model = Survey
    remove = staticmethod(services.delete_survey)
    list_url = "surveys:surveys"


class SurveySwitch(ActionView):
    """Switches a survey on or off."""

    model = Survey

    def act(self, survey: Any) -> str:
        services.change_survey(survey, active=not survey.active)
        return _("%(name)s is on") % {"name": survey} if survey.active else _("%(name)s is off") % {"name": survey}


@method_decorator(csp_replace({"style-src": [SELF, UNSAFE_INLINE], "script-src": [SELF]}), name="get")
class SurveyPreview(RecordView):
    """The survey's page or mail as a customer sees it, in one of the languages; mails need styles in their tags."""

    model = Survey

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        survey = self.fetch()
        version, wanted = survey.version, request.GET.get("l", "")
        language = wanted if wanted in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with override(language):
            if request.GET.get("what") != "mail":
                return public.preview(request, version)
            invitation = Invitation(survey=survey, version=version, email="name@example.com", language=language)
            message = build(invitation, "preview")
        return HttpResponse(message.alternatives[0][0])


class SurveySend(RecordView):
    """Asks a list of people at once; everybody who is left out is written down with the reason."""

    model = Survey
    template = "surveys/send.html"

    def survey(self) -> Any:
        require(self.user, "invitation", "add")
        return self.fetch()

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        survey = self.survey()
        return self.draw(survey, SendForm(initial={"addresses": "\n".join(self.known())}))

    def known(self) -> list[str]:
        """The addresses of the person or company that the address of the page names."""
        person = by_id_or_none(Person.objects.visible_to(self.user), self.request.GET.get("person"))
        company = by_id_or_none(Company.objects.visible_to(self.user), self.request.GET.get("company"))
        if person is not None:
            return list(person.emails.order_by("position", "pk").values_list("email", flat=True)[:1])
        if company is None:
            return []
        people = Person.objects.visible_to(self.user).filter(company=company)
        rows = PersonEmail.objects.filter(person__in=people, position=0).order_by("email")
        return list(rows.values_list("email", flat=True)[:500])

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        survey = self.survey()
        if answer := sent_before(request):
            return answer
        form = SendForm(request.POST)
        if not form.is_valid():
            return self.draw(survey, form, 422)
        try:
            asked = receivers_for(self.user, form.cleaned_data["addresses"])
        except ValidationError as error:
            form.add_error("addresses", error.messages)
            return self.draw(survey, form, 422)
        with transaction.atomic():
            return once(request, lambda: self.send(survey, asked))

    def send(self, survey: Any, asked: list[tuple[Person | None, str]]) -> HttpResponse:
        made = plan_list(survey, asked, batch=f"manual:{uuid.uuid4().hex}", trigger=Trigger.MANUAL)
        skipped = sum(invitation.state == InvitationState.SKIPPED for invitation in made)
        planned = len(made) - skipped
        words = ngettext("%(n)s person is asked.", "%(n)s people are asked.", planned) % {"n": formats.number(planned)}
        if skipped:
            left = ngettext("%(n)s is left out.", "%(n)s are left out.", skipped) % {"n": formats.number(skipped)}
            words = f"{words} {left}"
        messages.success(self.request, words)
        return HttpResponseRedirect(f"{reverse('surveys:invitations')}?survey={survey.pk}")

    def draw(self, survey: Any, form: SendForm, status: int = 200) -> HttpResponse:
        context = {"survey": survey, "form": form, "cancel_url": survey.get_absolute_url()}
        return render(self.request, self.template, context, status=status)
