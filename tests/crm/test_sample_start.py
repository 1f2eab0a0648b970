"""When sample data is filled in, and that a kill leaves none of it."""

from __future__ import annotations

from typing import Any

import pytest

from crm import sample, site
from crm.models import Team, User
from crm.registry import Registry

pytestmark = pytest.mark.django_db


def test_a_new_database_is_empty() -> None:
    assert sample.is_empty()


def test_a_database_with_one_user_is_not_empty() -> None:
    User.objects.create_user("ada", name="Ada")
    assert not sample.is_empty()


def test_what_is_killed_in_the_middle_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(running: Any) -> None:
        raise KeyboardInterrupt

    samples: Registry[Any] = Registry("Sample data")
    samples.register("killed", killed)
    monkeypatch.setattr(site, "samples", samples)
    with pytest.raises(KeyboardInterrupt):
        sample.fill()
    assert sample.is_empty()
    assert not Team.objects.exists()
