"""Deals, their history and what they are made of under /api/v1/."""
