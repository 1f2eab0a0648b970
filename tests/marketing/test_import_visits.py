"""Importing visits."""

from __future__ import annotations

from pathlib import Path

import pytest

from marketing.models import Submission, Visit
from tests.factories import LeadFactory, utc
from tests.imports import counts, reasons, run_import, write

pytestmark = pytest.mark.django_db

HEAD = ["visitor", "started_at", "landing_page", "source", "medium", "campaign", "clicks", "submitted", "lead", "sessions"]


def row(**values: object) -> list[object]:
    return [{"started_at": "2026-05-18 10:00", **values}.get(name, "") for name in HEAD]


def test_visits_come_in_with_what_they_say(tmp_path: Path, organisation: object) -> None:
    lead = LeadFactory(email="rosa@acme.example")
    rows = [
        HEAD,
        row(
            visitor="ann@x.example",
            landing_page="/a",
            source="ads",
            medium="cpc",
            campaign="spring",
            clicks=3,
            submitted="yes",
            lead=lead.number,
        ),
        row(landing_page="/b", sessions=200, clicks=50, submitted=12),
        row(visitor="7", lead="ROSA@acme.example"),
    ]
    run = run_import("visits", write(tmp_path / "v.csv", rows))
    assert counts(run) == (3, 0, 0, 0), reasons(run)
    first, many, third = Visit.objects.order_by("pk")
    assert (first.source, first.medium, first.campaign, first.clicks, first.submitted, first.lead) == (
        "ads",
        "cpc",
        "spring",
        3,
        1,
        lead,
    )
    assert "ann" not in first.visitor and first.started_at == utc("2026-05-18 10:00")
    assert (many.sessions, many.clicking, many.submitted, many.clicked_submitted, many.visitor) == (200, 50, 12, 12, "")
    assert third.lead == lead
    assert Submission.objects.get().identity == f"lead:{lead.pk}"
    lead.refresh_from_db()
    assert lead.landing_page == "/a"


def test_equal_rows_are_different_visits_and_the_same_file_again_adds_nothing(tmp_path: Path, organisation: object) -> None:
    rows = [HEAD, row(source="ads"), row(source="ads"), row(source="mail")]
    path = write(tmp_path / "v.csv", rows)
    assert counts(run_import("visits", path)) == (3, 0, 0, 0)
    assert counts(run_import("visits", path)) == (0, 0, 3, 0)
    write(path, [*rows, row(source="ads")])
    assert counts(run_import("visits", path)) == (1, 0, 3, 0)


def test_rows_that_cannot_be_are_refused_with_their_reason(tmp_path: Path, organisation: object) -> None:
    rows = [
        HEAD,
        row(started_at="", source="ads"),
        row(sessions=0),
        row(clicks=-1),
        row(sessions=3, submitted=4),
        row(submitted="perhaps"),
        row(lead="nobody@x.example"),
        row(lead="no", submitted="no"),
    ]
    run = run_import("visits", write(tmp_path / "v.csv", rows))
    assert counts(run) == (1, 0, 0, 6)
    assert [column for _line, column, _value, _why in reasons(run)] == [
        "started_at", "sessions", "clicks", "submitted", "submitted", "lead",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "decimal"), [("2,416", ""), ("2.416", ","), ("2 416", ",")])
def test_how_many_sent_a_form_may_have_thousands_separators(
    tmp_path: Path, organisation: object, text: str, decimal: str
) -> None:
    run = run_import("visits", write(tmp_path / "v.csv", [HEAD, row(sessions=5000, submitted=text)]), decimal=decimal)
    assert counts(run) == (1, 0, 0, 0), reasons(run)
    assert Visit.objects.get().submitted == 2416


def test_a_dry_run_writes_nothing(tmp_path: Path, organisation: object) -> None:
    assert counts(run_import("visits", write(tmp_path / "v.csv", [HEAD, row()]), dry_run=True)) == (1, 0, 0, 0)
    assert not Visit.objects.exists()
