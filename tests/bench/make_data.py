"""Makes a large, consistent database to measure on: N deals with three stage changes each, and all that hangs on them.

    python -m tests.bench.make_data 100000      # into the database of the environment, which must be empty

The first 10,000 deals are written through the services' own bulk path, so that histories, visits and facts are what the
application would have written. The rest are copies of those rows with other keys, by INSERT ... SELECT into tables without their
indexes: more rows under the same days and people. Timelines are copied nine times at most, for no number reads them. For 10,000
deals: 2,500 companies, 7,500 people, 10,000 leads, 30,000 activities, 50 owners.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

BASE = 10_000
STEP = 1_000
LOSSES = ("Price", "Competitor", "No decision")


def main(about: str | None, what: str, fill: Callable[[int], None], each: int = 1) -> None:
    """The command of a module that makes rows: `each` of what it makes for one of the number given."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("count", type=int, help=f"how many deals there are or shall be; a multiple of {BASE}, or fewer")
    count = parser.parse_args().count
    django.setup()
    started = time.monotonic()
    fill(count)
    print(f"{each * count} {what} in {time.monotonic() - started:.0f} s")


def fill(count: int) -> None:
    """Fills the empty database with `count` deals."""
    from django.db import transaction
    from django.utils import timezone

    from crm.models import Event, Organisation
    from crm.sample import organisation
    from crm.sample.context import Sample

    if Event.objects.exists():
        raise SystemExit("The database is not empty.")
    base = min(count, BASE)
    with transaction.atomic():
        sample = Sample(timezone.now(), print)
        organisation.fill(sample)
        Organisation.remember()
        Maker(sample, base).fill()
    multiply(count // base, copied_models(), clone)
    finish()


class Maker:
    """The first ten thousand deals and what hangs on them."""

    def __init__(self, sample: Any, count: int) -> None:
        from crm.models import Organisation

        self.sample, self.count, self.random = sample, count, sample.random
        self.base_currency = Organisation.current().base_currency

    def fill(self) -> None:
        self.people_who_sell()
        self.catalogue()
        self.contacts()
        for start in range(0, self.count, STEP):
            self.deals(range(start, min(start + STEP, self.count)))
        self.leads()

    def people_who_sell(self) -> None:
        """Five teams, fifty users; the first is the administrator, and a manager and a rep have names to sign in with."""
        from django.contrib.auth.hashers import make_password

        from crm.models import ActiveDay, Team, User, UserSpan

        password = make_password("bench-password")
        teams = Team.objects.bulk_create([Team(name=f"Team {n + 1}") for n in range(5)])
        users = []
        for n in range(50):
            role = "admin" if n == 0 else "manager" if n in range(1, 6) else "rep"
            name = {0: "admin", 1: "manager", 6: "rep"}.get(n, f"user{n}")
            user = User(username=name, name=f"User {n}", email=f"{name}@bench.example", password=password, role=role)
            user.team = teams[n % 5]
            users.append(user)
        User.objects.bulk_create(users)
        UserSpan.objects.bulk_create(
            [
                UserSpan(user=user, start=self.sample.start, role=user.role, team=user.team, carries_quota=True, fte_percent=100)
                for user in users
            ]
        )
        seen = [(user, day) for user in users for day in self.sample.working_days() if self.random.random() < 0.8]
        days = [ActiveDay(user=user, day=day, team=user.team, role=user.role, acted=True) for user, day in seen]
        ActiveDay.objects.bulk_create(days, batch_size=STEP)
        self.users = users

    def catalogue(self) -> None:
        from deals.models import LossReason, Pipeline, Product, Stage

        self.stages = []
        for n, name in enumerate(("New business", "Renewals")):
            pipeline = Pipeline.objects.create(name=name, position=n, is_default=n == 0)
            steps = (("Qualified", 10), ("Demonstration", 30), ("Offer", 60), ("Negotiation", 80))
            self.stages.append(
                Stage.objects.bulk_create(
                    [Stage(pipeline=pipeline, name=step, position=k, probability=p) for k, (step, p) in enumerate(steps)]
                )
            )
        self.reasons = LossReason.objects.bulk_create([LossReason(name=name) for name in LOSSES])
        self.products = Product.objects.bulk_create(
            [Product(code=f"P-{n}", name=f"Product {n}", price=100_000 + n, currency="EUR") for n in range(10)]
        )

    def contacts(self) -> None:
        """A quarter as many companies as deals, three people each."""
        from contacts.models import Company, Person, PersonEmail, PersonPhone
        from contacts.sample import words
        from contacts.sample.companies import slug

        companies = []
        for n in range(max(self.count // 4, 1)):
            owner = self.random.choice(self.users)
            root = self.random.choice(words.ROOTS["fr"] + words.ROOTS["es"])
            company = Company(name=f"{root} {n:05}", domain=f"{slug(root)}-{n:05}.example", owner=owner, team=owner.team)
            company.industry = self.random.choice(words.INDUSTRIES)
            company.country = self.random.choice(tuple(words.COUNTRIES))
            company.employees = self.random.randrange(5, 5000)
            company.source = self.random.choice(tuple(words.SOURCES))
            company.created_at = self.sample.moment(self.sample.start)
            companies.append(company)
        self.companies = Company.objects.bulk_create(companies, batch_size=STEP)
        people = []
        for n in range(3 * len(companies)):
            company = companies[n // 3]
            name = f"{self.random.choice(words.FIRST_NAMES['fr'])} {self.random.choice(words.LAST_NAMES['es'])}"
            person = Person(name=name, company=company, owner=company.owner, team=company.team, created_at=company.created_at)
            people.append(person)
        self.people = Person.objects.bulk_create(people, batch_size=STEP)
        PersonEmail.objects.bulk_create(
            [PersonEmail(person=p, email=f"{slug(p.name)}.{n}@{p.company.domain}") for n, p in enumerate(people)], batch_size=STEP
        )
        PersonPhone.objects.bulk_create(
            [
                PersonPhone(
                    person=p, phone=f"06 39 98 {n // 100 % 100:02} {n % 100:02}", digits=f"0639{n:06}", e164=f"+33639{n:06}"
                )
                for n, p in enumerate(people)
            ],
            batch_size=STEP,
        )

    def deals(self, numbers: Sequence[int]) -> None:
        """A thousand deals with three moves each; two in five won, two in five lost, the youngest open; three touches each."""
        from contacts.models import Activity
        from deals import bulk
        from deals.models import DealActivity

        rows = [self.deal(n) for n in numbers]
        pairs = []
        for new in rows:
            deal = new.deal
            end = deal.closed_at or self.sample.now
            for at in self.sample.between(deal.created_at, end, 3):
                activity = Activity(kind=self.random.choice(("call", "mail", "meeting")), at=at, created_at=at, owner=deal.owner)
                activity.team, activity.company, activity.person = deal.team, deal.company, new.people[0][0]
                pairs.append((deal, activity))
        Activity.objects.bulk_create([activity for _deal, activity in pairs], batch_size=STEP)
        bulk.create_many(rows)
        DealActivity.objects.bulk_create(
            [DealActivity(deal=deal, activity=activity) for deal, activity in pairs], batch_size=STEP
        )

    def deal(self, n: int) -> Any:
        from contacts.sample import words
        from deals import bulk
        from deals.choices import PersonRole
        from deals.models import Deal

        created = self.sample.moment(self.random.choice(self.sample.working_days()))
        place = self.random.randrange(len(self.companies))
        company = self.companies[place]
        owner = self.random.choice(self.users[1:])
        stages = self.stages[n % 5 == 0]
        life = dt.timedelta(days=self.sample.lognormal(40, 0.6))
        closed = created + life if created + life < self.sample.now else None
        won = self.random.random() < 0.42
        deal = Deal(
            title=f"{company.name} {n}", company=company, owner=owner, team=owner.team, created_at=created, currency="EUR"
        )
        deal.amount = round(self.sample.lognormal(1_500_000, 0.8))
        deal.pipeline, deal.stage = stages[0].pipeline, stages[-1]
        deal.product, deal.source = self.random.choice(self.products), self.random.choice(tuple(words.SOURCES))
        deal.expected_close = (created + dt.timedelta(days=45)).date()
        if closed:
            deal.status = "won" if won else "lost"
            setattr(deal, f"{deal.status}_at", closed)
            deal.lost_reason = None if won else self.random.choice(self.reasons)
        end = closed or self.sample.now
        steps = [
            bulk.Step(created + (end - created) * part, {"stage": stage})
            for part, stage in zip((0.2, 0.5, 0.8), stages[1:], strict=True)
        ]
        people = [(self.people[3 * place + self.random.randrange(3)], PersonRole.CONTACT)]
        return bulk.NewDeal(deal, beginning={"stage": stages[0]}, steps=steps, people=people)

    def leads(self) -> None:
        """As many leads as deals; some were answered, some became customers."""
        from contacts import leads as lead_facts
        from contacts.models import Lead
        from contacts.sample import words

        leads = []
        for n, day in enumerate(self.sample.days(self.count)):
            at = self.sample.moment(day)
            owner = self.random.choice(self.users[1:])
            lead = Lead(
                number=f"L-{n}", name=f"Lead {n}", email=f"lead{n}@bench.example", owner=owner, team=owner.team, created_at=at
            )
            lead.source = self.random.choice(tuple(words.SOURCES))
            if self.random.random() < 0.9 and at < self.sample.now - dt.timedelta(days=1):
                lead.first_response_at = at + dt.timedelta(minutes=self.random.randrange(5, 1400))
                lead.status = "working"
            if self.random.random() < 0.2 and at < self.sample.now - dt.timedelta(days=21):
                person = self.people[n % len(self.people)]
                lead.status, lead.person, lead.company = "converted", person, person.company
                lead.converted_at = lead.closed_at = at + dt.timedelta(days=20)
            leads.append(lead)
        Lead.objects.bulk_create(leads, batch_size=STEP)
        for start in range(0, len(leads), STEP):
            lead_facts.rebuild(leads[start : start + STEP])


#: Unique texts, which a copy must change.
UNIQUE = {
    "deals_deal": ("number",),
    "contacts_lead": ("number",),
    "contacts_company": ("domain",),
    "contacts_personemail": ("email",),
}


def copied_models() -> list[Any]:
    """What is multiplied, parents before children."""
    from contacts.models import Activity, Company, Lead, LeadFacts, Person, PersonEmail, PersonPhone, UntouchedSpan
    from crm.models import Event, EventLink
    from deals.models import Deal, DealActivity, DealFacts, DealPerson, DealState, StageVisit

    return [
        *(Company, Person, PersonEmail, PersonPhone, Lead, LeadFacts, UntouchedSpan, Activity),
        *(Deal, DealPerson, DealState, StageVisit, DealFacts, DealActivity, Event, EventLink),
    ]


OFFSET = 1_000_000  # more rows than any table has before it is multiplied
TIMELINES = 10  # how often events are there at most


def clone(copy: int) -> None:
    """Copies the first rows once more, `copy` offsets away."""
    from crm.models import Event, EventLink

    models = copied_models()
    for model in models:
        if copy < TIMELINES or model not in (Event, EventLink):
            copy_rows(model, models, copy, UNIQUE, (0, OFFSET))


def multiply(times: int, models: Sequence[Any], copy: Callable[[int], None]) -> None:
    """Calls copy(1), copy(2), ... for the rows of these models to be there so many times."""
    from django.db import transaction

    with bare(models if times > 1 else []):
        for number in range(1, times):
            with transaction.atomic():
                copy(number)


@contextmanager
def bare(models: Sequence[Any]) -> Iterator[None]:
    """Writes into tables without indexes that no constraint needs, and checks no reference; on PostgreSQL, where rows are many."""
    from django.db import connection

    if connection.vendor != "postgresql":
        yield
        return
    tables = [model._meta.db_table for model in models]
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT i.indexname, i.indexdef FROM pg_indexes i
               WHERE i.tablename = ANY(%s) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)""",
            [tables],
        )
        indexes = cursor.fetchall()
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # in a test's transaction nothing may wait for its end
        for name, _made in indexes:
            cursor.execute(f"DROP INDEX {connection.ops.quote_name(name)}")
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
        for _name, made in indexes:
            cursor.execute(made)


def copy_rows(model: Any, moving: Sequence[Any], copy: int, texts: Mapping[str, Sequence[str]], between: tuple[int, int]) -> None:
    """Copies the rows whose key is in (from, to]. Keys of `moving` models move by `copy` offsets, the `texts` of the table (columns by
    table) get a prefix, all else stays."""
    from django.db import connection

    columns = list(copied_columns(model, moving, copy, texts.get(model._meta.db_table, ())))
    names = ", ".join(name for name, _expression in columns)
    picked = ", ".join(expression for _name, expression in columns)
    key, table = model._meta.pk.column, connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {picked} FROM {table} WHERE {key} > %s AND {key} <= %s", list(between)
        )


def copied_columns(model: Any, moving: Sequence[Any], copy: int, texts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(column, SQL expression) of a copied row."""
    from django.db import connection

    for field in model._meta.concrete_fields:
        column = connection.ops.quote_name(field.column)
        expression = column
        moves = field.remote_field is not None and field.remote_field.model in moving
        if (field.primary_key and not moves) or moves or field.column in ("subject_id", "object_id"):
            expression = f"{column} + {copy * OFFSET}"
        elif field.column in texts:
            expression = f"CASE WHEN {column} = '' THEN '' ELSE 'c{copy}-' || {column} END"
        yield column, expression


def finish() -> None:
    """Key sequences after the highest key, statistics for the planner, and nothing marked: a rebuild follows."""
    from analytics.models import DirtyDay

    DirtyDay.objects.all().delete()
    reset_sequences(copied_models())
    analyse()


def reset_sequences(models: Sequence[Any]) -> None:
    """Lets new rows have keys after those that were written by hand."""
    from django.core.management.color import no_style
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)


def analyse() -> None:
    """Statistics for the planner."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


if __name__ == "__main__":
    main(__doc__, "deals", fill)
