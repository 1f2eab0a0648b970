"""docs/kpis follows the registry."""

import pytest
from django.core.management import CommandError, call_command

from analytics import kpi_pages
from analytics.registry import kpis


def test_the_pages_are_up_to_date():
    assert kpi_pages.differing() == [], "run: python manage.py kpi_docs"


def test_there_is_one_page_per_kpi_and_an_index():
    assert set(kpi_pages.pages()) == {f"{key}.md" for key in kpis.keys()} | {"README.md"}


def test_a_page_tells_definition_formula_date_and_dimensions():
    page = kpi_pages.pages()["win_rate.md"]
    for words in ("# Win rate", "100 × deals won", "## Deciding date", "Taux de succès", "Owner, Team"):
        assert words in page


def test_writing_mends_what_differs_and_takes_out_what_no_kpi_has(tmp_path):
    (tmp_path / "gone.md").write_text("old")
    changed = kpi_pages.write(tmp_path)
    assert "gone.md" in changed and not (tmp_path / "gone.md").exists()
    assert kpi_pages.differing(tmp_path) == []


def test_the_check_fails_on_an_old_page(monkeypatch, tmp_path):
    monkeypatch.setattr(kpi_pages, "differing", lambda: ["win_rate.md"])
    with pytest.raises(CommandError, match="win_rate.md"):
        call_command("kpi_docs", check=True)
