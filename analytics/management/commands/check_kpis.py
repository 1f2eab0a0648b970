"""manage.py check_kpis: the stored numbers against a recomputation from the records."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from analytics.checking import Report, run
from crm.models import Organisation

SHOWN = 200


class Command(BaseCommand):
    help = (
        "Compare every stored number with one computed anew from the records by independent SQL. Changes no number. "
        "Exit code 1 when any differs. Days that wait for the refresh are named, not compared: run refresh first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        Organisation.remember()
        started = time.monotonic()
        try:
            report = run()
        finally:
            Organisation.forget()
        seconds = round(time.monotonic() - started, 2)
        if options["json"]:
            self.stdout.write(json.dumps(as_json(report, seconds), ensure_ascii=False))
        else:
            self._print(report, seconds)
        if report.found:
            sys.exit(1)

    def _print(self, report: Report, seconds: float) -> None:
        if report.jobs:
            self.stdout.write(f"Nothing compared: records are being derived anew by waiting jobs ({', '.join(report.jobs)}).")
            return
        if report.waiting:
            names = ", ".join(f"{key} ({days})" for key, days in report.waiting.items())
            self.stdout.write(f"Waiting for the refresh, not compared: {names} days.")
        for found in report.found[:SHOWN]:
            self.stdout.write(f"{found.what}: stored {found.stored}, recomputed {found.recomputed}")
        if len(report.found) > SHOWN:
            self.stdout.write(f"... and {len(report.found) - SHOWN} more (--json shows all)")
        count = len(report.found)
        result = "no difference" if not count else f"{count} difference{'s' if count > 1 else ''}"
        self.stdout.write(f"{report.compared} numbers compared in {seconds} s: {result}")


def as_json(report: Report, seconds: float) -> dict[str, Any]:
    """The report for programs."""
    return {
        "differences": [{"what": found.what, "stored": found.stored, "recomputed": found.recomputed} for found in report.found],
        "compared": report.compared,
        "waiting": report.waiting,
        "waiting_jobs": report.jobs,
        "seconds": seconds,
    }
