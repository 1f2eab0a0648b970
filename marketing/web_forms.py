"""What is done with web forms: writing them, opening them, and making leads of what is sent."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext as _

from analytics import dirty
from contacts import services as contacts
from contacts.choices import OPEN_LEADS
from contacts.models import Lead
from crm import events, jobs, periods
from crm.changes import apply, clean, lock
from crm.events import Origin
from crm.periods import local_day

from . import collecting
from .models import Visit, WebForm, WebFormDay, WebFormEntry
from .touches import visits_changed
from .visits import PAUSE, SESSIONS, derive, follow, origin_of, submission_of, take_hits, write_submissions

TOGETHER = dt.timedelta(seconds=5)  # hits of so long are counted in one go
NOTES = 20_000  # letters of a lead's description that messages of forms may fill


# --- writing forms ---------------------------------------------------------------------------------------------------


@transaction.atomic
def save_form(form: WebForm, **changes: Any) -> WebForm:
    """Creates or changes a web form. Another text of the consent is another version; what was sent keeps its own."""
    is_new = form.pk is None
    if not is_new:
        lock(form)
    if "owner" in changes and "team" not in changes:
        changes["team"] = changes["owner"].team if changes["owner"] is not None else None
    if changes.get("consent_text", form.consent_text).strip() == "" and changes.get("consent_needed", form.consent_needed):
        raise ValidationError({"consent_text": _("Write what is consented to, or do not ask for it.")})
    if is_new:
        form.key = get_random_string(12)
    before = form.consent_text
    old, new = apply(form, changes)
    if form.consent_text and (is_new or form.consent_text != before):
        form.consent_version += 1
    clean(form)
    if is_new:
        events.stamp(form)
    form.save()
    if is_new or new:
        events.record("webform.created" if is_new else "webform.changed", form, old=old, new=new, links=[form.campaign])
    return form


@transaction.atomic
def delete_form(form: WebForm) -> None:
    """Deletes a form that nobody has sent; one that was sent stays, so that it is known what was consented to."""
    lock(form)
    events.record("webform.deleted", form, old={"name": form.name})
    try:
        form.delete()
    except ProtectedError as error:
        raise ValidationError(_("“%(name)s” has been sent, so it stays. Close it instead.") % {"name": form}) from error


# --- opening and sending ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Browser:
    """Who opens a form, as far as a request tells. `counted`: may be counted as a visit."""

    address: str
    agent: str
    query: str
    referrer: str
    counted: bool


def opened(form: WebForm, browser: Browser) -> None:
    """Counts the opening, and the visit that it begins or goes on with."""
    if browser.counted:
        with transaction.atomic():
            day, _made = WebFormDay.objects.get_or_create(form=form, day=periods.today())
            WebFormDay.objects.filter(pk=day.pk).update(views=F("views") + 1)
        _hit(form, browser, "view")


def begun(form: WebForm, browser: Browser) -> None:
    """Counts that somebody began to fill it in and could not send it yet."""
    if browser.counted:
        _hit(form, browser, "start")


@transaction.atomic
def _hit(form: WebForm, browser: Browser, what: str) -> None:
    data = {"page": form.path, "query": browser.query, "referrer": browser.referrer, "device": "", "events": [[what, 0]]}
    collecting.keep({**data, "visitor": "", "refused": False}, browser.address, browser.agent)
    jobs.enqueue("marketing.hits", key="hits", delay=TOGETHER)


@transaction.atomic
def send(form: WebForm, values: dict[str, Any], browser: Browser) -> WebFormEntry:
    """Makes a lead of what was typed, or adds it to the open lead of that address, with the marks of the visit and the consent as it was shown.

    values: name, email, phone, company, message, consent. A known person's name stays: nobody renames people from outside.
    """
    now = timezone.now()
    visit = _visit(form, browser, now)
    marks = _marks(form, visit, browser)
    lead, known = _lead(form, values, marks, now)
    if visit is not None:
        _sent_in(visit, lead)
        submission = submission_of(visit, now, identity=f"lead:{lead.pk}", lead_id=lead.pk, known=known)
    else:
        where = {name: marks[name] for name in ("source", "medium", "campaign")}
        submission = submission_of(Visit(landing_page=form.path, **where), now, identity=f"lead:{lead.pk}", known=known)
        submission.visit, submission.lead_id = None, lead.pk
    write_submissions([submission])
    entry = WebFormEntry(form=form, lead=lead, submission=submission, at=now, known=known)
    if form.consent_text:
        entry.consented = bool(values.get("consent"))
        entry.consent_version, entry.consent_text = form.consent_version, form.consent_text
    entry.save()
    said = {"form": form.name, "consented": entry.consented, "consent_version": entry.consent_version}
    events.record("webform.sent", form, new=said, links=[lead, lead.person])
    return entry


def _visit(form: WebForm, browser: Browser, now: dt.datetime) -> Visit | None:
    """The session in which it is sent: the one that this browser has, else one that begins here."""
    if not browser.counted:
        return None
    take_hits()  # what the browser told a moment ago is part of it
    visitor, key, before = collecting.known_as(browser.address, browser.agent)
    rows = Visit.objects.select_for_update().filter(key__in=[name for name in (key, before) if name], last_at__gt=now - PAUSE)
    visit = rows.order_by("-last_at", "-pk").first()
    if visit is None:
        marks = origin_of(browser.query, browser.referrer)
        visit = Visit(visitor=visitor, key=key, started_at=now, landing_page=form.path, views=1, origin=Origin.FORM, **marks)
    visit.last_at = now
    return visit


def _marks(form: WebForm, visit: Visit | None, browser: Browser) -> dict[str, str]:
    """Where the lead comes from: the marks in the form's address, else those of the visit, else what the form says."""
    found = dict.fromkeys(("source", "medium", "campaign", "term", "content"), "")
    told = origin_of(browser.query, "")
    if any(told.values()):
        found |= told
    elif visit is not None:
        found |= {name: getattr(visit, name) for name in found}
    if not any(found.values()):
        campaign = form.campaign
        found["source"] = form.source or (campaign.source if campaign else "")
        found["medium"] = form.channel or (campaign.channel if campaign else "")
        found["campaign"] = campaign.code if campaign else ""
    return found


