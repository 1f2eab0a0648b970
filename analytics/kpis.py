"""The KPIs about other numbers; each module registers its own."""

from . import goals, lift, trends  # noqa: F401
