"""What people do with companies, people, leads, activities and tasks. Each function is one transaction: check, change, event,
and the days whose numbers must be computed again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import dirty
from crm import events
from crm.changes import apply, clean, lock, refuse_delete, refuse_future
from crm.models import EventLink, Organisation, Record, fresh_number
from crm.periods import local_day

from . import doubles, freshness, touches
from . import leads as lead_facts
from .choices import REACHES_OUT, TOUCHES, LeadStatus
from .matching import clean_domain, company_domain, digits_of, e164, match_company, match_person
from .models import Activity, Company, Lead, Person, PersonEmail, PersonPhone, Task

__all__ = [
    "complete_task",
    "convert_lead_contacts",
    "delete_activity",
    "delete_company",
    "delete_lead",
    "delete_person",
    "delete_task",
    "log_activity",
    "match_company",
    "match_person",
    "merge_companies",
    "merge_people",
    "save_company",
    "save_lead",
    "save_person",
    "save_task",
]

R = TypeVar("R", bound=Record)
PLURALS = {"company": "companies", "person": "people", "lead": "leads"}
#: What of a record says whether it matches another, and where it is counted when it does.
OF_MATCH = {"name", "company", "email", "status", "created_at", "source"}


def prepare(record: Any, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sets the fields; the team follows the owner; a new record is stamped with its creator and door."""
    if "owner" in changes and "team" not in changes:
        changes["team"] = changes["owner"].team if changes["owner"] is not None else None
    old, new = apply(record, changes)
    if record.pk is None:
        events.stamp(record) if isinstance(record, Record) else setattr(record, "origin", events.origin())
    return old, new


def made_and_held(record: Record) -> list[tuple[str, dt.date | None]]:
    """The (source, day) pairs of a record's creation and of its completeness, and of a company's first purchase."""
    name = PLURALS[record._meta.model_name or ""]
    marks = [(f"{name}.made", local_day(record.created_at)), (f"{name}.held", local_day(record.created_at))]
    since = record.customer_since if isinstance(record, Company) else None
    return [*marks, ("customers.active", local_day(since))] if since else marks


def _save(record: R, changes: dict[str, Any], links: Sequence[Any] = ()) -> tuple[R, dict, dict, bool]:
    """Of a record that is new or locked by the caller."""
    is_new = record.pk is None
    keys = {record.match_key}
    matching = is_new or bool(OF_MATCH & set(changes))
    before = [] if is_new else made_and_held(record) + (doubles.days(type(record), keys) if matching else [])
    old, new = prepare(record, changes)
    clean(record)
    record.save()
    if is_new or new:
        after = doubles.days(type(record), {record.match_key, *keys}) if matching else []
        dirty.mark([*before, *made_and_held(record), *after])
        kind = record._meta.model_name
        events.record(f"{kind}.created" if is_new else f"{kind}.changed", record, old=old, new=new, links=links)
    return record, old, new, is_new


@transaction.atomic
def save_company(company: Company, **changes: Any) -> Company:
    """Creates or changes a company. Its domain is kept bare; a chain of parents must not close into a ring."""
    if company.pk:
        lock(company)
    if "domain" in changes:
        changes["domain"] = clean_domain(changes["domain"])
    if changes.get("annual_revenue") is not None and not (
        changes.get("annual_revenue_currency") or company.annual_revenue_currency
    ):
        changes["annual_revenue_currency"] = Organisation.current().base_currency
    _check_parents(company, changes.get("parent"))
    company, old, new, is_new = _save(company, changes)
    if not is_new and {"industry", "country"} & set(new):
        events.record("company.resegmented", company, old=old, new=new)
        lead_facts.rebuild(company.leads.all())  # their days are split by the company's industry
    return company


def _check_parents(company: Company, parent: Company | None) -> None:
    if parent is not None and company.pk is not None and company.pk in chain(parent.pk):
        raise ValidationError({"parent": _("A company cannot be part of itself.")})


def chain(pk: int | None) -> list[int]:
    """A company and those above it, as stored, up to the top or to the first that comes twice."""
    found: list[int] = []
    while pk is not None and pk not in found:
        found.append(pk)
        pk = Company.objects.filter(pk=pk).values_list("parent", flat=True).first()
    return found


