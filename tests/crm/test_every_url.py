"""Who may see what, asked of every address there is.

The list comes from the URL resolver. An address with an id must stand in the tables below, so a new view that forgets to ask
who is there makes this test fail, and so does a table's line that no address uses any more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from crm.models import ApiToken, ExchangeRate, ImportRun, Job
from marketing.services import add_members
from tests.deals.ordering import order
from tests.deals.subscribing import subscription
from tests.factories import (
    ActivityFactory,
    CalendarFactory,
    CampaignFactory,
    CampaignMessageFactory,
    CompanyFactory,
    CostFactory,
    DealFactory,
    InvitationFactory,
    LeadFactory,
    LossReasonFactory,
    OwnNumberFactory,
    PersonFactory,
    ProductFactory,
    ResponseFactory,
    SavedReplyFactory,
    SlaPolicyFactory,
    SurveyFactory,
    TargetFactory,
    TaskFactory,
    ThresholdFactory,
    TicketFactory,
    VisitFactory,
    WebFormFactory,
)
from tests.people import People

pytestmark = [pytest.mark.once, pytest.mark.django_db]

#: Django's and allauth's own addresses; their own tests look after them.
ELSEWHERE = ("admin/", "accounts/")
#: Addresses that anybody may open, and why.
PUBLIC = {
    "healthz": "says only that the process runs",
    "readyz": "says only whether it can serve",
    "livez": "says only that the process runs",
    "preferences": "theme and density of the browser",
    "support:help": "the form to ask, for customers",
    "marketing:script": "the script that websites load",
    "marketing:hit": "where that script reports",
    "api:-": "says in JSON that there is no such address",
}

#: What an id in an address stands for, and the addresses of such a record. Outsiders get 404.
RECORDS = {
    "company": [
        "contacts:company",
        "contacts:company_edit",
        "contacts:company_delete",
        "contacts:company_merge",
        "contacts:company_log",
        "contacts:company_task",
        "api:company-detail",
        "api:company-merge",
    ],
    "person": [
        "contacts:person",
        "contacts:person_edit",
        "contacts:person_delete",
        "contacts:person_merge",
        "contacts:person_log",
        "contacts:person_task",
        "api:person-detail",
        "api:person-merge",
    ],
    "lead": [
        "contacts:lead",
        "contacts:lead_edit",
        "contacts:lead_delete",
        "contacts:lead_status",
        "contacts:lead_log",
        "contacts:lead_task",
        "deals:lead_convert",
        "api:lead-detail",
        "api:lead-conversion-convert",
    ],
    "activity": ["contacts:activity_edit", "contacts:activity_delete", "api:activity-detail"],
    "task": [
        "contacts:task_edit",
        "contacts:task_done",
        "contacts:task_undo",
        "contacts:task_delete",
        "api:task-detail",
        "api:task-complete",
    ],
    "deal": [
        "deals:deal",
        "deals:deal_edit",
        "deals:deal_delete",
        "deals:deal_move",
        "deals:deal_win",
        "deals:deal_lose",
        "deals:deal_reopen",
        "deals:deal_log",
        "deals:deal_task",
        "deals:deal_order",
        "deals:deal_subscriptions",
        "api:deal-detail",
        "api:deal-activities",
        "api:deal-history",
        "api:deal-lose",
        "api:deal-move",
        "api:deal-order",
        "api:deal-reopen",
        "api:deal-subscriptions",
        "api:deal-tasks",
        "api:deal-win",
    ],
    "subscription": [
        "deals:subscription",
        "deals:subscription_edit",
        "deals:subscription_delete",
        "deals:subscription_cancel",
        "deals:subscription_pause",
        "deals:subscription_resume",
        "deals:subscription_reactivate",
        "deals:subscription_renew",
        "api:subscription-detail",
        "api:subscription-cancel",
        "api:subscription-movements",
        "api:subscription-pause",
        "api:subscription-reactivate",
        "api:subscription-renew",
        "api:subscription-resume",
    ],
    "order": ["deals:order", "deals:order_edit", "deals:order_credit", "api:order-detail", "api:order-credit"],
    "ticket": [
        "support:ticket",
        "support:ticket_edit",
        "support:ticket_delete",
        "support:ticket_message",
        "support:ticket_take",
        "support:ticket_solve",
        "support:ticket_reopen",
        "support:ticket_close",
        "support:ticket_spam",
        "support:ticket_revoke",
        "support:ticket_task",
        "support:ticket_replies",
        "api:ticket-detail",
        "api:ticket-messages",
        "api:ticket-solve",
        "api:ticket-reopen",
        "api:ticket-close",
        "api:ticket-take",
        "api:ticket-spam",
        "api:ticket-clocks",
    ],
    "said": ["support:message_html", "support:message_again"],
    "attachment": ["support:attachment"],
    "response": [
        "surveys:response",
        "surveys:response_release",
        "surveys:response_reject",
        "surveys:response_follow_up",
        "api:response-detail",
        "api:response-release",
        "api:response-reject",
        "api:response-edits",
    ],
    "invitation": [
        "surveys:invitation",
        "surveys:invitation_withdraw",
        "api:invitation-detail",
        "api:invitation-withdraw",
    ],
    "visit": ["marketing:visit", "api:visit-detail"],
    "submission": ["marketing:submission_spam"],
    "webform": [
        "marketing:form",
        "marketing:form_edit",
        "marketing:form_delete",
        "marketing:form_open",
        "api:webform-detail",
    ],
    "target": ["analytics:target", "analytics:target_edit", "analytics:target_delete", "api:target-detail"],
    "successthreshold": [
        "analytics:threshold",
        "analytics:threshold_edit",
        "analytics:threshold_delete",
        "api:successthreshold-detail",
    ],
    "cost": ["marketing:cost", "marketing:cost_edit", "marketing:cost_delete", "api:cost-detail"],
    "message": ["api:campaignmessage-detail"],
    "token": ["token_revoke"],
}

#: What belongs to everybody's settings: only administrators may (403), or the address tells nothing (404, 405).
ADMINISTRATORS = {
    "rate": ["rate_delete"],
    "user": ["user_edit"],
    "team": ["team_edit"],
    "pipeline": ["deals:pipeline_edit"],
    "reason": ["deals:reason_edit"],
    "product": ["deals:product_edit"],
    "queue": ["support:queue_edit", "support:queue_delete"],
    "ticket_status": ["support:status_edit", "support:status_delete"],
    "tag": ["support:tag_edit", "support:tag_delete"],
    "calendar": ["support:calendar_edit"],
    "policy": ["support:policy_edit", "support:policy_delete"],
    "reply": ["support:reply_edit", "support:reply_delete"],
    "survey": ["surveys:survey_edit", "surveys:survey_delete", "surveys:survey_switch"],
    "job": ["job_retry", "job_cancel"],
    "run": ["import_run", "import_map", "import_stop", "import_go", "import_errors"],
}

#: Lists that everybody reads because forms and numbers name them; nobody but an administrator changes them.
SHARED = {
    "user": ["api:user-detail"],
    "team": ["api:team-detail"],
    "pipeline": ["api:pipeline-detail"],
    "stage": ["api:stage-detail"],
    "reason": ["api:loss-reason-detail"],
    "product": ["api:product-detail"],
    "ticket_status": ["api:ticket-status-detail"],
    "queue": ["api:queue-detail"],
    "tag": ["api:tag-detail"],
    "survey": ["surveys:survey", "surveys:survey_preview", "surveys:survey_send", "api:survey-detail"],
    "campaign": [
        "marketing:campaign",
        "marketing:campaign_edit",
        "marketing:campaign_delete",
        "marketing:campaign_status",
        "marketing:member_add",
        "api:campaign-detail",
        "api:campaign-members",
        "api:campaign-add-member",
        "api:campaign-remove-member",
    ],
    "member": ["marketing:member_status", "marketing:member_remove"],
    "own_number": [
        "analytics:own_number",
        "analytics:own_number_edit",
        "analytics:own_number_delete",
        "api:own-number-detail",
    ],
}


def addresses() -> Iterator[tuple[str, str]]:
    """(route, name) of every address of ours."""

    def walk(resolver: Any, prefix: str, space: str) -> Iterator[tuple[str, str]]:
        for pattern in resolver.url_patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inner = ":".join(filter(None, (space, pattern.namespace)))
                yield from walk(pattern, route, inner)
            else:
                yield route, ":".join(filter(None, (space, pattern.name or "-")))

    return (row for row in walk(get_resolver(), "", "") if not row[0].startswith(ELSEWHERE))


def names(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(kind, name) for kind, listed in table.items() for name in listed]


WITH_ID = sorted({name for route, name in addresses() if "<int:" in route})
WITHOUT = sorted({name for route, name in addresses() if "<" not in route and "(" not in route})


@pytest.fixture
def world(people: People) -> dict[str, int]:
    """One of everything, Ann's where it has an owner; kind -> id."""
    ann = people.ann
    company = CompanyFactory(owner=ann)
    person = PersonFactory(owner=ann, company=company, emails=["p@x.example"])
    lead = LeadFactory(owner=ann)
    deal = DealFactory(owner=ann, company=company, people=[(person, "buys")])
    token, _secret = ApiToken.issue(ann, "Ann's")
    campaign = CampaignFactory()
    visit = VisitFactory(visitor="v", submitted=1)
    rate = ExchangeRate.objects.create(currency="EUR", date=dt.date(2026, 1, 1), rate="1.1")
    rows: dict[str, Any] = {
        "company": company,
        "person": person,
        "lead": lead,
        "deal": deal,
        "order": order(company, "2026-05-04", 100_00, owner=ann),
        "subscription": subscription(company, "2026-05-04", owner=ann, term_end="2027-05-04"),
        "activity": ActivityFactory(owner=ann, deal=deal),
        "task": TaskFactory(owner=ann, deal=deal),
        "token": token,
        "rate": rate,
        "user": ann,
        "team": people.north,
        "pipeline": deal.pipeline,
        "stage": deal.stage,
        "reason": LossReasonFactory(),
        "product": ProductFactory(),
        "job": Job.objects.create(kind="test"),
        "run": ImportRun.objects.create(kind="companies"),
        "survey": SurveyFactory(),
        "campaign": campaign,
        "member": add_members(campaign, leads=[lead])[0],
        "cost": CostFactory(campaign=campaign),
        "message": CampaignMessageFactory(campaign=campaign),
        "webform": WebFormFactory(campaign=campaign),
        "target": TargetFactory(owner=ann),
        "own_number": OwnNumberFactory(),
        "successthreshold": ThresholdFactory(owner=ann),
        "visit": visit,
        "submission": visit.submissions.get(),
        "response": ResponseFactory(owner=ann, team=people.north),
        "invitation": InvitationFactory(owner=ann, team=people.north),
        **support(company, person),
    }
    return {kind: row.pk for kind, row in rows.items()}


