"""What surveys can import: answers, and invitations that nobody answered."""

from . import responses  # noqa: F401  registers its kind
