"""What marketing can import: costs and visits."""

from . import costs, visits  # noqa: F401  each registers its kind
