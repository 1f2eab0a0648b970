"""Numbers under /api/v1/."""
