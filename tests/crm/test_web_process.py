"""What a web process does not load: numpy and scipy are for the worker, who fits the models."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("numpy", "scipy")

#: A web process of its own, since this one has run fits: it starts, and shows the pages on which the models' results stand.
PROCESS = f"""
import sys, warnings
warnings.simplefilter("ignore")
import crm.wsgi
from django.urls import get_resolver
get_resolver().reverse_dict
from django.conf import settings
from django.apps import apps
settings.MIGRATION_MODULES = {{app.label: None for app in apps.get_app_configs()}}
from django.core.management import call_command
from django.test import Client
from django.test.utils import setup_test_environment
setup_test_environment()
call_command("migrate", run_syncdb=True, verbosity=0)
from tests.factories import CompanyFactory, UserFactory
browser = Client()
browser.force_login(UserFactory(role="admin"))
for page in ("/boards/customers/", "/numbers/clv_predicted/", CompanyFactory().get_absolute_url()):
    answer = browser.get(page)
    assert answer.status_code == 200, (page, answer.status_code)
print(sorted({{name.partition(".")[0] for name in sys.modules}} & {set(HEAVY)!r}))
"""


@pytest.mark.once
def test_a_web_process_loads_no_mathematics(tmp_path: Path) -> None:
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    env = {**given, "DJANGO_SETTINGS_MODULE": "tests.settings", "SEXTANT_VAR": str(tmp_path)}
    answer = subprocess.run([sys.executable, "-c", PROCESS], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stdout.splitlines()) == (0, ["[]"]), answer.stderr[-2000:]
