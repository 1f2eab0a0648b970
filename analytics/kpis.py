"""The KPIs about other numbers; each module registers its own."""

from . import forecasts, goals, lift, movements, ramp, success, trends  # noqa: F401
