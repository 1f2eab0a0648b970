"""What came of a run, as plain data, as text, and as a file of the refused rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ..models import ImportRun

COUNTS = ("rows", "created", "updated", "unchanged", "refused")


def labels() -> dict[str, str]:
    return {
        "rows": _("rows"),
        "created": _("created"),
        "updated": _("updated"),
        "unchanged": _("unchanged"),
        "refused": _("refused"),
    }


def as_json(run: ImportRun, issues: int = 100) -> dict[str, Any]:
    """One object for scripts; `refusals` lists the first hundred."""
    plan = run.options.get("plan", {})
    return {
        "kind": run.kind,
        "file": run.file_name,
        "run": run.pk,
        "state": run.state,
        "dry_run": run.dry_run,
        **{name: getattr(run, name) for name in COUNTS},
        "made": {what: entry["count"] for what, entry in run.made.items()},
        "notes": [{"text": note["text"], "count": note["count"], "examples": note["examples"]} for note in run.notes],
        "unused_columns": plan.get("unused", []),
        "refusals": list(refusals(run, issues)),
    }


def refusals(run: ImportRun, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """The refused rows in order of the file."""
    rows = run.issues.order_by("line", "pk").values("line", "column", "value", "reason")
    for row in rows[:limit] if limit else rows.iterator(chunk_size=1000):
        yield dict(row)


def as_text(run: ImportRun, seconds: float | None = None) -> Iterator[str]:
    """Lines for a terminal."""
    yield f"{run.file_name}: {run.kind}" + (f" ({_('dry run: nothing was written')})" if run.dry_run else "")
    for name, label in labels().items():
        yield f"  {label:<12}{getattr(run, name):>10,}"
    if run.made:
        yield _("Made on the way, because rows named them:")
        for what, entry in run.made.items():
            names = ", ".join(entry["names"][:8]) + (", …" if entry["count"] > 8 else "")
            yield f"  {entry['count']:,} × {what}: {names}"
    if run.notes:
        yield _("Decided for you:")
        for note in run.notes:
            examples = (
                f" ({', '.join(note['examples'])}{', …' if note['count'] > len(note['examples']) else ''})"
                if note["examples"]
                else ""
            )
            yield f"  {note['count']:,} × {note['text']}{examples}"
    unused = run.options.get("plan", {}).get("unused", [])
    if unused:
        yield _("Columns not used: %(columns)s") % {"columns": ", ".join(unused)}
    if run.refused:
        yield _("Refused rows:")
        for issue in refusals(run, 20):
            place = f", {issue['column']}" if issue["column"] else ""
            value = f" “{issue['value'][:60]}”" if issue["value"] else ""
            yield f"  {_('line')} {issue['line']}{place}{value}: {issue['reason']}"
        if run.refused > 20:
            yield "  " + ngettext("and %(count)s more", "and %(count)s more", run.refused - 20) % {"count": run.refused - 20}
    if seconds is not None:
        yield f"{seconds:.1f} s"


def error_rows(run: ImportRun) -> Iterator[list[Any]]:
    """The refused rows as they were in the file, behind line, column, value and reason: correct them and import them again."""
    yield [_("Line"), _("Column"), _("Value"), _("Reason"), *run.options.get("headers", [])]
    for issue in run.issues.order_by("line", "pk").iterator(chunk_size=1000):
        yield [issue.line, issue.column, issue.value, issue.reason, *issue.row]
