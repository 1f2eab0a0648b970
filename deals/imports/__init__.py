"""What deals can import: products, deals and orders; activities get their deal."""

from . import activities, deals, orders, placed, products  # noqa: F401  each registers its kind or reaction
