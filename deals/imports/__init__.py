"""What deals can import: products, deals, orders and subscriptions; activities get their deal."""

from . import activities, deals, orders, placed, products, subscriptions  # noqa: F401  each registers its kind or reaction
