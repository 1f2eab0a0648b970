"""Ids in the pages: a reader's thousands separator must not get into a link, a form or a script."""

from __future__ import annotations

import re

import pytest
from django.conf import settings

BARE = re.compile(r"=\"[^\"]*\{\{ *[\w.]*\bpk *\}\}")


@pytest.mark.parametrize("app", ["_components", "analytics", "contacts", "crm", "deals", "support", "surveys"])
def test_an_id_in_an_attribute_is_written_without_separators(app: str) -> None:
    templates = (settings.BASE_DIR / "templates" / app).rglob("*.html")
    assert [f"{path.name}: {found[0]}" for path in templates for found in BARE.finditer(path.read_text())] == []
