"""Surveys with answers and invitations on the boundaries of months, and random edits to them: what number tests run on.

Everything goes through the services, as customers' and people's edits do.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from contacts import services as contacts
from contacts.models import Company, Person
from crm.periods import first_instant
from surveys import answers, marks, services
from surveys.models import Invitation, Response, Survey
from surveys.tokens import Page
from tests.factories import CompanyFactory, InvitationFactory, PersonFactory, SurveyFactory, utc
from tests.people import People

NOW = utc("2026-05-18 10:00")
MONTHS = [dt.date(2025, 12, 1), *(dt.date(2026, month, 1) for month in range(1, 6))]


@dataclass
class Voice:
    people: People
    rng: random.Random
    surveys: list[Survey] = field(default_factory=list)
    companies: list[Company] = field(default_factory=list)

    def instant(self, after: dt.datetime | None = None) -> dt.datetime:
        """A moment up to now, often exactly on a month's first instant."""
        low = after or first_instant(MONTHS[0])
        edges = [first_instant(day) for day in MONTHS if low <= first_instant(day) <= NOW]
        if edges and self.rng.random() < 0.3:
            return self.rng.choice(edges)
        return low + (NOW - low) * self.rng.random()

    def owner(self) -> Any:
        return self.rng.choice([self.people.ann, self.people.ann, self.people.ben, self.people.cleo, None])

    def about(self) -> dict[str, Any]:
        rng, owner = self.rng, self.owner()
        return {
            "owner": owner,
            "team": owner.team if owner else None,
            "channel": rng.choice(["", "email", "phone"]),
            "priority": rng.choice(["", "high", "low"]),
            "campaign": rng.choice(["", "spring"]),
            "product": rng.choice(["", "Laptop"]),
            "segment": rng.choice(["", "Retail", "Health"]),
        }

    def one(self, model: Any, **where: Any) -> Any:
        ids = list(model.objects.filter(**where).order_by("pk").values_list("pk", flat=True))
        return model.objects.get(pk=self.rng.choice(ids)) if ids else None


def build(people: People, size: int = 60, seed: int = 7) -> Voice:
    """All kinds on several scales and both polarities, `size` answers with and as many invitations without an answer."""
    voice = Voice(people, random.Random(seed))
    voice.surveys = [
        SurveyFactory(name="Recommend", settle_minutes=0),
        SurveyFactory(name="Effort", kind="ces", settle_minutes=0),
        SurveyFactory(name="Effort 1.0", kind="ces", scale=(1, 5), polarity="low_is_easy", settle_minutes=0),
        SurveyFactory(name="Care", kind="csat", settle_minutes=0),
        SurveyFactory(name="Care in seven", kind="csat", scale=(1, 7), settle_minutes=0),
    ]
    voice.companies = [CompanyFactory(owner=voice.owner(), industry="Retail") for _number in range(4)]
    for company in voice.companies:
        PersonFactory(company=company, owner=company.owner)
    for _number in range(size):
        late_import(voice)
        ask(voice)
        if voice.rng.random() < 0.6:
            reply(voice)
    return voice


# --- edits -----------------------------------------------------------------------------------------------------------


def late_import(voice: Voice) -> None:
    survey = voice.rng.choice(voice.surveys)
    state = voice.rng.choice(["confirmed"] * 6 + ["quarantined", "rejected"])
    who = {"person": voice.one(Person), "responded_at": voice.instant(), "state": state, "origin": "import"}
    answers.record_response(survey, voice.rng.choice(survey.version.scale), **who, **voice.about())


def ask(voice: Voice) -> None:
    """An invitation that was delivered at some time."""
    sent = voice.instant()
    expires = NOW + dt.timedelta(days=90)
    survey = voice.rng.choice(voice.surveys)
    marks.mark([InvitationFactory(survey=survey, sent_at=sent, expires_at=expires, person=voice.one(Person), **voice.about())])


def reply(voice: Voice) -> None:
    """A customer sends the page, for the first time or again; now and then it is a machine."""
    invitation = voice.one(Invitation, state__in=["sent", "answered"])
    if invitation is None:
        return
    page = Page(str(voice.rng.random()), timezone.now() - dt.timedelta(minutes=1))
    try:
        answers.answer(invitation, voice.rng.choice(invitation.version.scale), "", page, honeypot=voice.rng.random() < 0.15)
    except ValidationError:
        pass  # rejected ones cannot be changed any more


def _on_response(edit: Callable[[Voice, Response], object]) -> Callable[[Voice], None]:
    def run(voice: Voice) -> None:
        response = voice.one(Response)
        if response is not None:
            edit(voice, response)

    return run


def _correct(voice: Voice, response: Response) -> None:
    answers.change_response(response, score=voice.rng.choice(response.version.scale))


def _redate(voice: Voice, response: Response) -> None:
    answers.change_response(response, responded_at=voice.instant(response.invitation and response.invitation.delivered_at))


def _withdraw(voice: Voice) -> None:
    invitation = voice.one(Invitation, state="sent")
    if invitation is not None:
        services.withdraw(invitation)


def _bounce(voice: Voice) -> None:
    invitation = voice.one(Invitation, state="sent")
    if invitation is not None:
        services.mark_bounced(invitation)


def _delete_person(voice: Voice) -> None:
    if Person.objects.count() > 2:
        contacts.delete_person(voice.one(Person))


def _merge(voice: Voice) -> None:
    found = list(Company.objects.order_by("pk"))
    if len(found) > 2:
        contacts.merge_companies(*voice.rng.sample(found, 2))


def _merge_people(voice: Voice) -> None:
    found = list(Person.objects.order_by("pk"))
    if len(found) > 2:
        contacts.merge_people(*voice.rng.sample(found, 2))


def _company(voice: Voice) -> None:
    contacts.save_company(voice.one(Company), owner=voice.owner(), industry=voice.rng.choice(["", "Energy"]))


def _new_version(voice: Voice) -> None:
    survey = Survey.objects.get(pk=voice.rng.choice(voice.surveys).pk)
    services.change_question(survey, texts={"en": {"question": f"Number {voice.rng.random()}?"}})


EDITS: list[Callable[[Voice], object]] = [
    late_import,
    ask,
    ask,
    reply,
    reply,
    reply,
    _on_response(_correct),
    _on_response(_redate),
    _on_response(lambda voice, response: answers.release(response)),
    _on_response(lambda voice, response: answers.reject(response)),
    _withdraw,
    _bounce,
    _delete_person,
    _merge,
    _merge_people,
    _company,
    lambda voice: PersonFactory(company=voice.one(Company)),
    _new_version,
]


def shake(voice: Voice, edits: int) -> None:
    """Random edits: answer, change, quarantine, release, reject, withdraw, bounce, correct, re-date, re-own, merge, delete, ..."""
    for _number in range(edits):
        with suppress(ValidationError):  # refused: nothing changed
            voice.rng.choice(EDITS)(voice)
