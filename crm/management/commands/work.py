"""`manage.py work`: a worker without Celery, for small set-ups and tests."""

from __future__ import annotations

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import Error, close_old_connections

from crm import due, jobs

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Runs jobs and periodic work until it is stopped. Ctrl-C and SIGTERM let the running job end first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop when nothing is due")
        parser.add_argument("--poll", type=float, default=1.0, metavar="SECONDS", help="how long to sleep when nothing is due")
        parser.add_argument("--no-due", action="store_true", help="leave periodic work to others")

    def handle(self, *args: Any, once: bool, poll: float, no_due: bool, **options: Any) -> None:
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        asked_due = float("-inf")
        while not stop.is_set():
            close_old_connections()
            try:
                if not no_due and time.monotonic() - asked_due >= 60:
                    due.tick()
                    jobs.sign("beat")
                    asked_due = time.monotonic()
                found = jobs.work(seconds=30, stop=stop.is_set)
            except Error:
                # The database is away or busy. Jobs keep: leases end, and the next turn starts with a new connection.
                log.warning("The database does not answer; trying again.", exc_info=True)
                found = 0
                poll = max(poll, 1.0)
            if once and not found:
                break
            if not found:
                stop.wait(poll)
