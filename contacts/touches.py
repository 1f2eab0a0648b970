"""What brought people to us: moments of contact that name a source, a channel or a campaign. Whoever records such moments registers a
reader; whoever counts them reads them here and listens for changes.

The same source, channel and campaign on one day are one touch: the visit, the form sent in it and the lead it made.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from crm.periods import local_day
from crm.registry import Registry

from .models import Lead

#: Channels that nobody pays or works for: no marketing, unless the touch names a campaign.
FREE = ("", "organic", "referral", "direct", "none", "(none)")
#: Channels that are paid for by click, view or action, as in utm_medium.
PAID = r"^(cp[acmv]|ppc|paid.*|ads?|display|banner|retargeting|remarketing|affiliates?)$"

#: "lead" or "person", and the primary key.
Who = tuple[str, int]


@dataclass(frozen=True, order=True)
class Touch:
    """One moment. `kind` says what recorded it: lead, member, visit or form."""

    at: dt.datetime
    kind: str
    source: str
    channel: str
    campaign: str

    @property
    def names_something(self) -> bool:
        return bool(self.source or self.channel or self.campaign)

    @property
    def is_paid(self) -> bool:
        return re.match(PAID, self.channel, re.IGNORECASE) is not None

    @property
    def is_marketing(self) -> bool:
        """Whether marketing did it: it names a campaign, or a channel that does not come by itself."""
        return bool(self.campaign) or self.channel.lower() not in FREE


#: (leads, people) -> whose touch it was, and the touch.
Reader = Callable[[Collection[int], Collection[int]], Iterable[tuple[Who, Touch]]]
readers: Registry[Reader] = Registry("Reader of touches")

#: Called with the leads and people whose touches change; before and after a change that moves them to somebody else.
listeners: list[Callable[[Collection[int], Collection[int]], None]] = []


def changed(*, leads: Iterable[int] = (), people: Iterable[int] = ()) -> None:
    """Says that the touches of these have changed or will; in the transaction of the change."""
    found, persons = set(leads), set(people)
    if found or persons:
        for listener in listeners:
            listener(found, persons)


def read(leads: Collection[int], people: Collection[int]) -> dict[Who, list[Touch]]:
    """All touches of these leads and people, in no order."""
    found: dict[Who, list[Touch]] = defaultdict(list)
    for reader in readers:
        for who, touch in reader(leads, people):
            if touch.names_something:
                found[who].append(touch)
    return found


def joined(found: Mapping[Who, list[Touch]], whose: Iterable[Who]) -> list[Touch]:
    """The touches of several who are one customer, in order of time, each source, channel and campaign once a day."""
    known: set[tuple] = set()
    kept = []
    for touch in sorted(touch for who in set(whose) for touch in found.get(who, ())):
        mark = local_day(touch.at), touch.source, touch.channel, touch.campaign
        if mark not in known:
            known.add(mark)
            kept.append(touch)
    return kept


def _of_leads(leads: Collection[int], people: Collection[int]) -> Iterable[tuple[Who, Touch]]:
    """A lead came to us when it was created. One that was imported without a date tells not when."""
    rows = Lead.objects.filter(pk__in=leads, undated=False).order_by()
    for pk, at, source, medium, campaign in rows.values_list("pk", "created_at", "source", "medium", "campaign"):
        yield ("lead", pk), Touch(at, "lead", source, medium, campaign)


readers.register("leads", _of_leads)
