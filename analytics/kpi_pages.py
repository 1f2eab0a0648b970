"""docs/kpis: one page per KPI, made from the registry, so that a definition stands in one place only."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.translation import override

from .areas import by_area
from .registry import METRIC, About, Kpi, kpis
from .sources import dimensions

FOLDER = Path(settings.BASE_DIR) / "docs" / "kpis"
UNITS = {
    "count": "count",
    "money": "money, in the base currency",
    "percent": "percent",
    "ratio": "ratio",
    "days": "duration, kept in seconds",
    "score": "score",
}
KINDS = {
    "additive": "adds up over days and members",
    "ratio": "numerator and denominator add up, the value is divided once",
    "stock": "a state at the period's end; never added over time",
    "percentile": "computed from all values; never averaged",
    "distinct": "counts different ones; computed for each period",
    "model": "what a fitted model says; of the run that stands at the period's end",
}
ESTIMATED = "estimated anew from the records of each period; never averaged"
MEANS = "the sums above and below add up over members, the value is divided once"


def _kind(kpi: Kpi) -> str:
    if kpi.estimate:
        return ESTIMATED
    return MEANS if kpi.kind == "additive" and not kpi.adds_up else KINDS[kpi.kind]


def pages() -> dict[str, str]:
    """File name to text, in English, for every KPI and the index."""
    with override("en"):
        found = {f"{kpi.key}.md": page(kpi) for kpi in kpis}
        found["README.md"] = index()
    return found


def page(kpi: Kpi) -> str:
    """One KPI: definition, formula, deciding date, what is left out, how it adds up, how to split it."""
    lines = [
        f"# {kpi.names['en']}",
        "",
        str(kpi.definition),
        "",
        "| | |",
        "|---|---|",
        f"| Key | `{kpi.key}`, version {kpi.version} |",
        f"| Names | {kpi.names['fr']} (fr), {kpi.names['es']} (es) |",
        f"| Unit | {UNITS[kpi.unit]} |",
        f"| Good is | {'neither' if kpi.direction == 'neutral' else kpi.direction} |",
        f"| Kind | {_kind(kpi)} |",
        f"| Smallest sample | {_smallest(kpi)} |",
        "",
        "## Formula",
        "",
        _sentence(kpi.formula),
        "",
        "## Deciding date",
        "",
        _sentence(kpi.dated),
        "",
        "## What is left out",
        "",
        *([f"- {text}: counted, and listed on the number's page" for text, _measure in kpi.left_out] or ["Nothing."]),
        "",
        *(["## Good to know", "", str(kpi.left_out_note), ""] if kpi.left_out_note else []),
        "## Split by",
        "",
        (", ".join(str(dimensions[key].label) for key in kpi.dimensions) or "Nothing") + ".",
        "",
        "## Where it comes from",
        "",
        *_terms(kpi),
    ]
    return "\n".join(lines) + "\n"


def _smallest(kpi: Kpi) -> str:
    if isinstance(kpi, About):
        return "that of the number it is about"
    if kpi.adds_up or "denominator" not in kpi.terms and kpi.kind != "percentile":
        return "none; a count or sum over nothing is a true 0"
    interval = "; with a 95 % interval of its own" if kpi.interval else "; with a 95 % Wilson interval" if kpi.subset else ""
    return f"{kpi.minimum_sample}; fewer are hidden in lists, under 30 are marked{interval}"


def _terms(kpi: Kpi) -> list[str]:
    """The measures of each term, and the windows and shares that bend it."""
    lines = []
    if isinstance(kpi, About):
        which = "always" if kpi.own else f"unless the filter `{METRIC}` names another"
        lines = [f"- computed from the number `{kpi.metric}`, {which}"]
        lines += [f"- {name}: {str(text)[:1].lower()}{str(text)[1:]}" for name, (text, _unit) in kpi.parts.items()]
    for name, term in kpi.terms.items():
        measures = " + ".join(dict.fromkeys(f"`{ref.measure}`" for ref in term.refs))
        notes = []
        if term.is_stock and not term.mean:
            notes.append("at the period's end")
        if term.matures:
            notes.append(f"only once the window `{term.matures}` has passed")
        if term.mean:
            notes.append("the mean of the readings at the ends of the period's days")
        if term.trailing:
            notes.append(f"over the last {term.trailing} days of the period")
        if term.ignores:
            notes.append(f"not cut by {', '.join(term.ignores)}")
        lines.append(f"- {name}: {measures}" + (f" ({'; '.join(notes)})" if notes else ""))
    return lines


def _sentence(text: object) -> str:
    words = str(text).strip()
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")


def index() -> str:
    """All KPIs by area."""
    lines = ["# KPIs", "", "Made from the registry by `python manage.py kpi_docs`; a test keeps these pages up to date.", ""]
    for _key, name, group in by_area(kpis):
        lines += [f"## {name}", ""]
        lines += [f"- [{kpi.names['en']}]({kpi.key}.md): {kpi.definition}" for kpi in group]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def differing(folder: Path = FOLDER) -> list[str]:
    """Names of pages that are missing, out of date, or of no KPI."""
    wanted = pages()
    found = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    return sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))


def write(folder: Path = FOLDER) -> list[str]:
    """Brings the folder up to date; returns the names of the pages that changed."""
    changed, wanted = differing(folder), pages()
    folder.mkdir(parents=True, exist_ok=True)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    return changed
