"""What support can import: tickets."""

from . import placed, tickets  # noqa: F401  each registers its kind or reaction
