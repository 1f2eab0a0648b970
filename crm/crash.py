"""Crash points: places where a fault test kills the process, as a power cut would.

SEXTANT_CRASH="job.handled:3" kills the process with SIGKILL when it passes `crashpoint("job.handled")` for the third time.
Only with SEXTANT_TESTING; elsewhere a crash point costs one look-up and does nothing.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

from django.conf import settings

_passed: Counter[str] = Counter()


def crashpoint(name: str) -> None:
    """The process dies here if the fault test asked for it."""
    if not settings.TESTING:
        return
    wanted, _colon, times = os.environ.get("SEXTANT_CRASH", "").partition(":")
    if wanted != name:
        return
    _passed[name] += 1
    if _passed[name] == int(times or 1):
        os.kill(os.getpid(), signal.SIGKILL)
