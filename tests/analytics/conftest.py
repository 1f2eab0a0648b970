"""The small spring of `tests.analytics.scene`, made once a file; what a test changes is undone after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any

import pytest
import time_machine
from django.db import transaction

from crm.models import Organisation
from tests.people import People, hire

from . import scene


@pytest.fixture(scope="module")
def sown(django_db_setup: None, django_db_blocker: Any) -> Iterator[People]:
    """The spring's people; beside it the fixture `people` would hire everybody a second time."""
    with django_db_blocker.unblock(), time_machine.travel(scene.NOW, tick=False), transaction.atomic():
        Organisation.forget()
        people = hire()
        scene.spring(people)
        yield people
        transaction.set_rollback(True)


@pytest.fixture
def spring(sown: People, db: None, clock: Callable) -> People:
    """18 May 2026: the people as they stand in the database."""
    clock(scene.NOW)
    rows = {field.name: getattr(sown, field.name) for field in fields(sown)}
    return People(**{name: type(row)._default_manager.get(pk=row.pk) for name, row in rows.items()})
