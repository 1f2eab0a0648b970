"""`manage.py doctor`: what is configured, reachable, behind, or wrong."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from crm import health

SIGNS = {health.OK: "ok     ", health.WARNING: "warning", health.ERROR: "WRONG  "}


class Command(BaseCommand):
    help = "Says what is configured, reachable, behind, or wrong. Exit code 1 when something is wrong."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        found = health.examine()
        wrong = any(finding.state == health.ERROR for _name, finding in found)
        if options["json"]:
            self.stdout.write(
                json.dumps({"ok": not wrong, "checks": [as_row(name, finding) for name, finding in found]}, indent=2)
            )
        else:
            for name, finding in found:
                remedy = f"  -> {finding.remedy}" if finding.remedy else ""
                self.stdout.write(f"{SIGNS[finding.state]}  {name:<9} {finding.text}{remedy}")
        if wrong:
            raise SystemExit(1)


def as_row(name: str, finding: health.Finding) -> dict[str, str]:
    return {"name": name, "state": finding.state, "text": finding.text, "remedy": finding.remedy}
