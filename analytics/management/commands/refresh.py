"""manage.py refresh: recompute the stored numbers now."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from analytics import refreshing, snapshots
from analytics.models import DailyMeasure, KpiSnapshot
from analytics.sources import streams
from crm.models import Organisation


class Command(BaseCommand):
    help = "Recompute what changes have marked; with --all everything, with --since every day from a date on."

    def add_arguments(self, parser: CommandParser) -> None:
        choice = parser.add_mutually_exclusive_group()
        choice.add_argument("--all", action="store_true", help="compute all daily sums and snapshots anew")
        choice.add_argument("--since", type=dt.date.fromisoformat, metavar="DATE", help="compute every day from this one on anew")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of progress")

    def handle(self, *args: Any, **options: Any) -> None:
        Organisation.remember()
        started = time.monotonic()
        quiet = options["json"] or options["verbosity"] == 0
        try:
            done = self._compute(options, quiet)
        finally:
            Organisation.forget()
        report = {"streams": len(streams), "days": done, "snapshots": KpiSnapshot.objects.filter(current=True).count()}
        report["seconds"] = round(time.monotonic() - started, 2)  # type: ignore[assignment]
        if options["json"]:
            self.stdout.write(json.dumps(report))
        elif not quiet:
            self.stdout.write(f"{done} days recomputed, {report['snapshots']} snapshots, {report['seconds']} s")

    def _compute(self, options: dict[str, Any], quiet: bool) -> int:
        report = None if quiet else self._progress
        if options["all"]:
            refreshing.rebuild(report)
            with transaction.atomic():
                snapshots.outdate_all()
            done = DailyMeasure.objects.filter(dimension="").count()
        else:
            if options["since"]:
                if options["since"] > dt.date(2200, 1, 1):
                    raise CommandError("The date lies too far ahead.")
                refreshing.mark_since(options["since"])
            done = refreshing.refresh_all_marked()
        total = left = snapshots.publish_step()
        while left:
            if report:
                report("snapshots", total - left, total)
            left = snapshots.publish_step()
        return done

    def _progress(self, key: str, number: int, total: int) -> None:
        self._bar(key, number, total)

    def _bar(self, text: str, number: int, total: int) -> None:
        width = 30
        full = width * number // total
        sys.stderr.write(
            f"\r[{'#' * full}{'.' * (width - full)}] {number}/{total} {text:<24}" + ("\n" if number == total else "")
        )
        sys.stderr.flush()
