"""Sample surveys: customers who were asked for three years, some of whom answered."""

from __future__ import annotations

from crm import site
from crm.sample.context import Sample

from . import asked, said, surveys


def fill(sample: Sample) -> None:
    """The surveys, then who was asked, then what they said."""
    sample.tell("surveys")
    found = surveys.fill(sample)
    invitations = asked.fill(sample, found)
    said.fill(sample, invitations)


site.samples.register("surveys", fill)
