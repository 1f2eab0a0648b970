"""What rows of answers refer to: surveys and their questions, respondents, tickets and deals."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts.imports.common import import_day, write_new
from contacts.imports.people import index_of as people_index
from contacts.imports.people import name_key
from contacts.models import Company, Person, PersonEmail
from crm.access import visible_to
from crm.imports.engine import Step
from crm.imports.mapping import read_email
from crm.imports.parsing import fold
from crm.imports.references import ambiguous, forgiven
from crm.imports.registry import Row

from ..choices import Kind, Polarity, Trigger
from ..links import subject_model
from ..models import QuestionVersion, Survey
from ..services import change_question, create_survey
from ..texts import SCALES

LONGEST_NAME = 200


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Survey.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for pk, name in rows.values_list("pk", "name"):
        yield pk, (name,)


class Surveys:
    """The surveys that rows name, and the version of their question that fits the row's scale."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.surveys: dict[int, Survey] = {}
        self.versions: dict[int, list[QuestionVersion]] = {}

    def get(self, row: Row) -> QuestionVersion | None:
        """The question the row's score answers; None and a refused row when there is none and none may be made."""
        survey = self._survey(row)
        if survey is None:
            return None
        kind = row.get("kind")
        if kind and kind != survey.kind:
            row.refuse("kind", _("“%(survey)s” is of another type: %(kind)s") % {"survey": survey, "kind": survey.kind})
            return None
        wanted = self._scale(row, survey)
        there = self.versions.setdefault(survey.pk, list(survey.versions.order_by("-version")))
        found = next((version for version in there if _fits(version, wanted)), None)
        return found or self._other(row, survey, wanted)

    def _scale(self, row: Row, survey: Survey) -> dict[str, Any]:
        given = {key: row.get(key) for key in ("scale_min", "scale_max", "polarity")}
        return {key: value for key, value in given.items() if value is not None}

    def _other(self, row: Row, survey: Survey, wanted: dict[str, Any]) -> QuestionVersion | None:
        """Another scale: a version of its own where the survey came by imports; a survey that is sent keeps its question."""
        if survey.active or survey.trigger != Trigger.IMPORT or not self.step.may("survey", "change"):
            row.refuse("scale_max", _("“%(survey)s” is asked on another scale") % {"survey": survey})
            return None
        try:
            version = change_question(survey, **wanted)
        except ValidationError as error:
            row.refuse("scale_max", " ".join(error.messages))
            return None
        self.versions[survey.pk] = list(survey.versions.select_related("survey").order_by("-version"))
        return version

    def _survey(self, row: Row) -> Survey | None:
        name = row.text("survey")
        index = self.step.index("surveys", load)
        found = index.find(name)
        if found and found.several:
            ambiguous(row, "survey")
            return None
        if found is None:
            return self._make(row, name, index)
        if found.pk not in self.surveys:
            self.surveys[found.pk] = Survey.objects.get(pk=found.pk)
        survey = self.surveys[found.pk]
        if found.loosely:
            forgiven(self.step, "survey", name, survey.name)
        return survey

    def _make(self, row: Row, name: str, index: Any) -> Survey | None:
        if not self.step.may("survey", "add"):
            row.refuse("survey", _("there is no such survey"))
            return None
        kind = row.get("kind")
        if not kind:
            row.refuse("kind", _("is missing: say whether the new survey is nps, ces or csat"))
            return None
        usual = SCALES[Kind(kind)]
        scale = (row.get("scale_min", usual[0]), row.get("scale_max", usual[1]))
        survey = Survey(name=name[:120], kind=kind, trigger=Trigger.IMPORT)
        try:
            create_survey(survey, scale=scale, polarity=row.get("polarity", Polarity.HIGH))
        except ValidationError as error:
            row.refuse("scale_max" if "scale" in str(error) else "survey", " ".join(error.messages))
            return None
        self.surveys[survey.pk] = survey
        index.add(survey.pk, (survey.name,))
        self.step.made("survey", survey.name)
        return survey


