"""Tickets, what is said on them, and what they are sorted by under /api/v1/."""
