"""Is it alive, is it ready, and what is wrong: one list of checks behind /livez, /readyz and `manage.py doctor`.

/livez says that the process answers; it asks nobody else, so a slow database does not get web processes killed.
/readyz says whether this process can serve: the database answers and its tables are those of this version.
Both are answered before sessions, hosts and languages are looked at, so a probe needs no Host header that we know.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from . import sample
from .models import Job, User
from .models.jobs import Heartbeat, JobState
from .registry import Registry

OK, WARNING, ERROR = "ok", "warning", "error"
LATE = dt.timedelta(minutes=5)  # a waiting job older than this means that nobody works
SILENT = dt.timedelta(minutes=2)  # a worker writes its heartbeat at least every 30 s
SHORT_SECRET = 50
FOUNDATIONS = ("database", "tables")  # where one of these is wrong, the checks after it have nothing to ask
LITTLE_SPACE = 500 * 2**20
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "testserver"}


@dataclass(frozen=True)
class Finding:
    """What a check found: state ok, warning or error, a sentence, and what to do about it."""

    state: str
    text: str
    remedy: str = ""


Check = Callable[[], Iterable[Finding]]
#: name -> check. Apps add their own in registrations.py (days of numbers that wait to be recomputed).
checks: Registry[Check] = Registry("Health check")


def check(name: str) -> Callable[[Check], Check]:
    """Decorator: the function is one check of `doctor`."""

    def add(function: Check) -> Check:
        return checks.register(name, function)

    return add


def examine() -> list[tuple[str, Finding]]:
    """All findings in order. A check that breaks is a finding, too."""
    found: list[tuple[str, Finding]] = []
    for name in checks.keys():  # noqa: SIM118  a registry iterates over its items
        try:
            found += [(name, finding) for finding in checks[name]()]
        except Exception as error:
            found.append((name, Finding(ERROR, f"could not be checked: {type(error).__name__}: {str(error).strip()}")))
        if name in FOUNDATIONS and (name, ERROR) in [(of, finding.state) for of, finding in found]:
            break
    return found


# --- what the process is told ----------------------------------------------------------------------------------------


@check("settings")
def check_settings() -> Iterable[Finding]:
    if settings.DEBUG:
        yield Finding(ERROR, "DEBUG is on: errors show source code to everybody.", "Set DEBUG=false.")
    if weak_secret(settings.SECRET_KEY):
        yield Finding(ERROR, "SECRET_KEY is short or known.", "Set a random one of 50 or more characters.")
    else:
        yield Finding(OK, "SECRET_KEY is long and random enough.")
    hosts = set(settings.ALLOWED_HOSTS)
    if "*" in hosts:
        yield Finding(WARNING, "ALLOWED_HOSTS lets every name in.", "List the names under which people reach Sextant.")
    elif hosts - LOOPBACK and not settings.SESSION_COOKIE_SECURE:
        yield Finding(WARNING, "Sextant is reached from outside without HTTPS.", "Use a proxy with HTTPS and set HTTPS=true.")
    else:
        yield Finding(OK, f"Answers to {', '.join(sorted(hosts))}.")


def weak_secret(key: str) -> bool:
    """Too short, too few different characters, or one that stands in a repository."""
    return len(key) < SHORT_SECRET or len(set(key)) < 10 or key.startswith("django-insecure")


@check("files")
def check_files() -> Iterable[Finding]:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not settings.DEBUG and not settings.TESTING and not manifest.exists():
        yield Finding(ERROR, "Static files are not collected; pages cannot be drawn.", "python manage.py collectstatic")
    free = shutil.disk_usage(settings.VAR_DIR).free
    if free < LITTLE_SPACE:
        yield Finding(ERROR, f"{settings.VAR_DIR} has only {free // 2**20} MB left.", "Make room before the database stops.")
    else:
        yield Finding(OK, f"{settings.VAR_DIR} has {free // 2**30} GB left.")


@check("broker")
def check_broker() -> Iterable[Finding]:
    if not settings.REDIS_URL:
        yield Finding(OK, "Files ring the worker's bell; set REDIS_URL to use Redis.")
        return
    from redis import Redis, RedisError

    try:
        Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3).ping()
    except (RedisError, ValueError) as error:
        yield Finding(
            WARNING,
            f"Redis does not answer ({type(error).__name__}). Work goes on, up to 30 s later.",
            "Check REDIS_URL and the server.",
        )
    else:
        yield Finding(OK, "Redis answers.")


@check("mail")
def check_mail() -> Iterable[Finding]:
    if "smtp" in settings.EMAIL_BACKEND:
        yield Finding(OK, f"Mail goes through {settings.EMAIL_HOST}:{settings.EMAIL_PORT}.")
    elif set(settings.ALLOWED_HOSTS) - LOOPBACK:
        yield Finding(
            WARNING, "Mail is not sent; it is written to files.", "Set EMAIL_URL, such as smtp+tls://user:password@host:587."
        )
    else:
        yield Finding(OK, f"Mail is written to {settings.EMAIL_FILE_PATH}.")
    if set(settings.ALLOWED_HOSTS) - LOOPBACK and urlsplit(settings.SITE_URL).hostname in LOOPBACK:
        yield Finding(
            ERROR,
            "Links in mail lead nowhere: SITE_URL is this machine's own address.",
            "Set SITE_URL, such as https://crm.example.com.",
        )


# --- the database -----------------------------------------------------------------------------------------------------


@check("database")
def check_database() -> Iterable[Finding]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, ImproperlyConfigured) as error:
        yield Finding(ERROR, f"does not answer: {str(error).strip()}", "Check DATABASE_URL and that the server runs.")
        return
    yield Finding(OK, f"{connection.display_name} {'.'.join(map(str, connection.get_database_version()))} answers.")
    if connection.vendor == "postgresql" and connection.get_database_version() < (15,):
        yield Finding(WARNING, "PostgreSQL is older than 15.", "Sextant is tested with 15 and newer.")


@check("tables")
def check_tables() -> Iterable[Finding]:
    behind = unapplied()
    if behind:
        yield Finding(ERROR, f"{len(behind)} migrations are not applied: {', '.join(behind[:5])}.", "python manage.py migrate")
    else:
        yield Finding(OK, "All migrations are applied.")


def unapplied() -> list[str]:
    """Migrations of this version that the database has not seen."""
    executor = MigrationExecutor(connection)
    return [f"{step.app_label}.{step.name}" for step, _back in executor.migration_plan(executor.loader.graph.leaf_nodes())]


@check("cache")
def check_cache() -> Iterable[Finding]:
    table = settings.CACHES["default"].get("LOCATION", "")
    if "DatabaseCache" in str(settings.CACHES["default"]["BACKEND"]) and table not in connection.introspection.table_names():
        yield Finding(ERROR, "The cache has no table; counters and lockouts do not work.", "python manage.py createcachetable")
        return
    cache.set("doctor", "well", 10)  # the database's cache keeps quiet about a database that is busy for long
    if cache.get("doctor") == "well":
        yield Finding(OK, "The cache keeps what it is given.")
    else:
        yield Finding(ERROR, "The cache could not be written.", "Is something writing to the database for minutes?")


# --- who works -------------------------------------------------------------------------------------------------------


@check("worker")
def check_worker() -> Iterable[Finding]:
    now = timezone.now()
    beat = Heartbeat.objects.filter(name="worker").first()
    if beat is None:
        yield Finding(ERROR, "No worker has ever run.", "celery -A crm worker -B")
    elif now - beat.at > SILENT:
        yield Finding(ERROR, f"No worker since {beat.at:%Y-%m-%d %H:%M} UTC.", "celery -A crm worker -B")
    else:
        yield Finding(OK, f"A worker was seen {int((now - beat.at).total_seconds())} s ago.")


@check("jobs")
def check_jobs() -> Iterable[Finding]:
    now = timezone.now()
    waiting = Job.objects.filter(state=JobState.WAITING, run_at__lte=now)
    late = waiting.filter(run_at__lte=now - LATE).count()
    dead = Job.objects.filter(state=JobState.DEAD).count()
    if late:
        yield Finding(ERROR, f"{late} jobs have waited for more than 5 minutes.", "See whether a worker runs and keeps up.")
    if dead:
        yield Finding(ERROR, f"{dead} jobs were given up.", "Settings, Jobs shows why and runs them again.")
    if not late and not dead:
        yield Finding(OK, f"{waiting.count()} jobs wait, none for long.")


@check("people")
def check_people() -> Iterable[Finding]:
    names = [username for _role, username in sample.LOGINS]
    known: dict[str, bool] = {}  # the sample gives all one hash, and checking it is slow on purpose
    for user in User.objects.filter(username__in=names, is_active=True):
        known.setdefault(user.password, False) or known.update({user.password: user.check_password(sample.PASSWORD)})
    if any(known.values()):
        yield Finding(WARNING, "This is a demo: everybody knows the passwords.", "Start with an empty database for real work.")
    elif not User.objects.filter(is_active=True).exists():
        yield Finding(WARNING, "Nobody can sign in yet.", "python manage.py createsuperuser")
    else:
        yield Finding(OK, f"{User.objects.filter(is_active=True).count()} people can sign in.")


# --- probes ----------------------------------------------------------------------------------------------------------


class HealthMiddleware:
    """Answers the two probes before anything else looks at the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/livez":
            return HttpResponse("ok", content_type="text/plain")
        if request.path_info == "/readyz":
            return readiness()
        return self.get_response(request)


def readiness() -> JsonResponse:
    """200 when this process can serve, 503 with the reason when not. A silent worker is told but does not count."""
    answer: dict[str, Any] = {"database": OK, "tables": OK, "worker": OK}
    for name, probe in (("database", check_database), ("tables", check_tables), ("worker", check_worker)):
        try:
            states = [finding.state for finding in probe()]
        except DatabaseError:
            states = [ERROR]
        answer[name] = ERROR if ERROR in states else OK
    ready = answer["database"] == answer["tables"] == OK
    return JsonResponse({"ready": ready, **answer}, status=200 if ready else 503)
