"""manage.py kpi: numbers for scripts."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation

from analytics.engine import NOT_CUT, evaluate
from analytics.registry import find, kpis
from analytics.rows import row_of
from analytics.scopes import Scope
from analytics.sources import dimensions
from crm.models import Organisation
from crm.periods import GRAINS, Period, containing


class Command(BaseCommand):
    help = "Print KPIs for a span, by unit of time and by dimension. --to is exclusive."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("keys", nargs="+", metavar="KEY")
        parser.add_argument("--from", dest="start", type=dt.date.fromisoformat, required=True, metavar="DATE")
        parser.add_argument("--to", dest="end", type=dt.date.fromisoformat, required=True, metavar="DATE")
        parser.add_argument("--grain", choices=GRAINS)
        parser.add_argument("--by", metavar="DIMENSION")
        parser.add_argument("--live", action="store_true", help="compute from the records, not from stored sums")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        unknown = [key for key in options["keys"] if not _is_known(key)]
        if unknown:
            raise CommandError(f"Unknown KPI: {', '.join(unknown)}. Known: {', '.join(sorted(kpis.keys()))}.")
        if options["by"] and options["by"] not in dimensions:
            raise CommandError(f"Unknown dimension: {options['by']}. Known: {', '.join(sorted(dimensions.keys()))}.")
        if options["end"] <= options["start"]:
            raise CommandError("--to must lie after --from; it is exclusive.")
        Organisation.remember()
        try:
            with translation.override("en"):
                self._print(options)
        finally:
            Organisation.forget()

    def _print(self, options: dict[str, Any]) -> None:
        whole = Period(options["start"], options["end"])
        spans = whole.split(options["grain"]) if options["grain"] else [named(whole)]
        rows = evaluate(options["keys"], spans, scope=Scope.everything(), by=options["by"], live=options["live"])
        refused = sorted({row.kpi.key for row in rows if row.reason == NOT_CUT})
        if refused:
            raise CommandError(f"{', '.join(refused)} cannot be split by {options['by']}.")
        currency = Organisation.current().base_currency
        found = [row_of(row, currency) for row in rows]
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, cls=DjangoJSONEncoder))
            return
        for line in found:
            value = "—" if line["value"] is None else line["value"]
            member = f"  {line['member'] or '(none)'}" if options["by"] else ""
            self.stdout.write(f"{line['kpi']}  {line['period_start']}..{line['period_end']}{member}  {value}  n={line['n']}")


def _is_known(key: str) -> bool:
    try:
        return bool(find(key))
    except KeyError:
        return False


def named(span: Period) -> Period:
    """The span with its grain when it is a whole unit, so that published values answer."""
    for grain in GRAINS:
        unit = containing(span.start, grain)
        if (unit.start, unit.end) == (span.start, span.end):
            return unit
    return span