@transaction.atomic
def save_person(
    person: Person,
    *,
    emails: Sequence[tuple[str, str]] | None = None,
    phones: Sequence[tuple[str, str]] | None = None,
    **changes: Any,
) -> Person:
    """Creates or changes a person with their e-mails and phones, each (text, type); None leaves them, a list replaces them."""
    if person.pk:
        lock(person)
    moves = person.pk is not None and "company" in changes and changes["company"] != person.company
    if moves:
        touches.changed(people=[person.pk])
    if "consent" in changes and changes["consent"] != person.consent:
        changes["consent_at"] = timezone.now()
    company = changes.get("company", person.company)
    contact_old, contact_new = _contact_changes(person, emails, phones)
    is_new = person.pk is None
    person, old, new, _new = _save(person, changes, links=[company])
    if moves:
        touches.changed(people=[person.pk])
    if emails is not None:
        _replace_emails(person, emails)
    if phones is not None:
        _replace_phones(person, phones)
    if contact_new != contact_old and not is_new:
        dirty.mark(made_and_held(person))
        events.record("person.reachable", person, old=contact_old, new=contact_new, links=[company])
    return person


def _contact_changes(person: Person, emails: Any, phones: Any) -> tuple[dict, dict]:
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    if emails is not None:
        old["emails"] = [row.email for row in person.emails.all()] if person.pk else []
        new["emails"] = [email for email, _type in emails]
    if phones is not None:
        old["phones"] = [row.phone for row in person.phones.all()] if person.pk else []
        new["phones"] = [phone for phone, _type in phones]
    return old, new


def _replace_emails(person: Person, emails: Sequence[tuple[str, str]]) -> None:
    person.emails.all().delete()
    for position, (email, kind) in enumerate(emails):
        row = PersonEmail(person=person, email=email.strip(), type=kind, position=position)
        try:
            clean(row)
        except ValidationError as error:
            raise ValidationError({"emails": [f"{email}: {text}" for text in error.messages]}) from error
        row.save()


def _replace_phones(person: Person, phones: Sequence[tuple[str, str]]) -> None:
    person.phones.all().delete()
    country = person.company.country if person.company else ""
    rows = [
        PersonPhone(
            person=person, phone=phone.strip(), e164=e164(phone, country), digits=digits_of(phone), type=kind, position=position
        )
        for position, (phone, kind) in enumerate(phones)
    ]
    for row in rows:
        if not row.digits:
            raise ValidationError({"phones": _("“%(phone)s” is not a phone number.") % {"phone": row.phone}})
        clean(row)
    PersonPhone.objects.bulk_create(rows)


#: What of a lead says when it came to us, how, and whose it is.
OF_TOUCH = {"created_at", "undated", "source", "medium", "campaign", "company", "person"}
#: What a status says about the dates of a lead.
CLOSING = (LeadStatus.CONVERTED, LeadStatus.UNRESPONSIVE, LeadStatus.DISQUALIFIED)


@transaction.atomic
def save_lead(lead: Lead, **changes: Any) -> Lead:
    """Creates or changes a lead; the dates of qualification and closing follow the status unless they are given."""
    if lead.pk:
        lock(lead)
    status = changes.get("status", lead.status)
    now = timezone.now()
    if lead.pk:
        _keep_answer(lead, changes)
    if status == LeadStatus.QUALIFIED and lead.qualified_at is None:
        changes.setdefault("qualified_at", now)
    if status == LeadStatus.CONVERTED and lead.converted_at is None:
        changes.setdefault("converted_at", now)
    if status in CLOSING and lead.closed_at is None:
        changes.setdefault("closed_at", changes.get("converted_at") or now)
    if status not in CLOSING:
        changes.update(closed_at=None, converted_at=None)
    if not lead.number and not changes.get("number"):
        changes["number"] = fresh_number(Lead, "lead", "L-")
    if lead.pk:
        spans = list(lead.untouched_spans.order_by("start", "pk"))
        dirty.mark(lead_facts.days(lead, getattr(lead, "facts", None), spans))
        if OF_TOUCH & set(changes):
            touches.changed(leads=[lead.pk])
    lead, _old, new, is_new = _save(lead, changes, links=[changes.get("company"), changes.get("person")])
    lead_facts.rebuild([lead])
    if OF_TOUCH & set(new) or is_new and (lead.company_id or lead.person_id):
        touches.changed(leads=[lead.pk])
    return lead


def _keep_answer(lead: Lead, changes: dict[str, Any]) -> None:
    """A lead is not answered later than its first touch, whatever was typed or read before the touch was logged."""
    first = lead.activities.touches().order_by("at").values_list("at", flat=True).first()
    known = changes.get("first_response_at", lead.first_response_at)
    if first is not None and (known is None or first < known):
        changes["first_response_at"] = first


