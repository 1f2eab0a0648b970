"""Sample service: a team of agents, what administrators set up, and three years of tickets."""

from __future__ import annotations

import random

from crm import site
from crm.sample.context import SEED, Sample

from . import catalogue, staff, tickets


def fill(sample: Sample) -> None:
    """Draws from its own chance, so that the rest of the sample does not depend on it."""
    sample.tell("tickets")
    shared, sample.random = sample.random, random.Random(SEED + 1)  # noqa: S311  draws stories, no secrets
    staff.fill(sample)
    catalogue.fill(sample)
    tickets.fill(sample)
    sample.random = shared


site.samples.register("support", fill)
