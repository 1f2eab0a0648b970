"""A small spring of sales, for tests of pages: 18 May 2026, Ann and Ben in the north, Cleo in the south."""

from __future__ import annotations

from typing import Any

from analytics import refreshing
from tests.factories import DealFactory, LeadFactory, utc
from tests.people import People

NOW = "2026-05-18 10:00"


def won(owner: Any, day: str, amount: int = 1_000_00, **more: Any) -> Any:
    return DealFactory(owner=owner, created_at=utc("2026-03-02 09:00"), won_at=utc(f"{day} 12:00"), amount=amount, **more)


def lost(owner: Any, day: str, amount: int = 1_000_00, **more: Any) -> Any:
    return DealFactory(owner=owner, created_at=utc("2026-03-02 09:00"), lost_at=utc(f"{day} 12:00"), amount=amount, **more)


def spring(people: People) -> None:
    """May: Ann wins 6 and loses 2, Ben wins 1, Cleo wins 3 and loses 3. April: Ann wins 2 and loses 2. Two leads, one open deal."""
    for day in ("04", "05", "06", "07", "08", "11"):
        won(people.ann, f"2026-05-{day}")
    for day in ("12", "13"):
        lost(people.ann, f"2026-05-{day}")
    won(people.ben, "2026-05-14", title="Ben's only one")
    for day in ("04", "05", "06"):
        won(people.cleo, f"2026-05-{day}", 5_000_00)
        lost(people.cleo, f"2026-05-{day}", 5_000_00)
    for day in ("07", "08"):
        won(people.ann, f"2026-04-{day}")
        lost(people.ann, f"2026-04-{day}")
    DealFactory(owner=people.ann, created_at=utc("2026-05-02 09:00"), amount=7_000_00, title="Still open")
    LeadFactory(owner=people.ann, created_at=utc("2026-05-03 09:00"))
    LeadFactory(owner=people.cleo, created_at=utc("2026-05-03 09:00"))
    settle()


def settle() -> None:
    """Brings the stored numbers up to date, as the worker would."""
    while refreshing.refresh_step():
        pass
