"""Measures pages, refreshes and the floor at 10,000 and 100,000 deals, tickets and answers in one run, and writes docs/benchmarks.md.

    python -m tests.bench.bench                                    # SQLite files in var/bench, made when missing
    python -m tests.bench.bench --small URL --large URL            # other databases, empty or made by make_data before
    python -m tests.bench.bench --rounds 15 --rebuilds 3 --no-report

Both databases are asked in turn, scenario by scenario, so a busy minute touches both sides of a ratio. Times are medians;
queries and bytes are counted in a run of their own. Absolute times say little about another machine, ratios do.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
SIZES = {"small": 10_000, "large": 100_000}
NOT_PAGES = (
    "change a deal's value (service)",
    "refresh after one edit",
    "full rebuild (refresh --all)",
    "floor: one GROUP BY per table and date",
)
EDIT, REFRESH, REBUILD, FLOOR = NOT_PAGES


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rebuilds", type=int, default=3)
    parser.add_argument("--small", help="database URL; default: a SQLite file")
    parser.add_argument("--large", help="database URL; default: a SQLite file")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--no-report", action="store_true", help="print only")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    sides = {name: Side(name, getattr(options, name), options.folder / name) for name in SIZES}
    for side in sides.values():
        side.prepare()
    result = run(sides, options.rounds, options.rebuilds)
    for side in sides.values():
        side.close()
    text = report(result, options, sides["large"].database)
    print(text)
    if not options.no_report:
        options.report.write_text(text)


class Side:
    """One database and the process that measures on it."""

    def __init__(self, name: str, url: str | None, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.folder = name, folder
        self.database = "PostgreSQL" if url and url.startswith("postgres") else "SQLite"
        self.env = {**os.environ, "SEXTANT_VAR": str(folder), "SECRET_KEY": "for-measuring-only", "LOG_LEVEL": "ERROR"}
        self.env.pop("SEXTANT_TESTING", None)
        if url:
            self.env["DATABASE_URL"] = url
        else:
            self.env.pop("DATABASE_URL", None)
        self.process: subprocess.Popen[str] | None = None

    def call(self, *words: str) -> None:
        subprocess.run([sys.executable, *words], cwd=ROOT, env=self.env, check=True)

    def prepare(self) -> None:
        """Tables, static files, data when there is none."""
        self.call("manage.py", "migrate", "--verbosity=0")
        self.call("manage.py", "createcachetable", "--verbosity=0")
        self.call("manage.py", "collectstatic", "--no-input", "--verbosity=0")
        for mark, module in (("made", "make_data"), ("made_service", "make_service")):
            made = self.folder / mark
            if not made.exists():
                self.call("-m", f"tests.bench.{module}", str(SIZES[self.name]))
                made.touch()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.measure"],
            cwd=ROOT,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, do: str, name: str = "") -> dict[str, Any]:
        assert self.process is not None and self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": do, "name": name}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self) -> None:
        if self.process is not None and self.process.stdin is not None:
            self.process.stdin.close()
            self.process.wait()


def run(sides: dict[str, Side], rounds: int, rebuilds: int) -> dict[str, Any]:
    """All measurements: scenario -> size -> what was measured."""
    from .measure import scenarios

    found: dict[str, Any] = {"error": {}}
    times: dict[tuple[str, str], list[float]] = {}

    def clock(name: str, size: str) -> None:
        answer = sides[size].ask("time", name)
        if "ms" in answer:
            times.setdefault((name, size), []).append(answer["ms"])
        else:
            found["error"][name] = answer["error"]

    for _ in range(rebuilds):  # the first one fills the stored numbers that the pages read
        for size in sides:
            clock(REBUILD, size)
            clock(FLOOR, size)
    for size in sides:
        sides[size].ask("prepare")
    pages = [name for name in scenarios if name not in NOT_PAGES]
    for name in pages:
        found[name] = {size: sides[size].ask("count", name) for size in sides}
        for _ in range(rounds):
            for size in sides:
                clock(name, size)
    for name in (EDIT, REFRESH):
        found[name] = {}
    for _ in range(rounds):
        for size in sides:
            clock(EDIT, size)
            clock(REFRESH, size)
    for (name, size), values in times.items():
        found.setdefault(name, {}).setdefault(size, {}).update(ms=statistics.median(values), n=len(values))
    return found


def report(result: dict[str, Any], options: Any, database: str) -> str:
    """The page of documentation."""
    from .measure import scenarios, service

    pages = [name for name in scenarios if name not in NOT_PAGES]
    lines = [
        "# Benchmarks",
        "",
        "How the time of pages and refreshes grows with the data. Made by one command, which needs nothing but the project:",
        "",
        "    python -m tests.bench.bench" + ("" if database == "SQLite" else " --small URL --large URL"),
        "",
        f"Measured on {dt.date.today():%d %B %Y}, {machine()}, {database}; Python {platform.python_version()}.",
        f"Both databases were asked in turn in the same run; times are medians of {options.rounds}. A page is measured inside one",
        "process, from the request to the last byte of the answer, middleware and templates included. Read the ratios: the times",
        "belong to this machine and its load.",
        "",
        "The data: 10,000 and 100,000 deals with three stage changes each (300,000 at the larger size), as many leads, a quarter",
        "as many companies, three people per company, three activities per deal, 50 users in five teams, 36 months. Beside them",
        "10,000 and 100,000 tickets with five messages each (500,000 at the larger size), 20,000 and 200,000 invitations to three",
        "surveys, 10,000 and 100,000 answers, and ten agents.",
        "",
        "## Pages",
        "",
        *table("deals", [name for name in pages if name not in service], result),
        "## Tickets and surveys",
        "",
        "The queue, tickets and the second overview as an agent sees them, the rest as an administrator does.",
        "",
        *table("tickets", [name for name in pages if name in service], result),
        *refreshes(result, options),
    ]
    if result["error"]:
        lines += ["", "## Not measured", "", *(f"- {name}: {text}" for name, text in result["error"].items())]
    return "\n".join(lines) + "\n"


def table(what: str, names: Sequence[str], result: dict[str, Any]) -> list[str]:
    """Pages at both sizes, one per line."""
    return [
        f"| page | 10,000 {what}, ms | 100,000 {what}, ms | growth | queries | bytes |",
        "|---|---|---|---|---|---|",
        *(row(name, result) for name in names),
        "",
        "Queries and bytes: at 10,000, and after the arrow at 100,000 where they differ.",
        "",
    ]


def row(name: str, result: dict[str, Any]) -> str:
    small, large = result[name].get("small", {}), result[name].get("large", {})
    wanted = 302 if "POST" in name else 200
    bad = {side["status"] for side in (small, large) if side.get("status", wanted) != wanted}
    if "ms" not in small or "ms" not in large or bad:
        return f"| {name} | {'answered ' + str(bad) if bad else 'not measured'} | | | | |"
    growth = large["ms"] / small["ms"]
    return (
        f"| {name} | {small['ms']:.1f} | {large['ms']:.1f} | {growth:.2f} | "
        f"{both(small['queries'], large['queries'])} | {both(small['bytes'], large['bytes'])} |"
    )


def both(small: float, large: float) -> str:
    return f"{small:,}" if small == large else f"{small:,} → {large:,}"


def refreshes(result: dict[str, Any], options: Any) -> list[str]:
    """The rebuild against the floor, and one edit against the rebuild."""

    def ms(name: str, size: str) -> float | None:
        return result.get(name, {}).get(size, {}).get("ms")

    lines = [
        "## Numbers",
        "",
        f"Medians of {options.rebuilds} (rebuild, floor) and {options.rounds} (edit). The floor is one `GROUP BY` by day and",
        "owner per table and deciding date, written by hand (`tests/bench/floor.py`), every row fetched, nothing stored. The",
        "rebuild computes every dimension, and stores and publishes the numbers.",
        "",
        "| | 10,000 | 100,000 |",
        "|---|---|---|",
    ]
    for name in (FLOOR, REBUILD, EDIT, REFRESH):
        cells = [f"{value:,.0f} ms" if (value := ms(name, size)) is not None else "–" for size in SIZES]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    for label, over, under in (("rebuild / floor", REBUILD, FLOOR), ("refresh after one edit / rebuild", REFRESH, REBUILD)):
        cells = []
        for size in SIZES:
            top, bottom = ms(over, size), ms(under, size)
            cells.append(f"{top / bottom:.3f}" if top is not None and bottom else "–")
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return lines


def machine() -> str:
    """Cores and memory, in words."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
        memory = f"{pages * size / 2**30:.0f} GB of memory"
    except (ValueError, OSError):
        memory = "memory unknown"
    return f"{cores} cores, {memory}"


if __name__ == "__main__":
    main()
