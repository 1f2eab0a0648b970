"""Sample campaigns, what they cost, and who was reached by them."""

from __future__ import annotations

import random

from crm import site
from crm.sample.context import SEED, Sample

from . import campaigns, costs, forms, messages, visits


def fill(sample: Sample) -> None:
    """Campaigns first, then three years of costs. Chance is its own here, so that what other apps tell stays the same."""
    sample.tell("campaigns and costs")
    chance = random.Random(SEED + 1)  # noqa: S311  draws stories, no secrets
    found = campaigns.fill(sample, chance)
    costs.fill(sample, chance, found)
    sample.tell("visits to the website")
    visits.fill(sample, chance)
    forms.fill(sample, chance, found)
    sample.tell("messages of campaigns")
    messages.fill(sample, chance, found)


site.samples.register("marketing", fill)