def _lead(form: WebForm, values: dict[str, Any], marks: dict[str, str], now: dt.datetime) -> tuple[Lead, bool]:
    """The lead, and whether the sender was known."""
    message = values.get("message", "")
    lead = Lead.objects.filter(email__iexact=values["email"], status__in=OPEN_LEADS).order_by("-created_at", "-pk").first()
    if lead is not None:
        given = {"phone": values.get("phone", ""), "company_name": values.get("company", "")}
        changes: dict[str, Any] = {name: text for name, text in given.items() if text and not getattr(lead, name)}
        if message and len(lead.description) + len(message) < NOTES:
            changes["description"] = "\n\n".join(filter(None, (lead.description, message)))
        return (contacts.save_lead(lead, **changes) if changes else lead), True
    person = contacts.match_person(values["email"], "", values["name"], None)
    lead = contacts.save_lead(
        Lead(created_at=now),
        name=values["name"],
        email=values["email"],
        phone=values.get("phone", ""),
        company_name=values.get("company", ""),
        description=message,
        landing_page=form.path,
        owner=form.owner,
        person=person,
        company=person.company if person else None,
        **marks,
    )
    return lead, person is not None


def _sent_in(visit: Visit, lead: Lead) -> None:
    is_new = visit.pk is None
    visit.form_started = visit.submitted = 1
    visit.lead = visit.lead or lead
    derive(visit)
    visit.save()
    dirty.mark([(SESSIONS, local_day(visit.started_at))])
    if is_new:
        follow([visit])
    if is_new or visit.lead_id == lead.pk:
        visits_changed([visit])
