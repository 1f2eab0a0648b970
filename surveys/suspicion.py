"""Signals that an answer was sent by a mail scanner and not by a person.

Which signals put an answer in quarantine: any single one of
- `fast_post`: the form came less than 2 s after its page was rendered (E51);
- `decoy`: the hidden link of the page or mail was fetched in the last 10 minutes (no person can meet it);
- `honeypot`: the hidden field was filled in;
- `many_values`: two or more different scores of the mail were opened within 10 s, and the form came within a minute of that;
- `fast_after_mail`: less than 30 s after the mail server took the message (or its link was made, until that is known).
None is a rejection: an answer in quarantine is kept, shown with its reasons, and released or rejected by a person; and a later
answer of the same invitation without a signal takes its place by itself. A person who is fast once is asked for nothing.
"""

from __future__ import annotations

import datetime as dt

from .choices import Suspicion
from .models import ClickLog, Invitation
from .tokens import Page

FAST_POST = dt.timedelta(seconds=2)
FAST_AFTER_MAIL = dt.timedelta(seconds=30)
MANY_VALUES_WITHIN = dt.timedelta(seconds=10)
LOOK_BACK = dt.timedelta(minutes=1)
DECOY_LASTS = dt.timedelta(minutes=10)


def suspicions(invitation: Invitation, page: Page, now: dt.datetime, *, honeypot: bool = False) -> list[str]:
    """The signals of a form that is being sent, as stored in `Response.reasons`."""
    found = []
    if now - page.at < FAST_POST:
        found.append(Suspicion.FAST_POST)
    last = max(filter(None, (invitation.mailed_at(), invitation.reminded_at)), default=None)
    if last is not None and now - last < FAST_AFTER_MAIL:
        found.append(Suspicion.FAST_AFTER_MAIL)
    if _many_values(invitation, now):
        found.append(Suspicion.MANY_VALUES)
    if invitation.clicks.filter(what=ClickLog.DECOY, at__gt=now - DECOY_LASTS).exists():
        found.append(Suspicion.DECOY)
    if honeypot:
        found.append(Suspicion.HONEYPOT)
    return [signal.value for signal in found]


def _many_values(invitation: Invitation, now: dt.datetime) -> bool:
    """Whether two different scores were fetched within 10 s of each other in the last minute."""
    rows = invitation.clicks.filter(at__gt=now - LOOK_BACK, value__isnull=False).order_by("at", "pk").values_list("at", "value")
    before: tuple[dt.datetime, int | None] | None = None
    for at, value in rows:
        if before is not None and value != before[1] and at - before[0] <= MANY_VALUES_WITHIN:
            return True
        before = (at, value)
    return False
