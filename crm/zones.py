"""Time zones to choose from."""

from __future__ import annotations

import zoneinfo
from functools import lru_cache


@lru_cache(maxsize=1)
def zone_choices() -> list[tuple[str, str]]:
    """The places people know, by their IANA names; without the aliases of old systems."""
    names = sorted(
        name
        for name in zoneinfo.available_timezones()
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )
    return [(name, name.replace("_", " ")) for name in ["UTC", *names]]
