"""Pages of numbers: overview, index, a KPI's page, its records and exports."""

from .board import board, board_export
from .check import CheckPage
from .exports import export
from .kpi import page
from .overview import card, numbers, overview
from .records import records

__all__ = ["CheckPage", "board", "board_export", "card", "export", "numbers", "overview", "page", "records"]
