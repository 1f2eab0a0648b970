"""Which kinds of jobs there are, and who handles them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.conf import settings

from ..registry import Registry
from ..site import Text

if TYPE_CHECKING:
    from ..models import Job

Handler = Callable[["Job"], None]


class GiveUp(Exception):
    """Raised by a handler: trying again cannot help."""


@dataclass(frozen=True)
class Kind:
    """A kind of job. `atomic`: the handler's effect and "done" are one transaction; without it the effect lies outside.

    `lease`: seconds until a worker that said nothing counts as dead; longer than the longest step.
    """

    name: str
    handler: Handler
    label: Text = ""
    atomic: bool = True
    attempts: int = 5
    lease: int = 0

    @property
    def seconds(self) -> int:
        return self.lease or settings.JOB_LEASE


kinds: Registry[Kind] = Registry("Job kind")


def kind(name: str, *, label: Text = "", atomic: bool = True, attempts: int = 5, lease: int = 0) -> Callable[[Handler], Handler]:
    """Decorator: the function handles the jobs of this kind. Lives in `<app>/jobs.py`, which is found at start."""

    def add(handler: Handler) -> Handler:
        kinds.register(name, Kind(name, handler, label or name, atomic, attempts, lease))
        return handler

    return add
