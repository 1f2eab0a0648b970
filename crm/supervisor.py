"""Runs web server and worker as children of one command: if one ends the other is stopped, and none outlives the parent."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from django.conf import settings

PATIENCE = 10  # seconds a child gets to end by itself; work that is cut off is done again, its lease runs out
AS_ROOT = "ignore:You're running the worker with superuser"  # a container's only user; messages are JSON, never pickled code
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux


def web_command(host: str, port: int) -> list[str]:
    """gunicorn: two processes of two threads, which is what SQLite and two cores like."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    options = ["--worker-class", "gthread", "--workers", "2", "--threads", "2", "--log-level", "warning", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", "crm.wsgi", "--bind", bind, *options]


def worker_command(folder: Path) -> list[str]:
    """One Celery worker with beat inside. Beat's notebook is new at each start: what is due is decided by rows."""
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
    beat = ["-B", "--schedule", str(folder / "beat")]
    return [sys.executable, "-m", "celery", "--quiet", "-A", "crm", "worker", "--pool", "solo", *beat, *quiet]


def _die_with_parent() -> None:
    """In the child, before it starts: ask Linux for a SIGTERM when the parent is gone, however it went."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGTERM)


class Supervisor:
    """The children of one command. Each leads its own process group, so Ctrl-C reaches only the parent."""

    running = False

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sextant-"))
        self.children: dict[str, subprocess.Popen] = {}
        self.started = time.monotonic()
        clear_bells()

    def start(self, name: str, command: list[str]) -> None:
        Supervisor.running = True
        self.children[name] = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env={**os.environ, "PYTHONWARNINGS": AS_ROOT},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  no threads run in the parent
        )

    def ended(self) -> tuple[str, int] | None:
        """The first child that has ended, with its exit code."""
        return next(((name, child.returncode) for name, child in self.children.items() if child.poll() is not None), None)

    def answers(self, host: str, port: int, within: int) -> bool:
        """Whether the web server is alive by now. Raises TimeoutError when it took too long."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  compared, not bound
        url = f"http://[{host}]:{port}/livez" if ":" in host else f"http://{host}:{port}/livez"
        try:
            with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310  our own address
                return response.status == 200
        except (urllib.error.URLError, OSError):
            if time.monotonic() - self.started > within:
                raise TimeoutError(f"The web server did not answer on {url} within {within} seconds.") from None
            return False

    def stop(self) -> None:
        """Asks all to end, waits a little, then ends what is left with everything it started."""
        for child in self.children.values():
            if child.poll() is None:
                child.terminate()
        end = time.monotonic() + PATIENCE
        for child in self.children.values():
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass  # the whole group is gone, as it should be
            child.wait()
        Supervisor.running = False
        shutil.rmtree(self.folder, ignore_errors=True)


def clear_bells() -> None:
    """Throws away messages that an earlier run left in the file broker: they only ring, the work is in the job table."""
    if settings.REDIS_URL:
        return
    for folder in ("queue", "control"):
        shutil.rmtree(settings.BROKER_DIR / folder, ignore_errors=True)
        (settings.BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
