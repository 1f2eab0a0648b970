"""The settings of processes that fault tests start: the tests' own kinds of jobs, and a beat that need not be waited for."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS

INSTALLED_APPS = [*APPS, "tests.faults"]
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "crm.tasks.sweep", "schedule": 1.0},
    "due": {"task": "crm.tasks.due", "schedule": 1.0},
}
JOBS_WATCH = 5
