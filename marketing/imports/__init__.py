"""What marketing can import: costs, messages of campaigns and visits."""

from . import costs, messages, visits  # noqa: F401  each registers its kind