#: What upper apps do around a change of an activity or task: context managers, called with the record.
activity_watchers: list[Callable[[Activity], AbstractContextManager]] = []
task_watchers: list[Callable[[Task], AbstractContextManager]] = []


@contextmanager
def _watched(watchers: list[Any], record: Any) -> Iterator[None]:
    with ExitStack() as stack:
        for watcher in watchers:
            stack.enter_context(watcher(record))
        yield


@transaction.atomic
def log_activity(activity: Activity, *, also: Sequence[Any] = (), **changes: Any) -> Activity:
    """Writes down, or corrects, something that was done. A first human outbound touch answers the lead.

    also: further records whose timeline shows it.
    """
    with _watched(activity_watchers, activity):
        return _log_activity(activity, also, changes)


def _log_activity(activity: Activity, also: Sequence[Any], changes: dict[str, Any]) -> Activity:
    is_new = activity.pk is None
    before = None if is_new else Activity.objects.get(pk=activity.pk)
    if is_new and "owner" not in changes and activity.owner_id is None:
        changes["owner"] = events.actor()
    old, new = prepare(activity, changes)
    refuse_future(at=activity.at)
    clean(activity)
    activity.save()
    _mark_done(*filter(None, (before, activity)))
    if before is not None:
        _take_answer_back(before)
    for row in filter(None, (before, activity)):
        _answer_lead(row.lead)
    if is_new or new:
        links = [activity.company, activity.person, activity.lead, *also]
        kind = "activity.logged" if is_new else "activity.changed"
        events.record(kind, activity, old=old, new={"kind": activity.kind, **new}, at=activity.at, links=links)
    return activity


def _mark_done(*activities: Activity) -> None:
    """The days on which these activities are counted."""
    dirty.mark([("activities.done", local_day(activity.at)) for activity in activities])


def _answer_lead(lead: Lead | None) -> None:
    """Keeps the lead's first response at its earliest human outbound touch; one that was typed or imported earlier stays."""
    if lead is None:
        return
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    first = lead.activities.touches().order_by("at").values_list("at", flat=True).first()
    if first is not None and (lead.first_response_at is None or first < lead.first_response_at):
        lead_old = lead.first_response_at
        lead.first_response_at = first
        changed = ["first_response_at"]
        if lead.status == LeadStatus.NEW:
            lead.status = LeadStatus.WORKING
            changed.append("status")
        lead.save(update_fields=[*changed, "updated_at"])
        events.record("lead.answered", lead, old={"first_response_at": lead_old}, new={"first_response_at": first}, at=first)
    lead_facts.rebuild([lead])


def _take_answer_back(activity: Activity) -> None:
    """Forgets a lead's first response that this activity was, before it is changed or deleted; the next touch takes its place."""
    if activity.lead_id and activity.kind in TOUCHES and activity.direction in REACHES_OUT and not activity.by_machine:
        Lead.objects.filter(pk=activity.lead_id, first_response_at=activity.at).update(first_response_at=None)


@transaction.atomic
def delete_activity(activity: Activity) -> None:
    """Removes an activity; a lead's first response that it was falls back to the next touch."""
    lead = activity.lead
    links = [activity.company, activity.person, activity.lead]
    events.record(
        "activity.deleted", activity, old={"kind": activity.kind, "at": activity.at, "note": activity.note}, links=links
    )
    _mark_done(activity, Activity.objects.get(pk=activity.pk))
    _take_answer_back(activity)
    with _watched(activity_watchers, activity):
        activity.delete()
    _answer_lead(lead)


@transaction.atomic
def save_task(task: Task, *, also: Sequence[Any] = (), **changes: Any) -> Task:
    """Creates or changes a task; the owner is whoever writes it unless another is named. also: as in `log_activity`."""
    with _watched(task_watchers, task):
        return _save_task(task, also, changes)


def _save_task(task: Task, also: Sequence[Any], changes: dict[str, Any]) -> Task:
    is_new = task.pk is None
    before = None if is_new else Task.objects.select_for_update().get(pk=task.pk)
    if is_new and "owner" not in changes and task.owner_id is None:
        changes["owner"] = events.actor()
    old, new = prepare(task, changes)
    clean(task)
    if before is not None:
        task.missed_at = _missed(before, task)
    task.save()
    dirty.mark([("tasks.due", row.due_day) for row in (before, task) if row is not None])
    if is_new or new:
        kind = "task.created" if is_new else "task.done" if new.get("done_at") else "task.changed"
        events.record(kind, task, old=old, new=new, links=[task.company, task.person, task.lead, *also])
    return task


