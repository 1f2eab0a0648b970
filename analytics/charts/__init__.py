"""Charts drawn on the server as SVG: the same picture on the page, in print and in a mail.

    chart = columns(units, [Series("Won", values)], unit="money", currency="EUR", title="…")
    {% chart chart %}

How it stays crisp at any width: across, everything is placed in percent of the plot; down, in pixels. Lines live in a nested SVG
that stretches, with strokes that do not. So text never scales, and no style attribute is needed (strict Content-Security-Policy).
"""

from .draw import areas, columns, lines, stacked
from .model import Ahead, Chart, Mark, Series, Unit
from .rows import BarRow, bar_rows, bridge_rows
from .scale import Scale, nice_ticks
from .spark import Spark, spark

__all__ = [
    "Ahead",
    "BarRow",
    "Chart",
    "Mark",
    "Scale",
    "Series",
    "Spark",
    "Unit",
    "areas",
    "bar_rows",
    "bridge_rows",
    "columns",
    "lines",
    "nice_ticks",
    "spark",
    "stacked",
]