def support(company: Any, person: Any) -> dict[str, Any]:
    """What tickets are made of, with everything a message may carry."""
    file = SimpleUploadedFile("a.txt", b"a")
    ticket = TicketFactory(company=company, requester=person, html="<p>x</p>", attachments=[file], tags=["vip"])
    said = ticket.messages.get()
    return {
        "ticket": ticket,
        "said": said,
        "attachment": said.attachments.get(),
        "queue": ticket.queue,
        "ticket_status": ticket.status,
        "tag": ticket.tags.get(),
        "calendar": CalendarFactory(),
        "policy": SlaPolicyFactory(),
        "reply": SavedReplyFactory(),
    }


def everything() -> dict[str, list]:
    """All rows of all our tables, less what every request writes."""
    left_out = {"crm.ActiveDay", "crm.LoginEvent", "crm.IdempotencyKey"}
    found = {}
    for model in apps.get_models():
        if (
            model._meta.app_label in ("crm", "contacts", "marketing", "deals", "support", "surveys")
            and model._meta.label not in left_out
        ):
            found[model._meta.label] = list(model._default_manager.order_by("pk").values())
    return found


def test_every_address_with_an_id_stands_in_a_table() -> None:
    listed = [name for table in (RECORDS, ADMINISTRATORS, SHARED) for _kind, name in names(table)]
    assert sorted(listed) == WITH_ID


