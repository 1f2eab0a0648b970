"""What contacts can import: companies, people, leads, activities."""

from . import activities, companies, leads, people, placed  # noqa: F401  each registers its kind or reaction
