"""Importing answers with their scales, respondents and times, and the invitations they came from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.common import import_day, owner_of
from contacts.imports.companies import References as Companies
from contacts.models import Company, Person
from contacts.services import save_company
from crm import events
from crm.imports.engine import Plan, Step, refuse_by
from crm.imports.errors import FileRefused
from crm.imports.registry import Field, Kind, Row, register

from .. import marks
from ..answers import LONGEST_COMMENT, change_response, derive, read_score
from ..choices import InvitationState, Polarity, ResponseState, Trigger
from ..choices import Kind as SurveyKind
from ..links import links_of
from ..models import ATTRIBUTES, Invitation, QuestionVersion, Response
from .identity import number_of
from .references import Respondents, Surveys, find_subject

WORDS = ("channel", "segment", "product", "campaign", "priority")
LIMITS = {"channel": 20, "segment": 80, "product": 200, "campaign": 120, "priority": 20}
POLARITIES = (*Polarity.choices, (Polarity.HIGH, "high"), (Polarity.LOW, "low"))


@dataclass
class Wanted:
    """What a row says about its answer, after every word in it was understood."""

    row: Row
    number: str
    version: QuestionVersion
    score: int | None
    person: Person | None = None
    company: Company | None = None
    about: dict[str, Any] = field(default_factory=dict)


@register
class Responses(Kind):
    """Answers; the same one has that number in that survey, else see `identity`. A row with an invitation's time and no score is an
    invitation that nobody answered."""

    key = "responses"
    label = gettext_lazy("Survey answers")
    needs = (("response", "change"),)
    required = (("survey",), ("score",))
    fields = (
        Field("survey", gettext_lazy("Survey"), limit=120, headings=("survey name", "questionnaire")),
        Field("kind", gettext_lazy("Type"), "choice", choices=tuple(SurveyKind.choices), headings=("survey type", "metric")),
        Field("number", gettext_lazy("Number"), limit=70, headings=("response id", "response", "id", "answer id")),
        Field("score", gettext_lazy("Score"), "whole", headings=("rating", "answer", "nps", "csat", "ces", "nps score")),
        Field("scale_min", gettext_lazy("Lowest score"), "whole"),
        Field("scale_max", gettext_lazy("Highest score"), "whole"),
        Field("polarity", gettext_lazy("Good end"), "choice", choices=POLARITIES),
        Field(
            "respondent",
            gettext_lazy("Person"),
            limit=2000,
            headings=("e-mail", "email", "customer", "customerid", "customer id", "name", "contact", "respondent email"),
        ),
        Field("company", gettext_lazy("Company"), headings=("account", "organization", "store", "airline")),
        Field(
            "country",
            gettext_lazy("Country"),
            "country",
            headings=("country/region",),
            help=gettext_lazy("Of a company that has none yet."),
        ),
        Field("ticket", gettext_lazy("Ticket"), limit=40, headings=("ticket number", "case", "case number")),
        Field("deal", gettext_lazy("Deal"), limit=40, headings=("deal number", "opportunity")),
        Field("invited_at", gettext_lazy("Sent"), "moment", headings=("sent at", "invited", "survey sent")),
        Field("answered_at", gettext_lazy("Answered"), "moment", headings=("timestamp", "date", "responded at", "response date")),
        Field("comment", gettext_lazy("Comment"), limit=LONGEST_COMMENT, headings=("feedback", "why", "...why?", "reason")),
        Field("owner", gettext_lazy("Owner"), headings=("agent", "assigned to")),
        *(Field(name, Response._meta.get_field(name).verbose_name, limit=limit) for name, limit in LIMITS.items()),
    )

    def check(self, plan: Plan) -> None:
        if "ticket" in plan.columns and "deal" in plan.columns:
            raise FileRefused(_("An answer is about a ticket or about a deal: map one of the two."))

    def identities(self, row: Row) -> list[str]:
        number = row.text("number").lower()
        return [f"{row.text('survey').lower()}|{number}"] if number else []

    def save(self, rows: Sequence[Row], step: Step) -> None:
        companies = Companies(step, rows)
        people, surveys = Respondents(step, rows, companies), Surveys(step)
        wanted = [found for row in rows if (found := self._read(row, step, surveys, companies, people))]
        known = self._known(wanted)
        fresh = []
        for one in wanted:
            response, invitation = known[0].get(self._key(one)), known[1].get(self._key(one))
            if response is not None:
                self._change(one, response)
            elif invitation is not None and one.score is None:
                one.row.result = "unchanged"
            else:
                fresh.append((one, invitation))
        self._write(fresh, step)

    # --- understanding a row -----------------------------------------------------------------------------------------

    def _read(self, row: Row, step: Step, surveys: Surveys, companies: Any, people: Respondents) -> Wanted | None:
        if row.refused:
            return None
        if not row.text("survey"):
            row.refuse("survey", _("is missing"))
        if row.get("score") is None and row.get("invited_at") is None:
            row.refuse("score", _("is missing"))
        version = surveys.get(row) if not row.refused else None
        if version is None:
            return None
        try:
            score = read_score(version, row.get("score"))
        except ValidationError as error:
            row.refuse("score", " ".join(error.messages))
            return None
        person = people.get(row)
        company = companies.get(row) or (person.company if person else None)
        found = Wanted(row, number_of(step, row), version, score, person, company)
        self._about(found, step)
        self._times(found, step)
        return None if row.refused else found

    def _about(self, wanted: Wanted, step: Step) -> None:
        """Whom and what the answer is counted by: the row's own words, else those of its ticket or deal, else of its company."""
        row, about = wanted.row, wanted.about
        subject = find_subject(step, row)
        if subject is not None:
            about |= {"subject_type": subject._meta.label_lower, "subject_id": subject.pk, "subject_number": subject.number}
            wanted.company = wanted.company or subject.company
        holder = subject or wanted.company or wanted.person
        owner = owner_of(row, step, "response", new=False)
        about["owner"] = owner or (holder.owner if holder else None)
        about["team"] = owner.team if owner else holder.team if holder else None
        if about["owner"] is None and step.actor is not None and step.scope("response", "change") != "all":
            about["owner"], about["team"] = step.actor, step.actor.team
        about |= {name: row.text(name) for name in WORDS if row.text(name)}
        if wanted.company is not None:
            about.setdefault("segment", wanted.company.industry)
            self._country(row, wanted.company)

    @staticmethod
    def _country(row: Row, company: Company) -> None:
        if row.text("country") and not company.country:
            save_company(company, country=row.text("country"))

    def _times(self, wanted: Wanted, step: Step) -> None:
        row = wanted.row
        answered, invited = row.get("answered_at"), row.get("invited_at")
        if answered is not None and invited is not None and answered < invited:
            row.refuse("answered_at", _("lies before the invitation"))
        if wanted.score is not None and answered is None:
            row.values["answered_at"] = invited or import_day(step)
            if invited is None:
                text = _("The file does not say when people answered: these answers count on the day of the import.")
                step.note("answers:undated", f"{text} --default answered_at=2026-05-18")

    # --- writing -----------------------------------------------------------------------------------------------------

    @staticmethod
    def _key(wanted: Wanted) -> tuple[int, str]:
        return wanted.version.survey_id, wanted.number

    def _known(self, wanted: Sequence[Wanted]) -> tuple[dict, dict]:
        """The answers and the unanswered invitations that are there, by survey and number."""
        surveys = {one.version.survey_id for one in wanted}
        numbers = [one.number for one in wanted]
        rows = Response.objects.filter(survey__in=surveys, number__in=numbers).select_related("survey", "version", "invitation")
        causes = [f"import:{number}" for number in numbers]
        invitations = Invitation.objects.filter(survey__in=surveys, cause__in=causes)
        return (
            {(row.survey_id, row.number): row for row in rows},
            {(row.survey_id, row.cause.removeprefix("import:")): row for row in invitations},
        )

    def _change(self, wanted: Wanted, response: Response) -> None:
        """Blank cells change nothing."""
        row = wanted.row
        values: dict[str, Any] = {"score": wanted.score, "version": wanted.version, "person": wanted.person}
        values |= {"comment": row.text("comment") or None, "company": wanted.company}
        values["responded_at"] = row.get("answered_at") if row.raw.get("answered_at") else None
        values |= {name: value for name, value in wanted.about.items() if name in row.raw}
        changes = {name: value for name, value in values.items() if value not in (None, "") and getattr(response, name) != value}
        if not changes:
            row.result = "unchanged"
            return
        try:
            change_response(response, **changes)
        except ValidationError as error:
            refuse_by(row, self, error)
            return
        row.result = "updated"

    def _write(self, fresh: list[tuple[Wanted, Invitation | None]], step: Step) -> None:
        """New answers and invitations with their events, set-based; their days are marked."""
        new = [self._invitation(one) for one, there in fresh if there is None and one.row.get("invited_at")]
        Invitation.objects.bulk_create(new, batch_size=500)
        invitations = {(row.survey_id, row.cause.removeprefix("import:")): row for row in new}
        answers = [self._response(one, there or invitations.get(self._key(one))) for one, there in fresh if one.score is not None]
        Response.objects.bulk_create(answers, batch_size=500)
        said = []
        for answer in answers:
            words = {"score": answer.score, "band": answer.band, "comment": answer.comment, "survey": answer.survey.name}
            event = events.build("response.received", answer, new=words, at=answer.responded_at)
            said.append((event, [answer, *links_of(answer)]))
        events.record_many(said)
        marks.mark([*answers, *new])
        for one, there in fresh:
            one.row.result = "created" if there is None or one.score is None else "updated"

    def _base(self, wanted: Wanted) -> dict[str, Any]:
        return {
            **wanted.about,
            "survey": wanted.version.survey,
            "version": wanted.version,
            "person": wanted.person,
            "company": wanted.company,
        }

    def _invitation(self, wanted: Wanted) -> Invitation:
        sent: dt.datetime = wanted.row.values["invited_at"]
        answered = wanted.row.get("answered_at") if wanted.score is not None else None
        text = wanted.row.text("respondent")
        return Invitation(
            **self._base(wanted),
            email=text if "@" in text else "",
            trigger=Trigger.IMPORT,
            cause=f"import:{wanted.number}",
            state=InvitationState.ANSWERED if wanted.score is not None else InvitationState.EXPIRED,
            planned_at=sent,
            send_after=sent,
            sent_at=sent,
            delivered_at=sent,
            answered_at=answered,
            expires_at=sent,
        )

    def _response(self, wanted: Wanted, invitation: Invitation | None) -> Response:
        response = Response(
            **self._base(wanted),
            score=wanted.score,
            comment=wanted.row.text("comment"),
            responded_at=wanted.row.values["answered_at"],
            number=wanted.number,
            invitation=invitation,
            state=ResponseState.CONFIRMED,
            origin=events.Origin.IMPORT,
        )
        if invitation is not None and invitation.state != InvitationState.ANSWERED:
            invitation.state, invitation.answered_at = InvitationState.ANSWERED, response.responded_at
            invitation.save(update_fields=["state", "answered_at"])
            for name in ATTRIBUTES:
                setattr(response, name, getattr(invitation, name))
        derive(response)
        return response
