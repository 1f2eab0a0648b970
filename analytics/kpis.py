"""The KPIs about other numbers; each module registers its own."""

from . import goals  # noqa: F401
