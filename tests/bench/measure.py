"""One process that measures on one database: reads the name of a scenario per line, answers with a line of JSON.

`bench.py` starts one per database and asks them in turn, so that both are measured in the same minute on the same machine.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm.settings")

Measured = dict[str, float | None]
scenarios: dict[str, Callable[[Any], Any]] = {}


def scenario(name: str) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Registers a scenario; it gets the signed-in client and returns the response, or None."""

    def add(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        scenarios[name] = function
        return function

    return add


who: dict[str, str] = {}  # scenario -> who is signed in, when it is not the administrator
known: dict[str, int] = {}  # keys of records that addresses name
service: set[str] = set()  # the scenarios of tickets and surveys


def page(name: str, path: str) -> None:
    """A scenario that opens an address; {names} in it are `known` keys."""
    scenarios[name] = lambda client: client.get(path.format(**known))


def service_page(name: str, path: str, user: str = "admin") -> None:
    """The same for tickets and surveys."""
    page(name, path)
    service.add(name)
    who[name] = user


PERIOD = "period=this_year"
page("overview", f"/?{PERIOD}")
page("deals list, page 1", "/deals/")
page("deals list, filtered", "/deals/?status=open&status=won&value_from=10000")
page("deals list, sorted by value", "/deals/?sort=-amount")
page("deals list, page 150", "/deals/?page=150")
page("deals list, page 150 by value", "/deals/?sort=-amount&page=150")
page("deals list, part of a name", "/deals/?q=brune")
page("companies list", "/companies/")
page("people list", "/people/")
page("leads list", "/leads/")
page("KPI page: win_rate", f"/numbers/win_rate/?{PERIOD}")
page("KPI page: won_amount by owner", f"/numbers/won_amount/?{PERIOD}&by=owner")
page("KPI page: open_pipeline", f"/numbers/open_pipeline/?{PERIOD}")
page("KPI page: sales_cycle_length", f"/numbers/sales_cycle_length/?{PERIOD}")
page("drill-down: deals won, a month", "/numbers/deals_won/records/?period=last_month")
page("drill-down: deals won, a year", f"/numbers/deals_won/records/?{PERIOD}")
page("global search", "/search/?q=Eaubrune")

AGENT = "agent"
service_page("queue: all unsolved", "/tickets/", AGENT)
service_page("queue: mine", "/tickets/?view=mine", AGENT)
service_page("queue: overdue", "/tickets/?view=overdue", AGENT)
service_page("queue: solved", "/tickets/?view=solved", AGENT)
service_page("queue: all, filtered", "/tickets/?view=all&queue={queue}&priority=high&channel=email", AGENT)
service_page("queue: all, by a tag", "/tickets/?view=all&tag=firmware", AGENT)
service_page("queue: all, newest first", "/tickets/?view=all&sort=-number", AGENT)
service_page("queue: all, page 150", "/tickets/?view=all&page=150", AGENT)
service_page("queue: part of a subject", "/tickets/?view=all&q=calibr", AGENT)
service_page("queue: part of a company's name", "/tickets/?view=all&q=brune", AGENT)
service_page("ticket with 5 messages", "/tickets/{short}/", AGENT)
service_page("ticket with 200 messages", "/tickets/{long}/", AGENT)
service_page("ticket with 200 messages, all shown", "/tickets/{long}/?all", AGENT)
service_page("overview of an agent", f"/?{PERIOD}", AGENT)
service_page("KPI page: first_response_time", f"/numbers/first_response_time/?{PERIOD}")
service_page("KPI page: sla_attainment", f"/numbers/sla_attainment/?{PERIOD}")
service_page("KPI page: sla_attainment by owner", f"/numbers/sla_attainment/?{PERIOD}&by=owner")
service_page("KPI page: ticket_backlog", f"/numbers/ticket_backlog/?{PERIOD}")
service_page("drill-down: first responses, a month", "/numbers/first_response_time/records/?period=last_month")
service_page("drill-down: first responses, a year", f"/numbers/first_response_time/records/?{PERIOD}")
service_page("drill-down: SLA, a year", f"/numbers/sla_attainment/records/?{PERIOD}")
service_page("drill-down: backlog", f"/numbers/ticket_backlog/records/?{PERIOD}")
service_page("surveys list", "/surveys/")
service_page("results: NPS, a year", f"/surveys/{{nps}}/?{PERIOD}")
service_page("results: NPS, three years", "/surveys/{nps}/?from=2020-01-01&to=2030-12-31")
service_page("results: CSAT, a year", f"/surveys/{{csat}}/?{PERIOD}")
service_page("results: CSAT by industry", f"/surveys/{{csat}}/?{PERIOD}&by=segment")
service_page("results: NPS, latest of each person", f"/surveys/{{nps}}/?{PERIOD}&people=latest")
service_page("answers list", "/surveys/responses/")
service_page("answers list, filtered", "/surveys/responses/?band=detractor&band=negative&commented=true")
service_page("answers list, page 150", "/surveys/responses/?page=150")
service_page("answers list, part of a comment", "/surveys/responses/?q=quick")
service_page("invitations list", "/surveys/invitations/")
service_page("invitations list, page 150", "/surveys/invitations/?page=150")
service_page("KPI page: nps", f"/numbers/nps/?{PERIOD}")
service_page("KPI page: csat by team", f"/numbers/csat/?{PERIOD}&by=team")
service_page("drill-down: NPS, a year", f"/numbers/nps/records/?{PERIOD}")


class FormReader(HTMLParser):
    """What a browser would send of a form that was just opened."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        have = dict(attrs)
        name, kind = have.get("name") or "", have.get("type") or "text"
        if tag == "select":
            self.select = name
        elif tag == "option" and self.select and ("selected" in have or self.select not in self.fields):
            self.fields[self.select] = have.get("value") or ""
        elif tag == "input" and name and (kind not in ("checkbox", "radio", "submit") or "checked" in have):
            self.fields[name] = have.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self.select = ""


_form: dict[str, str] = {}


@scenario("create a deal (POST)")
def create(client: Any) -> Any:
    """Sends the filled form; the form itself is opened once, before the clock runs."""
    return client.post("/deals/new/", _form)


def prepare(client: Any) -> None:
    """What scenarios need beforehand, outside of what is timed."""
    _open_form(client)
    _find_records()


def _open_form(client: Any) -> None:
    reader = FormReader()
    reader.feed(client.get("/deals/new/").content.decode())
    names = ("csrfmiddlewaretoken", "q")
    _form.update({name: value for name, value in reader.fields.items() if name not in names and "__prefix__" not in name})
    _form.update(title="Measured deal", amount="12000")


def _find_records() -> None:
    """The long ticket, an ordinary one of the same age, a queue, two surveys."""
    from django.db.models import Count

    from support.models import Queue, Ticket
    from surveys.models import Survey

    from .make_service import LONG_SUBJECT, MESSAGES

    long = Ticket.objects.filter(subject=LONG_SUBJECT).earliest("pk")
    ordinary = Ticket.objects.filter(pk__gt=long.pk).annotate(said=Count("messages")).filter(said=MESSAGES)
    known.update(long=long.pk, short=ordinary.order_by("pk")[0].pk, queue=Queue.objects.earliest("pk").pk)
    known.update({survey.kind: survey.pk for survey in Survey.objects.all()})


@scenario("change a deal's value (service)")
def edit(client: Any) -> None:
    """The newest open deal gets another value; its days are marked."""
    from deals.models import Deal
    from deals.services import change_deal

    deal = Deal.objects.open().order_by("-created_at").first()
    assert deal is not None
    change_deal(deal, amount=(deal.amount or 0) + 100)


@scenario("refresh after one edit")
def refresh(client: Any) -> None:
    from django.core.management import call_command

    call_command("refresh", verbosity=0)


@scenario("full rebuild (refresh --all)")
def rebuild(client: Any) -> None:
    from django.core.management import call_command

    call_command("refresh", all=True, verbosity=0)


@scenario("floor: one GROUP BY per table and date")
def floor(client: Any) -> None:
    """What the stored numbers are made of, by day and owner, in SQL written by hand; every result row is fetched."""
    from django.db import connection

    from .floor import STATEMENTS

    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement)
            cursor.fetchall()


def counted(client: Any, name: str) -> Measured:
    """Queries and bytes, in a run of its own: counting costs time."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = scenarios[name](client)
    status = response.status_code if response is not None else 200
    return {"queries": len(queries), "bytes": len(response.content) if response is not None else 0, "status": status}


def timed(client: Any, name: str) -> Measured:
    from django.db import connection

    started = time.perf_counter()
    scenarios[name](client)
    taken = 1000 * (time.perf_counter() - started)
    backend = connection.connection.info.backend_pid if connection.vendor == "postgresql" else None
    return {"ms": taken, "peak": peak(os.getpid()), "peak_database": peak(backend) if backend else None}


def peak(process: int) -> float | None:
    """The most memory that a process on this machine ever had, in MB; None where nobody tells."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def main() -> None:
    django.setup()
    from django.test import Client

    from crm.models import User

    clients = {name: Client(HTTP_HOST="localhost", raise_request_exception=False) for name in {"admin", *who.values()}}
    for name, client in clients.items():
        client.force_login(User.objects.get(username=name))
    for line in sys.stdin:
        ask = json.loads(line)
        try:
            client = clients[who.get(ask["name"], "admin")]
            if ask["do"] == "prepare":
                prepare(client)
                answer: Measured | dict[str, str] = {}
            else:
                answer = (counted if ask["do"] == "count" else timed)(client, ask["name"])
        except Exception as error:  # a scenario that fails is a line of the report, not the end of it
            answer = {"error": f"{type(error).__name__}: {error}"[:200]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