def _fits(version: QuestionVersion, wanted: dict[str, Any]) -> bool:
    return all(getattr(version, key) == value for key, value in wanted.items())


class Respondents:
    """The people who answered, found by e-mail, by name at the company, else by a name that only one bears; the missing ones are
    made at once."""

    def __init__(self, step: Step, rows: Sequence[Row], companies: Any) -> None:
        self.step, self.index = step, people_index(step)
        self._ids: dict[int, int] = {}  # line -> person
        made: dict[str, Person] = {}
        mails: list[tuple[Person, str]] = []
        waiting: list[tuple[Row, Person]] = []
        for row in rows:
            if row.text("respondent") and not row.refused:
                self._look(row, companies.get(row), made, mails, waiting)
        self._write(made, mails, waiting)
        self._people = Person.objects.select_related("company", "owner", "team").in_bulk(set(self._ids.values()))
        for row in rows:
            person = self.get(row)
            if person is not None and not step.may_change(person, "person"):
                row.refuse("respondent", _("belongs to another team"))

    def _look(self, row: Row, company: Company | None, made: dict, mails: list, waiting: list) -> None:
        text = shortened(row.text("respondent"))
        email = text.lower() if "@" in text else ""
        names = [f"e:{email}"] if email else [name_key(text, company.pk if company else None), f"a:{fold(text)}"]
        found = self.index.find(*names)
        if found and found.several:
            ambiguous(row, "respondent")
        elif found:
            self._ids[row.line] = found.pk
        elif self.step.scope("person", "add") is None:
            row.refuse("respondent", _("there is no such person"))
        elif not email or self._is_address(row, email):
            person = next((made[name] for name in names if name in made), None)
            if person is None:
                person = self._person(email.split("@")[0] if email else text, company)
                mails += [(person, email)] if email else []
            for name in names:
                made.setdefault(name, person)
            waiting.append((row, person))

    @staticmethod
    def _is_address(row: Row, email: str) -> bool:
        try:
            read_email(email)
        except ValueError as error:
            row.refuse("respondent", str(error))
        return not row.refused

    def _person(self, name: str, company: Company | None) -> Person:
        actor = self.step.actor
        owner = actor if actor is not None and self.step.scope("person", "change") != "all" else None
        return Person(
            name=name[:200],
            company=company,
            owner=owner,
            team=owner.team if owner else None,
            created_at=import_day(self.step),
            undated=True,
        )

    def _write(self, made: dict[str, Person], mails: list, waiting: list) -> None:
        people = list({id(person): person for person in made.values()}.values())
        write_new(people, [{"name": person.name} for person in people])
        PersonEmail.objects.bulk_create([PersonEmail(person=person, email=email) for person, email in mails], batch_size=500)
        of = {id(person): email for person, email in mails}
        for person in people:
            email = of.get(id(person), "")
            keys = (name_key(person.name, person.company_id), f"a:{fold(person.name)}", f"e:{email}" if email else "")
            self.index.add(person.pk, keys)
            self.step.made("person", person.name)
        self._ids |= {row.line: person.pk for row, person in waiting}

    def get(self, row: Row) -> Person | None:
        """The row's person; None when the cell is blank."""
        return self._people.get(self._ids.get(row.line, 0))


def shortened(text: str) -> str:
    """A respondent's mark as a name: one too long for that ends in what tells it from others."""
    if len(text) <= LONGEST_NAME:
        return text
    return f"{text[: LONGEST_NAME - 13]}…{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


SUBJECTS = {"ticket": "support.ticket", "deal": "deals.deal"}


def find_subject(step: Step, row: Row) -> Any:
    """The ticket or deal that the answer is about, by number; as far as whoever imports may see it."""
    for key, label in SUBJECTS.items():
        text, model = row.text(key), subject_model(label)
        if not text:
            continue
        records = model._default_manager.all() if model else None
        if records is not None and step.actor is not None:
            records = visible_to(records, step.actor)
        found = records.filter(number__iexact=text).select_related("company", "owner", "team").first() if records else None
        if found is None:
            row.refuse(key, _("there is no record with this number"))
        return found
    return None
