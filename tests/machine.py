"""What this machine can run. Tests that need more are left out with a word, and failed in CI."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")

#: what to look for, in order, and how to get it
PROGRAMS = {
    "chromium": (["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"], "apt-get install chromium"),
    "redis-server": (["redis-server", "valkey-server"], "apt-get install redis-server"),
}


@cache
def find(program: str) -> str | None:
    """The path of a program, or None. CHROMIUM_PATH names a browser that is not on PATH."""
    if program == "chromium" and os.environ.get("CHROMIUM_PATH"):
        path = os.environ["CHROMIUM_PATH"]
        return path if Path(path).exists() else None
    names, _hint = PROGRAMS.get(program, ([program], ""))
    return next((path for path in map(shutil.which, names) if path), None)


def missing(programs: tuple[str, ...]) -> list[str]:
    """What of these is not here, each with the way to get it."""
    return [f"{name} ({PROGRAMS[name][1]})" if name in PROGRAMS else name for name in programs if find(name) is None]