def _missed(before: Task, after: Task) -> dt.datetime | None:
    """The due time that had passed, without the task being done, when it is given another one; one that is known stays."""
    due, done = before.due_at, before.done_at
    if before.missed_at or due is None or due == after.due_at or (done is not None and done <= due):
        return before.missed_at
    return due if before.created_at <= due < timezone.now() else None


def complete_task(task: Task, at: dt.datetime | None = None) -> Task:
    """Ticks the task off; doing it twice changes nothing."""
    return task if task.done_at else save_task(task, done_at=at or timezone.now())


@transaction.atomic
def delete_task(task: Task) -> None:
    """Removes a task."""
    dirty.mark([("tasks.due", Task.objects.get(pk=task.pk).due_day)])
    events.record("task.deleted", task, old={"title": task.title}, links=[task.company, task.person, task.lead])
    with _watched(task_watchers, task):
        task.delete()


@transaction.atomic
def convert_lead_contacts(
    lead: Lead, *, at: dt.datetime | None = None, company: Company | None = None, person: Person | None = None
) -> tuple[Company | None, Person | None]:
    """Turns a lead into a company and a person: those given, else those that match, else new ones; keeps the links.

    A lead without a company's name, or domain in its e-mail, gives a person without a company.
    """
    lock(lead)
    if lead.status == LeadStatus.CONVERTED:
        raise ValidationError(_("This lead has been converted already."))
    domain = company_domain(lead.email)
    company = company or (person.company if person else None) or match_company(name=lead.company_name, domain=domain)
    shared = {"owner": lead.owner, "source": lead.source}
    if company is None and (lead.company_name or domain):
        company = save_company(Company(), name=lead.company_name or domain, domain=domain, **shared)
    person = person or match_person(lead.email, lead.phone, lead.name, company)
    if person is None:
        person = save_person(
            Person(),
            name=lead.name,
            company=company,
            emails=[(lead.email, "work")] if lead.email else [],
            phones=[(lead.phone, "work")] if digits_of(lead.phone) else [],
            **shared,
        )
    save_lead(lead, status=LeadStatus.CONVERTED, converted_at=at or timezone.now(), company=company, person=person)
    events.record("lead.converted", lead, at=lead.converted_at, links=[company, person])
    return company, person


@transaction.atomic
def merge_companies(keep: Company, lose: Company) -> Company:
    """Moves everything of `lose` to `keep`, fills what `keep` lacks, and deletes `lose`. Its creation leaves its day."""
    _check_merge(keep, lose)
    events.record("company.merged", keep, old={"lost": lose.pk, "name": lose.name}, links=[lose])
    marks = [*made_and_held(keep), *made_and_held(lose), *doubles.days(Company, {keep.match_key, lose.match_key})]
    for relation in ("people", "leads", "activities", "tasks"):
        getattr(lose, relation).update(company=keep)
    _merge_parents(keep, lose)
    for merge in company_merges:
        merge(keep, lose)
    keep.refresh_from_db(fields=["customer_since"])  # the deals that moved may have made it a customer, or earlier
    _fill(
        keep,
        lose,
        (
            "domain",
            "industry",
            "employees",
            "annual_revenue",
            "annual_revenue_currency",
            "country",
            "city",
            "source",
            "description",
        ),
    )
    if keep.owner is None:
        keep.owner, keep.team = lose.owner, lose.team
    _move_timeline(keep, lose)
    lose.delete()
    keep.save()
    dirty.mark([*marks, *made_and_held(keep), *doubles.days(Company, {keep.match_key}), *doubles.days_of(keep.people.all())])
    freshness.derive(keep._meta.label_lower, [keep.pk])
    lead_facts.rebuild(keep.leads.all())  # the survivor's own too: it may have taken over an industry
    return keep


def _merge_parents(keep: Company, lose: Company) -> None:
    """Puts what belonged to `lose` below `keep`, and `keep` below what `lose` belonged to, without making a ring: of a company between
    the two, the link that led to `lose` leads past it."""
    above = chain(keep.pk)
    between = above[above.index(lose.pk) - 1] if lose.pk in above else None
    lose.subsidiaries.exclude(pk__in=[keep.pk, between]).update(parent=keep)
    if between not in (None, keep.pk):
        Company.objects.filter(pk=between).update(parent=lose.parent)
    elif between == keep.pk or (keep.parent_id is None and keep.pk not in chain(lose.parent_id)):
        keep.parent = lose.parent