def knock(client: Client, listed: list[str], pk: int, methods: tuple[str, ...]) -> Iterator[tuple[str, str, Any]]:
    """(name, method, response) of asking each address for that id; fails when anything in the database changed."""
    before = everything()
    for name in listed:
        for method in methods:
            # The API reads JSON; forms are sent empty, which must not be what keeps an outsider out.
            how = {"content_type": "application/json"} if name.startswith("api:") and method != "get" else {}
            yield name, method, getattr(client, method)(reverse(name, args=[pk]), **how)
            assert everything() == before, f"{method} {name} changed something"


@pytest.mark.parametrize("kind", RECORDS)
def test_outsiders_get_404_and_change_nothing(
    people: People, client_of: Callable[[Any], Client], world: dict[str, int], kind: str
) -> None:
    cleo = client_of(people.cleo)
    for name, method, response in knock(cleo, RECORDS[kind], world[kind], ("get", "post")):
        assert response.status_code in (404, 405), (name, method)


@pytest.mark.parametrize("kind", ADMINISTRATORS)
def test_settings_are_closed_to_reps(
    people: People, client_of: Callable[[Any], Client], world: dict[str, int], kind: str
) -> None:
    cleo = client_of(people.cleo)
    for name, method, response in knock(cleo, ADMINISTRATORS[kind], world[kind], ("get", "post")):
        assert response.status_code in (403, 404, 405), (name, method)


