"""Which page an activity or task belongs to."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

#: What upper apps answer when asked for the page of an activity or task, as f(row) -> url or "".
homes: list[Any] = []


def home_of(row: Any) -> str:
    """The page to go back to: an upper app's (a deal), else the lead's, person's or company's."""
    for home in homes:
        url = home(row)
        if url:
            return url
    for target in (row.lead, row.person, row.company):
        if target is not None:
            return target.get_absolute_url()
    return reverse("contacts:tasks")
