"""Making visits of hits, and knowing what a submitted form counts as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.db import transaction

from analytics import dirty
from crm import events
from crm.events import Origin
from crm.models.record import Counter
from crm.periods import local_day

from .choices import Outcome
from .models import Hit, Submission, Visit
from .touches import forms_changed, visits_changed

SESSIONS, SUBMISSIONS = "web.sessions", "web.submissions"
PAUSE = dt.timedelta(minutes=30)  # a longer one ends a session
DOUBLE = dt.timedelta(seconds=1)  # two clicks within it are one
STEP = 500
UTM = {"source": 80, "medium": 80, "campaign": 120, "term": 120, "content": 120}
SEARCH_ENGINES = ("google", "bing", "duckduckgo", "ecosia", "qwant", "yahoo", "startpage", "baidu", "yandex")


def derive(visit: Visit) -> Visit:
    """Sets the counts that follow from the others. Of a row that stands for many sessions nobody knows who clicked and who submitted:
    each session is taken to click once before any clicks twice, and those who submit are taken to have clicked."""
    visit.clicking = min(visit.clicks, visit.sessions)
    visit.clicked_submitted = min(visit.clicking, visit.submitted)
    visit.form_left = max(visit.form_started - visit.submitted, 0)
    return visit


def origin_of(query: str, referrer: str) -> dict[str, str]:
    """Where a visit came from: the marks in the address, else the page it was linked from; nothing for who came directly."""
    marks = parse_qs(query.lstrip("?"), max_num_fields=50) if query else {}
    found = {name: marks.get(f"utm_{name}", [""])[0].strip()[:limit] for name, limit in UTM.items()}
    if not any(found.values()) and referrer:
        host = (urlsplit(referrer).hostname or "").removeprefix("www.")
        engine = next((name for name in SEARCH_ENGINES if name in host.split(".")), "")
        if host:
            found |= {"source": (engine or host)[:80], "medium": "organic" if engine else "referral"}
    return found


# --- hits ------------------------------------------------------------------------------------------------------------


def alone() -> None:
    """Waits until no other process writes visits, and lets none until the running transaction has ended."""
    Counter.objects.get_or_create(name="web.hits")
    Counter.objects.select_for_update().get(name="web.hits")


def follow(visits: Iterable[Visit]) -> None:
    """Says of each visit of the visitors of these new visits when the one before it started: a late one comes between two. Everything that
    writes visits calls it, alone."""
    visitors = {visit.visitor for visit in visits} - {""}
    before: dict[str, dt.datetime] = {}
    moved = []
    known = Visit.objects.exclude(visitor="")  # as the index of visitors says
    rows = known.filter(visitor__in=visitors).order_by("visitor", "started_at", "pk")
    for visit in rows.only("visitor", "started_at", "earlier_at"):
        earlier = before.get(visit.visitor)
        if visit.earlier_at != earlier:
            visit.earlier_at = earlier
            moved.append(visit)
        before[visit.visitor] = visit.started_at
    Visit.objects.bulk_update(moved, ["earlier_at"], batch_size=500)


@transaction.atomic
def take_hits() -> int:
    """Makes visits of up to 500 hits, in the order they came, and deletes them; how many there were. One worker at a time: two could
    begin the same session twice."""
    alone()
    hits = list(Hit.objects.order_by("pk")[:STEP])
    if hits:
        work = _Work(hits)
        for hit in hits:
            work.take(hit)
        work.write()
        Hit.objects.filter(pk__in=[hit.pk for hit in hits]).delete()
    return len(hits)


class _Work:
    """The sessions that a batch of hits goes on with or begins."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        keys = {key for hit in hits for key in (hit.key, hit.key_before) if key}
        since = min(hit.received_at for hit in hits) - 2 * PAUSE
        rows = Visit.objects.select_for_update().filter(key__in=keys, last_at__gte=since).order_by("last_at", "pk")
        self.open: dict[str, Visit] = {visit.key: visit for visit in rows}
        self.touched: dict[int, Visit] = {}
        self.fresh: list[Visit] = []
        self.sent: list[tuple[Visit, dt.datetime]] = []

    def take(self, hit: Hit) -> None:
        for kind, ago in hit.data["events"]:
            at = hit.received_at - dt.timedelta(milliseconds=ago)
            visit = self._visit(hit, at)
            self._count(visit, kind, at, hit.data["page"])
            visit.last_at = max(visit.last_at, at)

    def _visit(self, hit: Hit, at: dt.datetime) -> Visit:
        for key in (hit.key, hit.key_before):
            visit = self.open.get(key) if key else None
            if visit is not None and at - visit.last_at < PAUSE:
                if visit.pk:
                    self.touched[visit.pk] = visit
                return visit
        data = hit.data
        visit = Visit(visitor=hit.visitor, key=hit.key, started_at=at, last_at=at, landing_page=data["page"], origin=Origin.FORM)
        for name, value in origin_of(data["query"], data["referrer"]).items():
            setattr(visit, name, value)
        visit.device = data["device"]
        self.open[hit.key] = visit
        self.fresh.append(visit)
        return visit

    def _count(self, visit: Visit, kind: str, at: dt.datetime, page: str) -> None:
        if kind == "view":
            visit.views += 1
        elif kind == "click" and page == visit.landing_page:
            if visit.clicked_at is None or abs(at - visit.clicked_at) >= DOUBLE:
                visit.clicks += 1
            visit.clicked_at = at
        elif kind == "start":
            visit.form_started = 1
        elif kind == "submit":
            visit.form_started = visit.submitted = 1
            self.sent.append((visit, at))

    def write(self) -> None:
        for visit in (*self.fresh, *self.touched.values()):
            derive(visit)
        Visit.objects.bulk_create(self.fresh, batch_size=500)
        names = [
            "last_at",
            "clicked_at",
            "views",
            "clicks",
            "clicking",
            "submitted",
            "clicked_submitted",
            "form_started",
            "form_left",
        ]
        Visit.objects.bulk_update(self.touched.values(), names, batch_size=200)
        dirty.mark({(SESSIONS, local_day(visit.started_at)) for visit in (*self.fresh, *self.touched.values())})
        follow(self.fresh)
        visits_changed(self.fresh)
        write_submissions([submission_of(visit, at) for visit, at in self.sent])


