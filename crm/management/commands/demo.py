"""`manage.py demo`: everything from an empty folder to a running Sextant with sample data, in one go."""

from __future__ import annotations

import os
import signal
import socket
import threading
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection, connections

from crm import sample
from crm.models import User
from crm.supervisor import Supervisor, web_command, worker_command

TRIES = 50
READY_WITHIN = 60  # seconds


class Command(BaseCommand):
    help = "Migrates, fills an empty database with sample data, serves web and worker, and prints the address and the logins."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", default=os.environ.get("PORT") or "8000", help="default: $PORT, else 8000")
        parser.add_argument("--host", default=os.environ.get("SEXTANT_HOST") or "127.0.0.1", help="default: 127.0.0.1")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = listen_for_signals()
        host, wanted = options["host"], port_number(options["port"])
        try:
            self.prepare(stopping)
            port = free_port(host, wanted)
            if port != wanted:
                self.say(f"Port {wanted} is taken; using {port}.")
            self.serve(host, port, stopping)
        except KeyboardInterrupt:
            raise CommandError("Stopped before it was ready; the next start begins again.", returncode=130) from None

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    # --- before it serves

    def prepare(self, stopping: threading.Event) -> None:
        """Tables, cache table, static files, sample data. Each does nothing when there is nothing to do."""
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(f"The database does not answer ({settings_name()}): {str(error).strip()}") from error
        self.say("Preparing the database …")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        collect_static_files()
        if sample.is_empty():
            self.say("Filling in sample data: three years of a firm that sells instruments …")
            call_command("sample", stdout=UntilStopped(self.stdout, stopping))
        if stopping.is_set():
            raise KeyboardInterrupt
        connections.close_all()  # the children open their own

    # --- while it serves

    def serve(self, host: str, port: int, stopping: threading.Event) -> None:
        """Web and worker side by side until a signal comes or one of them ends."""
        os.environ.setdefault("SITE_URL", address(host, port))  # links in mails
        children = Supervisor()
        try:
            children.start("web server", web_command(host, port))
            children.start("worker", worker_command(children.folder))
            ready = False
            while not stopping.wait(0.3):
                ended = children.ended()
                if ended:
                    raise CommandError(f"The {ended[0]} ended by itself (exit code {ended[1]}); stopped the rest.", returncode=1)
                if not ready:
                    ready = children.answers(host, port, READY_WITHIN)
                    if ready:
                        self.greet(host, port)
        finally:
            stopping.set()
            children.stop()
        self.say("Stopped. Nothing is lost; the next start goes on from here.")

    def greet(self, host: str, port: int) -> None:
        """The address, and who can sign in."""
        lines = ["", f"Sextant is ready:  {address(host, port)}/", ""]
        if logins := demo_logins():
            lines.append(f"Sign in with one of these (password for all: {sample.PASSWORD})")
            lines += [f"  {user.username:<10} {user.get_role_display()}, {user.name}" for user in logins]
        elif User.objects.exists():
            lines.append("Sign in with your own account.")
        else:
            lines.append("Nobody can sign in yet: python manage.py createsuperuser adds an administrator.")
        self.say("\n".join([*lines, "", "Stop with Ctrl-C."]))
        connections.close_all()


class UntilStopped:
    """Passes words on until Ctrl-C. An interrupt that comes while Python runs a callback that lets no error out (those of its import
    locks, say) is lost; whoever tells of the next step meets it here.
    """

    def __init__(self, out: Any, stopping: threading.Event) -> None:
        self.out, self.stopping = out, stopping

    def write(self, text: str) -> None:
        if self.stopping.is_set():
            raise KeyboardInterrupt
        self.out.write(text)

    def flush(self) -> None:
        self.out.flush()


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds it."""
    shown = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::") else host  # noqa: S104  compared, not bound
    return f"http://{shown}:{port}"


def demo_logins() -> list[User]:
    """The sample's users, one per role, who still have the password everybody knows."""
    names = [username for _role, username in sample.LOGINS]
    known: dict[str, bool] = {}  # the sample gives all of them one hash; checking it is slow on purpose
    users = User.objects.filter(username__in=names, is_active=True).order_by("pk")
    for user in users:
        if user.password not in known:
            known[user.password] = user.check_password(sample.PASSWORD)
    return [user for user in users if known[user.password]]


def listen_for_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set. Until it serves, they raise KeyboardInterrupt, so that set-up stops at once."""
    stopping = threading.Event()

    def stop(number: int, frame: Any) -> None:
        if stopping.is_set():
            return
        stopping.set()
        if not Supervisor.running:
            raise KeyboardInterrupt

    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, stop)
    return stopping


def port_number(text: str) -> int:
    """PORT as a number."""
    try:
        port = int(text)
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise CommandError(f"PORT is a number from 1 to 65535, not “{text}”.")
    return port


def free_port(host: str, wanted: int) -> int:
    """The wanted port, or the next one that nobody listens on."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(wanted, min(wanted + TRIES, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except PermissionError as error:
                raise CommandError(f"Port {port} may not be used; choose one above 1023.") from error
            except OSError:
                continue
            return port
    raise CommandError(f"No free port between {wanted} and {wanted + TRIES - 1} on {host}.")


def collect_static_files() -> None:
    """Collects them when one has changed since the last time: hashing and compressing takes longer than all else."""
    stamp = settings.VAR_DIR / "static.stamp"
    files = [storage.path(path) for finder in get_finders() for path, storage in finder.list([])]
    newest = f"{len(files)} {max((os.path.getmtime(file) for file in files), default=0)}"
    if settings.STATIC_ROOT.exists() and stamp.exists() and stamp.read_text() == newest:
        return
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(newest)


def settings_name() -> str:
    """Which database is meant, without its password."""
    database = settings.DATABASES["default"]
    return f"{database['ENGINE'].rsplit('.', 1)[-1]} {database.get('HOST') or ''} {database['NAME']}".replace("  ", " ")
