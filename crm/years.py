"""The years that a date may lie in. Anything outside is a slip of the hand, and would break the calendar it is counted in."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext_lazy as _

FIRST_YEAR, LAST_YEAR = 1900, 2200
OUTSIDE = _("Choose a day in the years 1900 to 2200.")


def is_thinkable(day: dt.date) -> bool:
    """Whether a day, or the day of an instant, lies in those years."""
    return FIRST_YEAR <= day.year <= LAST_YEAR
