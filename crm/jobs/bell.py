"""The bell: tells a Celery worker that there is work. Nothing depends on it being heard.

A thread of its own rings, so a broker that refuses, hangs or is gone never delays a request. After a failure it stays
silent for half a minute; the sweep works meanwhile.
"""

from __future__ import annotations

import atexit
import datetime as dt
import logging
import math
import os
import threading
import time

from django.conf import settings

log = logging.getLogger(__name__)

SILENCE = 30.0  # seconds without a try after a failed one
TIMEOUT = 1.0  # seconds for each thing asked of the broker
GATHER = 0.05  # seconds in which many rings become one
LONGEST = 60  # a ring further ahead is left to the sweep


class Bell:
    """Rings once for everything that was enqueued within a moment."""

    def __init__(self) -> None:
        self._start_over()
        os.register_at_fork(after_in_child=self._start_over)
        atexit.register(self.flush, 0.5)

    def _start_over(self) -> None:
        self._lock = threading.Lock()
        self._wanted: set[int] = set()
        self._call = threading.Event()
        self._quiet = threading.Event()
        self._quiet.set()
        self._thread: threading.Thread | None = None
        self._silent_until = 0.0

    def ring(self, delay: dt.timedelta | None = None) -> None:
        """Asks for a ring, now or after the delay. Returns at once."""
        seconds = math.ceil(delay.total_seconds()) if delay else 0
        if not settings.JOBS_RING or seconds > LONGEST:
            return
        with self._lock:
            if time.monotonic() < self._silent_until:
                return
            self._wanted.add(max(0, seconds))
            self._quiet.clear()
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_ringing, name="bell", daemon=True)
                self._thread.start()
        self._call.set()

    def flush(self, seconds: float) -> bool:
        """Waits until the bell has rung, at most so long; for commands that end right after their work."""
        return self._quiet.wait(seconds)

    def _keep_ringing(self) -> None:
        while True:
            self._call.wait()
            time.sleep(GATHER)
            self._call.clear()
            with self._lock:
                wanted, self._wanted = sorted(self._wanted), set()
            for seconds in wanted:
                if not self._ring_once(seconds):
                    break
            with self._lock:
                if not self._wanted:
                    self._quiet.set()

    def _ring_once(self, seconds: int) -> bool:
        try:
            send(seconds)
        except Exception as error:  # whatever the broker's library raises: the sweep will do
            log.warning("The broker does not answer (%s); the sweep finds the jobs.", type(error).__name__)
            with self._lock:
                self._silent_until = time.monotonic() + SILENCE
            return False
        return True


def send(seconds: int) -> None:
    """One message to the workers, over a connection with short timeouts and no second try."""
    from ..celery import app

    if enough_bells():
        return
    options = {
        **app.conf.broker_transport_options,
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
        "max_retries": 0,
    }
    with app.connection_for_write(connect_timeout=TIMEOUT, transport_options=options) as broker:
        app.send_task("crm.tasks.run", countdown=seconds or None, expires=seconds + 60, connection=broker, retry=False)


def enough_bells() -> bool:
    """Whether the filesystem broker holds plenty of unheard messages: no worker listens, and files would pile up."""
    folder = str(settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_out", ""))
    return bool(folder) and len(os.listdir(folder)) > 50


bell = Bell()