#: What upper apps move when companies are merged, called as f(keep, lose) in the transaction.
company_merges: list[Any] = []
person_merges: list[Any] = []


def _check_merge(keep: Any, lose: Any) -> None:
    """Refuses what cannot be merged; locks both."""
    if keep.pk == lose.pk:
        raise ValidationError(_("Choose two different records to merge."))
    lock(keep, lose)


def _fill(keep: Any, lose: Any, names: Iterable[str]) -> None:
    """Takes over from `lose` what is blank in `keep`; the earlier creation stands."""
    domain, lose_domain = "domain" in [f.name for f in keep._meta.fields], getattr(lose, "domain", "")
    if domain and lose_domain and not keep.domain:
        type(lose)._default_manager.filter(pk=lose.pk).update(domain="")
    for name in names:
        if getattr(keep, name) in ("", None):
            setattr(keep, name, getattr(lose, name))
    if lose.created_at < keep.created_at and not lose.undated:
        keep.created_at, keep.undated = lose.created_at, False


def _move_timeline(keep: Any, lose: Any) -> None:
    """The loser's timeline is read on the survivor's page from now on."""
    label = keep._meta.label_lower
    there = set(EventLink.objects.filter(object_type=label, object_id=keep.pk).values_list("event_id", flat=True))
    links = EventLink.objects.filter(object_type=label, object_id=lose.pk)
    links.filter(event_id__in=there).delete()
    links.update(object_id=keep.pk)


@transaction.atomic
def merge_people(keep: Person, lose: Person) -> Person:
    """Moves everything of `lose` to `keep`, addresses and numbers included, and deletes `lose`."""
    _check_merge(keep, lose)
    events.record("person.merged", keep, old={"lost": lose.pk, "name": lose.name}, links=[lose])
    keys = {keep.match_key, lose.match_key}
    marks = [*made_and_held(keep), *made_and_held(lose), *doubles.days(Person, keys)]
    numbers = set(keep.phones.values_list("digits", flat=True))
    lose.phones.filter(digits__in=numbers).delete()
    for relation in ("emails", "phones"):
        after = getattr(keep, relation).count()
        for position, row in enumerate(getattr(lose, relation).all()):
            row.person, row.position = keep, after + position
            row.save(update_fields=["person", "position"])
    for relation in ("leads", "activities", "tasks"):
        getattr(lose, relation).update(person=keep)
    for merge in person_merges:
        merge(keep, lose)
    _fill(keep, lose, ("title", "company_id", "language", "source", "description"))
    _move_timeline(keep, lose)
    lose.delete()
    keep.save()
    dirty.mark([*marks, *made_and_held(keep), *doubles.days(Person, keys)])
    freshness.derive(keep._meta.label_lower, [keep.pk])
    return keep


def _delete(record: Record) -> None:
    kind = record._meta.model_name
    events.record(f"{kind}.deleted", record, old={"name": str(record)})
    dirty.mark([*made_and_held(record), *doubles.days(type(record), {record.match_key})])  # type: ignore[attr-defined]
    try:
        record.delete()
    except ProtectedError as error:
        names = ", ".join(sorted({str(item._meta.verbose_name_plural) for item in error.protected_objects}))
        refuse_delete(record, _("%(names)s depend on it") % {"names": names})


@transaction.atomic
def delete_company(company: Company) -> None:
    """Deletes a company; refused while deals hang on it."""
    leads = list(company.leads.values_list("pk", flat=True))
    people = company.people.all()
    dirty.mark([*doubles.days_of(people), *(("people.held", day) for day in people.values_list("created_day", flat=True))])
    _delete(company)
    lead_facts.rebuild(Lead.objects.filter(pk__in=leads))


@transaction.atomic
def delete_person(person: Person) -> None:
    """Deletes a person; their activities stay with the company."""
    touches.changed(people=[person.pk])
    _delete(person)


@transaction.atomic
def delete_lead(lead: Lead) -> None:
    """Deletes a lead; it leaves every number, past ones included."""
    dirty.mark(lead_facts.days(lead, getattr(lead, "facts", None), lead.untouched_spans.all()))
    touches.changed(leads=[lead.pk])
    _delete(lead)
