"""The sweep that needs no broker: a thread of the Celery worker that looks whether anybody works.

Beat's messages go through the broker, so with Redis away no sweep would be heard. When no worker has finished a turn for a
while, this thread runs `manage.py work --once` beside the worker.
"""

from __future__ import annotations

import datetime as dt
import logging
import subprocess
import sys
import threading
import time
from typing import Any

from celery.signals import celeryd_init
from django.conf import settings
from django.db import Error, connection
from django.utils import timezone

from ..models.jobs import Heartbeat

log = logging.getLogger(__name__)


@celeryd_init.connect
def start(**kwargs: Any) -> None:
    """Before the worker reaches for its broker, which it may not find."""
    threading.Thread(target=_keep_watching, name="watch", daemon=True).start()


def _keep_watching() -> None:
    while True:
        time.sleep(settings.JOBS_WATCH)
        try:
            if silent():
                log.warning("No worker has finished a turn lately; sweeping without the broker.")
                subprocess.run([sys.executable, "manage.py", "work", "--once"], cwd=settings.BASE_DIR, check=False, timeout=300)
        except (Error, OSError, subprocess.TimeoutExpired):
            log.warning("The sweep without the broker did not work; trying again.", exc_info=True)
        finally:
            connection.close()


def silent() -> bool:
    """Whether the last finished turn of any worker is longer ago than two sweeps should take."""
    since = timezone.now() - dt.timedelta(seconds=2.5 * settings.JOBS_WATCH)
    return not Heartbeat.objects.filter(name="worker", at__gte=since).exists()