# --- submitted forms -------------------------------------------------------------------------------------------------


def submission_of(visit: Visit, at: dt.datetime, **values: Any) -> Submission:
    """An unsaved submission in a visit, by its lead or its visitor."""
    identity = f"lead:{visit.lead_id}" if visit.lead_id else f"v:{visit.visitor}" if visit.visitor else ""
    where = {name: getattr(visit, name) for name in ("source", "medium", "campaign", "landing_page", "lead_id")}
    return Submission(visit=visit, at=at, **{"identity": identity, **where, **values})


def write_submissions(submissions: Sequence[Submission]) -> None:
    """Writes new submissions and settles what they and others of the same people count as; in the running transaction."""
    if submissions:
        for row in submissions:
            row.outcome = _outcome(row, False)
        Submission.objects.bulk_create(submissions, batch_size=500)
        forms_changed(submissions)
        dirty.mark({(SUBMISSIONS, local_day(row.at)) for row in submissions})
        settle(row.identity for row in submissions)


def settle(identities: Iterable[str]) -> None:
    """What each submission of these people counts as: the first valid one is the sign-up, unless they were known before."""
    rows = Submission.objects.filter(identity__in=set(identities) - {""}).order_by("at", "pk")
    seen: set[str] = set()
    changed = []
    for row in rows:
        outcome = _outcome(row, row.identity in seen)
        if outcome in (Outcome.SIGNUP, Outcome.KNOWN):
            seen.add(row.identity)
        if outcome != row.outcome:
            row.outcome = outcome
            changed.append(row)
    Submission.objects.bulk_update(changed, ["outcome"], batch_size=500)
    dirty.mark({(SUBMISSIONS, local_day(row.at)) for row in changed})


def _outcome(row: Submission, seen: bool) -> str:
    if row.spam:
        return Outcome.SPAM
    if not row.identity:
        return Outcome.UNNAMED
    return Outcome.KNOWN if row.known or seen else Outcome.SIGNUP


@transaction.atomic
def mark_spam(submission: Submission, spam: bool = True) -> Submission:
    """Takes a submission out of the numbers, or lets it count again; a later one of the same visitor may become the sign-up."""
    submission = Submission.objects.select_for_update().get(pk=submission.pk)
    if submission.spam != spam:
        submission.spam = spam
        submission.save(update_fields=["spam"])
        events.record("submission.spam" if spam else "submission.valid", submission, new={"spam": spam}, links=[submission.lead])
        forms_changed([submission])
        if submission.identity:
            settle([submission.identity])
        else:
            submission.outcome = _outcome(submission, False)
            submission.save(update_fields=["outcome"])
            dirty.mark([(SUBMISSIONS, local_day(submission.at))])
    submission.refresh_from_db()
    return submission


# --- visits from elsewhere -------------------------------------------------------------------------------------------


@transaction.atomic
def write_visits(visits: Sequence[Visit]) -> None:
    """Writes new visits of a file, with the submissions of those that are one person's."""
    alone()
    for visit in visits:
        visit.last_at = visit.last_at or visit.started_at
        visit.origin = events.origin()
        derive(visit)
    Visit.objects.bulk_create(visits, batch_size=500)
    dirty.mark({(SESSIONS, local_day(visit.started_at)) for visit in visits})
    follow(visits)
    visits_changed(visits)
    write_submissions([row for visit in visits for row in _submissions_of(visit)])


def _submissions_of(visit: Visit) -> list[Submission]:
    """The one of a single session. Of a row that stands for many nobody knows who submitted: it brings no sign-ups."""
    return [submission_of(visit, visit.started_at)] if visit.sessions == 1 and visit.submitted else []
