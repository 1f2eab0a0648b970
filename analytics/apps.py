"""App set-up of the numbers: registration ends when the project has started."""

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


def follow_declarations(**kwargs: Any) -> None:
    """An upgrade may have added or changed measures."""
    from .refreshing import follow_declarations

    follow_declarations()


class AnalyticsConfig(AppConfig):
    name = "analytics"

    def ready(self) -> None:
        from .registry import freeze

        post_migrate.connect(follow_declarations, sender=self)
        freeze()  # the kernel has imported every app's measures by now: it comes first
