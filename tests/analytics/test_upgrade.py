"""An upgrade that adds or changes measures has the stored numbers computed anew, without anybody asking."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from analytics import refreshing
from analytics.models import SourceStatus
from crm.models import Job

pytestmark = pytest.mark.django_db


def rebuilds() -> int:
    return Job.objects.filter(kind="analytics.rebuild").count()


def test_after_an_upgrade_that_changed_declarations_everything_is_computed_anew_once() -> None:
    refreshing.refresh_step()
    SourceStatus.objects.filter(source="").update(declarations="of the release before")
    call_command("migrate", verbosity=0)
    call_command("migrate", verbosity=0)
    assert rebuilds() == 1


def test_a_migration_that_left_the_declarations_alone_computes_nothing() -> None:
    refreshing.refresh_step()
    call_command("migrate", verbosity=0)
    assert rebuilds() == 0
