"""App set-up: the kernel, and the admin site with KPI snapshots on its index."""

from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.management import call_command
from django.db.models.signals import post_migrate


def make_cache_table(using: str, **kwargs: Any) -> None:
    """The cache lives in the database: `migrate` makes its table, so that signing in never finds it missing."""
    call_command("createcachetable", database=using, verbosity=0)


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Sextant"

    def ready(self) -> None:
        from django.utils.module_loading import autodiscover_modules

        from . import due, signals  # noqa: F401  registers periodic work; connects login events

        post_migrate.connect(make_cache_table, sender=self)

        # Every app announces its search kinds, import kinds, menu items and panels in registrations.py,
        # what it adds to the sample data in sample, the handlers of its jobs in jobs, and what it can
        # import in imports; what recomputes its numbers, to check them, in checks.
        autodiscover_modules(
            "reactions", "measures", "kpis", "registrations", "sample", "jobs", "imports", "import_kinds", "checks"
        )


class SextantAdminConfig(AdminConfig):
    default_site = "crm.admin_site.SextantAdminSite"
