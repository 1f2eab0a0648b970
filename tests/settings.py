"""The project's settings as tests see them: quick hasher, plain static files, an own folder, nothing from `.env`."""

import os
from pathlib import Path

os.environ["SEXTANT_TESTING"] = "1"
os.environ.setdefault("SEXTANT_VAR", str(Path(__file__).resolve().parent.parent / "var" / "test"))

from crm.settings import *  # noqa: E402, F403
