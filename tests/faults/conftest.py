"""The `faults` fixture."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Faults


@pytest.fixture
def faults(tmp_path: Path, transactional_db: None) -> Iterator[Faults]:
    """Starts processes on the test's database; all are dead afterwards."""
    found = Faults(tmp_path)
    yield found
    found.end()