@pytest.mark.parametrize("kind", SHARED)
def test_shared_lists_are_read_and_not_changed(
    people: People, client_of: Callable[[Any], Client], world: dict[str, int], kind: str
) -> None:
    cleo = client_of(people.cleo)
    for name, method, response in knock(cleo, SHARED[kind], world[kind], ("get", "post", "patch", "delete")):
        allowed = (200, 403, 404, 405) if method == "get" else (403, 404, 405, 422)
        assert response.status_code in allowed, (name, method)


@pytest.mark.parametrize("table", [RECORDS, ADMINISTRATORS, SHARED], ids=["records", "administrators", "shared"])
def test_visitors_learn_nothing_of_a_record(
    people: People, client: Client, world: dict[str, int], table: dict[str, list[str]]
) -> None:
    for kind, listed in table.items():
        for name, method, response in knock(client, listed, world[kind], ("get", "post")):
            assert response.status_code in (302, 401, 403, 404, 405), (name, method)
            if response.status_code == 302:
                assert "/login/" in response["Location"], (name, method)


def test_visitors_are_sent_to_the_login(people: People, client: Client) -> None:
    for name in WITHOUT:
        response = client.get(reverse(name))
        if name in PUBLIC:
            assert response.status_code in (200, 404, 405, 503), name
            continue
        assert response.status_code in (302, 401, 403, 404, 405), name
        if response.status_code == 302:
            assert "/login/" in response["Location"], name


@pytest.mark.parametrize("table", [RECORDS, ADMINISTRATORS, SHARED], ids=["records", "administrators", "shared"])
def test_an_id_that_no_column_holds_is_404(
    people: People, client_of: Callable[[Any], Client], table: dict[str, list[str]]
) -> None:
    ada = client_of(people.ada)
    for _kind, name in names(table):
        assert ada.get(reverse(name, args=[10**30])).status_code in (404, 405), name
