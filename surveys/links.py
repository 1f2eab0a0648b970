"""The records that an event of an invitation or answer is about, so that it stands on their timelines."""

from __future__ import annotations

from typing import Any

from django.apps import apps

from .models import Invitation, Response


def subject_model(label: str) -> Any:
    """The model of a ticket or deal by its label; None when no such app is installed."""
    try:
        return apps.get_model(label) if label else None
    except (LookupError, ValueError):
        return None


def links_of(row: Invitation | Response) -> list[Any]:
    """Person, company, and the ticket or deal by its label and id (not read: an event needs no more)."""
    model = subject_model(row.subject_type) if row.subject_id else None
    return [row.person, row.company, model(pk=row.subject_id) if model else None]
