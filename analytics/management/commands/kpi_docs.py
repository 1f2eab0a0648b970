"""Writes docs/kpis from the registry."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from analytics import kpi_pages


class Command(BaseCommand):
    help = "Writes one page per KPI into docs/kpis, from the registry."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail when a page is out of date.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["check"]:
            stale = kpi_pages.differing()
            if stale:
                raise CommandError(f"Out of date: {', '.join(stale)}. Run: python manage.py kpi_docs")
            self.stdout.write("docs/kpis is up to date.")
            return
        changed = kpi_pages.write()
        self.stdout.write(f"{len(changed)} pages changed in docs/kpis.")
