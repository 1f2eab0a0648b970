"""Measures pages, refreshes and the floor at 10,000 and 100,000 deals, tickets and answers in one run, and writes docs/benchmarks.md.

    python -m tests.bench.bench                                    # SQLite files in var/bench, made when missing
    python -m tests.bench.bench --small URL --large URL            # other databases, empty or made by make_data before
    python -m tests.bench.bench --small URL --large URL --huge URL # and 1,000,000 deals; PostgreSQL only, 20 GB
    python -m tests.bench.bench --rounds 15 --rebuilds 3 --no-report

The databases are asked in turn, scenario by scenario, so a busy minute touches all sides of a ratio. Times are medians;
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
SIZES = {"small": 10_000, "large": 100_000, "huge": 1_000_000}
NOT_PAGES = (
    "change a deal's value (service)",
    "refresh after one edit",
    "full rebuild (refresh --all)",
    "floor: one GROUP BY per table and date",
)
EDIT, REFRESH, REBUILD, FLOOR = NOT_PAGES
HUGE = (
    "The largest has 1,000,000 deals, 4,000,000 stays in stages, 3,000,000 activities, 1,000,000 tickets, 1,000,000 answers and",
    "10,000,000 visits. All sizes are copies of the same 10,000 deals, which agree in every dimension, so groups are fewer and",
    "larger than in real data of that size; their timelines were copied nine times at most.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--rebuilds", type=int, default=3)
    parser.add_argument("--small", help="database URL; default: a SQLite file")
    parser.add_argument("--large", help="database URL; default: a SQLite file")
    parser.add_argument("--huge", help="database URL; default: it is left out")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench")
    parser.add_argument("--no-report", action="store_true", help="print only")
    parser.add_argument("--report", type=Path, default=ROOT / "docs" / "benchmarks.md")
    options = parser.parse_args()
    names = [name for name in SIZES if name != "huge" or options.huge]
    sides = {name: Side(name, getattr(options, name), options.folder / name) for name in names}
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
        for mark, module in (("made", "make_data"), ("made_service", "make_service"), ("made_web", "make_web")):
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
    peaks: dict[tuple[str, str], tuple[float | None, float | None]] = {}

    def clock(name: str, size: str) -> None:
        answer = sides[size].ask("time", name)
        if "ms" in answer:
            times.setdefault((name, size), []).append(answer["ms"])
            peaks[name, size] = (answer["peak"], answer["peak_database"])
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
    found["peak"] = {size: peaks.get((REBUILD, size), (None, None)) for size in sides}
    return found


def report(result: dict[str, Any], options: Any, database: str) -> str:
    """The page of documentation."""
    from .measure import scenarios, service

    pages = [name for name in scenarios if name not in NOT_PAGES]
    sizes = list(result["peak"])
    lines = [
        "# Benchmarks",
        "",
        "How the time of pages and refreshes grows with the data. Made by one command, which needs nothing but the project:",
        "",
        "    python -m tests.bench.bench" + ("" if database == "SQLite" else "".join(f" --{size} URL" for size in sizes)),
        "",
        f"Measured on {dt.date.today():%d %B %Y}, {machine()}, {database}; Python {platform.python_version()}.",
        f"The databases were asked in turn in the same run; times are medians of {options.rounds}. A page is measured inside one",
        "process, from the request to the last byte of the answer, middleware and templates included. Read the ratios: the times",
        "belong to this machine and its load.",
        "",
        "The data: 10,000 and 100,000 deals with three stage changes each (300,000 at the larger size), as many leads, a quarter",
        "as many companies, three people per company, three activities per deal, 50 users in five teams, 36 months. Beside them",
        "10,000 and 100,000 tickets with five messages each (500,000 at the larger size), 20,000 and 200,000 invitations to three",
        "surveys, 10,000 and 100,000 answers, and ten agents; and ten visits of the website per deal.",
        *(HUGE if "huge" in sizes else ()),
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
    """Pages at all sizes, one per line."""
    sizes = list(result["peak"])
    heads = [f"{SIZES[size]:,} {what if number == 0 else ''}".strip() + ", ms" for number, size in enumerate(sizes)]
    return [
        f"| page | {' | '.join(heads)} | growth | queries | bytes |",
        "|" + "---|" * (len(sizes) + 4),
        *(row(name, result, sizes) for name in names),
        "",
        f"Growth: from {SIZES[sizes[0]]:,} to {SIZES[sizes[-1]]:,}. Queries and bytes: at each size where they differ.",
        "",
    ]


def row(name: str, result: dict[str, Any], sizes: Sequence[str]) -> str:
    sides = [result[name].get(size, {}) for size in sizes]
    wanted = 302 if "POST" in name else 200
    bad = {side["status"] for side in sides if side.get("status", wanted) != wanted}
    if bad or any("ms" not in side for side in sides):
        return f"| {name} | {'answered ' + str(bad) if bad else 'not measured'} |" + " |" * (len(sizes) + 2)
    cells = [f"{side['ms']:.1f}" for side in sides] + [f"{sides[-1]['ms'] / sides[0]['ms']:.2f}"]
    cells += [steps([side[what] for side in sides]) for what in ("queries", "bytes")]
    return f"| {name} | {' | '.join(cells)} |"


def steps(values: Sequence[float]) -> str:
    return f"{values[0]:,}" if len(set(values)) == 1 else " → ".join(f"{value:,}" for value in values)


def refreshes(result: dict[str, Any], options: Any) -> list[str]:
    """The rebuild against the floor, and one edit against the rebuild."""
    sizes = list(result["peak"])

    def ms(name: str, size: str) -> float | None:
        return result.get(name, {}).get(size, {}).get("ms")

    def line(label: str, cells: Sequence[str]) -> str:
        return f"| {label} | {' | '.join(cells)} |"

    lines = [
        "## Numbers",
        "",
        f"Medians of {options.rebuilds} (rebuild, floor) and {options.rounds} (edit). The floor is one `GROUP BY` by day and",
        "owner per table and deciding date, written by hand (`tests/bench/floor.py`), every row fetched, nothing stored. The",
        "rebuild computes every dimension, and stores and publishes the numbers. Peak memory is that of the process that",
        "rebuilds and of its database connection, after the rebuild.",
        "",
        line("", [f"{SIZES[size]:,}" for size in sizes]),
        "|" + "---|" * (len(sizes) + 1),
    ]
    for name in (FLOOR, REBUILD, EDIT, REFRESH):
        values = [ms(name, size) for size in sizes]
        lines.append(line(name, [f"{value:,.0f} ms" if value is not None else "–" for value in values]))
    for label, over, under in (("rebuild / floor", REBUILD, FLOOR), ("refresh after one edit / rebuild", REFRESH, REBUILD)):
        pairs = [(ms(over, size), ms(under, size)) for size in sizes]
        lines.append(line(label, [f"{top / bottom:.3f}" if top is not None and bottom else "–" for top, bottom in pairs]))
    for label, place in (("peak memory, process", 0), ("peak memory, connection", 1)):
        peaks = [result["peak"][size][place] for size in sizes]
        lines.append(line(label, [f"{peak:,.0f} MB" if peak else "–" for peak in peaks]))
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
