"""The named people of all tests.

Ann owns. Ben is in her team. Cleo is in another team. Max manages Ann's team. Ada administrates, Mia does marketing, Gus
answers tickets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm.models import Team, User


@dataclass
class People:
    """All of them, and the two sales teams."""

    north: Team
    south: Team
    ann: User
    ben: User
    cleo: User
    max: User
    ada: User
    mia: User
    gus: User

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter((self.ann, self.ben, self.cleo, self.max, self.ada, self.mia, self.gus))


def hire() -> People:
    """Adds them to the database."""
    from .factories import TeamFactory, UserFactory

    north, south = TeamFactory(name="North"), TeamFactory(name="South")
    people = People(
        north=north,
        south=south,
        ann=UserFactory(username="ann", name="Ann Archer", team=north),
        ben=UserFactory(username="ben", name="Ben Baker", team=north),
        cleo=UserFactory(username="cleo", name="Cleo Cruz", team=south),
        max=UserFactory(username="max", name="Max Moreau", role="manager", team=north, carries_quota=False),
        ada=UserFactory(username="ada", name="Ada Admin", role="admin", carries_quota=False),
        mia=UserFactory(username="mia", name="Mia Marsh", role="marketer", carries_quota=False),
        gus=UserFactory(username="gus", name="Gus Gray", role="agent", carries_quota=False),
    )
    north.manager = people.max
    north.save()
    return people
