"""Starting real workers on the test's database, killing them, and waiting for what must follow.

    @pytest.mark.faults
    @pytest.mark.django_db(transaction=True)
    def test_an_import_survives_its_worker(faults: Faults) -> None:
        jobs.enqueue(...)                                            # the test's process and the workers share the database
        faults.worker(crash="import.step:3").wait_until_killed()     # dies when it passes crashpoint("import.step") a third time
        faults.worker()                                              # the next one finds what the first left
        wait_until_idle()
        assert ...

- `faults` is a fixture; whatever it started is dead when the test ends.
- Leases last LEASE seconds in these processes, so a killed worker's job is free again soon.
- Use `django_db(transaction=True)`: other processes see only what is committed.
- The processes run with `tests.faults.settings`, which adds the kinds of `tests/faults/jobs.py`. Kinds, imports and measures
  of the apps are there as always.
- `worker()` is `manage.py work`; `celery()` is a Celery worker with beat on the filesystem broker, or on `redis=url`.
- `python("code")` runs Python in a process of its own with Django set up; `run("code")` waits and returns what it printed.
- Name crash points for what was just done ("import.step"), and put them in the code where a kill hurts most.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from django.db import connection

from crm import jobs

ROOT = Path(__file__).resolve().parents[2]
LEASE = 2  # seconds
PATIENCE = 90.0  # seconds until a wait gives up; generous, since it only matters when something is broken


class Process:
    """A started process with its whole group, and the file its output goes to."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as out:
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def kill(self) -> None:
        """kill -9 to it and everything it started."""
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.popen.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.popen.terminate()
        return self.popen.wait(PATIENCE)

    def wait(self) -> int:
        """Its exit code once it has ended by itself."""
        return self.popen.wait(PATIENCE)

    def finish(self) -> str:
        """Its output, once it has ended well by itself."""
        code = self.wait()
        assert code == 0, f"exit code {code}:\n{self.output()}"
        return self.output()

    def wait_until_killed(self) -> None:
        """Until its crash point killed it; fails when it ended in another way."""
        code = self.wait()
        assert code == -signal.SIGKILL, f"exit code {code}:\n{self.output()}"
        self.kill()

    def freeze(self) -> None:
        os.kill(self.popen.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        os.kill(self.popen.pid, signal.SIGCONT)


class Faults:
    """Starts processes and remembers them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: list[Process] = []

    def environment(self, *, crash: str = "", redis: str = "", ring: bool = False, lease: float = LEASE) -> dict[str, str]:
        """The test's database, an own broker, and where to crash."""
        return {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis,
            "SEXTANT_VAR": str(self.folder),
            "SEXTANT_TESTING": "1",
            "SEXTANT_CRASH": crash,
            "SEXTANT_RING": "1" if ring else "0",
            "SEXTANT_JOB_LEASE": str(lease),
            "PYTHONWARNINGS": "ignore",
        }

    def start(self, command: list[str], env: dict[str, str] | None = None) -> Process:
        process = Process(command, env or self.environment(), self.folder / f"{len(self.processes)}.log")
        self.processes.append(process)
        return process

    def worker(self, *arguments: str, crash: str = "", lease: float = LEASE) -> Process:
        """`manage.py work`, without periodic work unless asked for with "--due"."""
        options = [word for word in arguments if word != "--due"] + ([] if "--due" in arguments else ["--no-due"])
        command = [sys.executable, "manage.py", "work", "--poll", "0.1", *options]
        return self.start(command, self.environment(crash=crash, lease=lease))

    def celery(self, *, crash: str = "", redis: str = "", pool: str = "solo", beat: bool = True, lease: float = LEASE) -> Process:
        """A Celery worker, its sweep every second."""
        quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING"]
        schedule = ["-B", "--schedule", str(self.folder / f"beat-{len(self.processes)}")] if beat else []
        command = [sys.executable, "-m", "celery", "-A", "crm", "worker", "--pool", pool, "--concurrency", "1", *schedule, *quiet]
        return self.start(command, self.environment(crash=crash, redis=redis, lease=lease))

    def redis(self) -> tuple[Process, str]:
        """A Redis of its own that keeps nothing, and its address."""
        port = free_port()
        program = shutil.which("redis-server") or shutil.which("valkey-server") or "redis-server"
        options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        process = self.start([program, *options])
        wait_until(lambda: answers(port), "Redis to answer")
        return process, f"redis://127.0.0.1:{port}/0"

    def python(self, code: str, *, redis: str = "", ring: bool = False, crash: str = "") -> Process:
        """Python code in a process of its own, with Django set up."""
        command = [sys.executable, "-c", f"import django; django.setup()\n{code}"]
        return self.start(command, self.environment(redis=redis, ring=ring, crash=crash))

    def run(self, code: str, *, redis: str = "", ring: bool = False) -> str:
        """What such code prints, once it has ended well."""
        return self.python(code, redis=redis, ring=ring).finish()

    def end(self) -> None:
        for process in self.processes:
            process.kill()


def database_url() -> str:
    """The address of the database this test writes to."""
    settings = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{settings['NAME']}"
    user, password = quote(settings["USER"] or "", safe=""), quote(settings["PASSWORD"] or "", safe="")
    host = quote(settings["HOST"] or "", safe="")
    port = f":{settings['PORT']}" if settings["PORT"] else ""
    return f"postgres://{user}{':' + password if password else ''}@{host}{port}/{settings['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE) -> None:
    """Looks every 50 ms until the condition holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"Waited {seconds:.0f} s for {what}."
        time.sleep(0.05)


def wait_until_idle(seconds: float = PATIENCE) -> None:
    """Until no job waits or runs."""
    wait_until(jobs.idle, "the jobs to be done", seconds)
