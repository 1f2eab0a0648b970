"""The KPIs about other numbers; each module registers its own. Those that people made are found by the last."""

from . import forecasts, goals, lift, movements, ramp, success, trends  # noqa: F401
from .own import numbers  # noqa: F401
