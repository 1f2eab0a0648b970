"""The KPIs about other numbers; each module registers its own."""

from . import goals, trends  # noqa: F401
