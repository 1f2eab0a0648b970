"""Sample companies, people and leads. Deals add theirs on top."""

from __future__ import annotations

from crm import site
from crm.sample.context import Sample

from . import companies, doubles, leads, people


def fill(sample: Sample) -> None:
    """Companies first, then the people who work there, then the leads that some of them came from."""
    sample.tell("companies and people")
    companies.fill(sample)
    people.fill(sample)
    sample.tell("leads")
    leads.fill(sample)
    doubles.fill(sample)


site.samples.register("contacts", fill)
